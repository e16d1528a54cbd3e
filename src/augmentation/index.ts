/**
 * Batches of images on the host: scaling, resizing, random changes that are drawn by key, and pairing with translations.
 *
 * @module
 */
export {
  compose,
  imageBatch,
  type Augmentation,
  type ImageShape,
  type Images,
  type Pixels,
} from './images.ts';
export {
  grayscale,
  imagenetNormalization,
  minusOneToOne,
  signedToUnit,
  toBytes,
  zeroToOne,
} from './scaling.ts';
export { resize, type ResizeOptions } from './resize.ts';
export {
  cutout,
  flipHorizontally,
  padAndCrop,
  randomCutout,
  randomHorizontalFlip,
  randomPadAndCrop,
} from './crop-and-flip.ts';
export { cropAndEnlarge, randomCropAndEnlarge } from './crop-and-enlarge.ts';
export { randomRotation, rotate } from './rotation.ts';
export {
  imagePipeline,
  imageScaling,
  type AugmentationStage,
  type ImagePipeline,
  type Scaling,
  type ScalingStage,
} from './pipelines.ts';
export { concatenateImages, consecutiveBatches, pairTranslations, type PairedDataset } from './pairing.ts';
export { imageGallery } from './gallery.ts';
