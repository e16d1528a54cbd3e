/**
 * Formats as pure bytes and data sets as plain descriptions, for Node and browsers.
 *
 * @module
 */
export { formatDataError, type DataError } from './data-error.ts';
export { decodeIdx, encodeIdx, type IdxArray } from './idx.ts';
export {
  decodeMnistSplit,
  MNIST_PIXELS,
  MNIST_SIDE,
  type Mnist,
  type MnistSplit,
  type MnistSplitFiles,
} from './mnist.ts';
export { dottedLine, zigzag } from './corruptions.ts';
export {
  describeMnistCorrelation,
  type GroupCounts,
  type ImageSelection,
  type MnistCorrelationDescription,
  type MnistCorrelationOptions,
  type MnistCorrelationPart,
} from './mnist-correlation.ts';
export {
  mnistCorrelation,
  type ImageForm,
  type LabelledImages,
  type MnistCorrelation,
} from './mnist-correlation-images.ts';
export { overlaps, type Overlap } from './overlaps.ts';
export {
  doubledImages,
  leakedImages,
  listingChanges,
  type DataListing,
  type ListedImage,
  type SameContents,
} from './data-listing.ts';
export {
  crc32c,
  decodeTfRecords,
  encodeTfRecords,
  maskedCrc32c,
  shardFileName,
  type TfRecordOptions,
} from './tfrecord.ts';
export {
  decodeExample,
  decodeLabelledImage,
  encodeExample,
  encodeLabelledImage,
  type ExampleFeature,
  type ExampleFeatures,
  type LabelledImageExample,
} from './example.ts';
export { encodePng, type ByteImage } from './png.ts';
export {
  describeDataset,
  SPLITS,
  type Dataset,
  type DatasetEntries,
  type DatasetExample,
  type GroupLimits,
  type ImageLocation,
  type LabelledEntry,
  type SplitName,
} from './dataset.ts';
export { readImageHeader, type ImageHeader, type ImageHeaderOptions } from './image-header.ts';
export type { Orientation, OrientationRule } from './orientation.ts';
export { decodeImage, largestSixteenBitValue, type DecodeImageOptions } from './decode-image.ts';
export { fitImage, withChannels, type FitImageOptions } from './fit-image.ts';
export { readCsv, type CsvOptions } from './csv.ts';
export type { Delimiter } from './csv-header.ts';
export type { LeaveOut } from './left-out-rows.ts';
export { describeTable, type TableOptions } from './table-dataset.ts';
export {
  describeWaterbirds,
  WATERBIRDS_CLASSES,
  WATERBIRDS_SUBGROUPS,
  waterbirdsRecord,
  type WaterbirdsOptions,
} from './waterbirds.ts';
export {
  CELEBA_UNDERSAMPLED,
  celebaRecord,
  describeCeleba,
  describeCelebaEntries,
  type CelebaOptions,
  type CelebaTables,
} from './celeba.ts';
export type { RecordLabels } from './record-features.ts';
export {
  mnistCorrelationEntries,
  parseMnistCorrelationName,
  type MnistCorrelationName,
  type MnistImage,
} from './mnist-correlation-names.ts';
export { MNIST_CORRUPTIONS, mnistLoader, type MnistCorruption } from './mnist-loader.ts';
