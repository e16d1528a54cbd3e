/** Opens the data of an experiment, whatever kind it is of. */
import { either as E } from 'fp-ts';
import type { DataSettings } from '../../config/schema/data-settings.ts';
import { imageShapeOf } from '../../config/schema/groups-of-data.ts';
import { refuse, type DataError } from '../../data/data-error.ts';
import type { ImageLocation } from '../../data/dataset.ts';
import type { DecodeImageOptions } from '../../data/decode-image.ts';
import { openDecodePool } from '../../streams/decode-pool.ts';
import { openDataset } from '../../streams/open-dataset.ts';
import { orExit } from '../../system/program.ts';
import type { ExperimentImages, ImageReference } from './experiment-images.ts';
import { once, picturesFingerprint } from './fingerprints.ts';
import { mnistImages } from './mnist-images.ts';
import { sixteenBitNotices } from './sixteen-bits.ts';

/** Options of {@link openExperimentImages}. */
export interface OpenImagesOptions {
  /** Threads that decode images, 0 to 8; default one less than there are processors. */
  readonly workers?: number;
}

type PictureSettings = Extract<DataSettings, { readonly kind: 'waterbirds' | 'celeba' | 'folder' }>;

/** How images are decoded, as the settings say. */
const decodingOf = (settings: PictureSettings): Omit<DecodeImageOptions, 'name'> => ({
  orientation: settings.orientation,
  ...(settings.kind === 'folder' && { sixteenBitMaximum: settings.sixteenBitMaximum }),
});

/** Pictures on the disk, decoded in worker threads and resized to the shape that the settings ask for. */
async function pictures(
  settings: PictureSettings,
  { workers }: OpenImagesOptions,
): Promise<E.Either<DataError, ExperimentImages>> {
  const opened = await openDataset(settings);
  if (E.isLeft(opened)) return opened;
  const { dataset, notices, close } = opened.right;
  const shape = imageShapeOf(settings);
  const sixteenBits = settings.kind === 'folder' ? await sixteenBitNotices(dataset, settings) : [];
  const pool = openDecodePool({ shape, ...decodingOf(settings), ...(workers !== undefined && { workers }) });
  return E.right({
    ...dataset,
    notices: [...notices, ...sixteenBits],
    shape,
    examples: (split) => dataset.splits[split],
    load: (image: ImageReference) => pool.load(image as ImageLocation),
    fingerprint: once((stopRequested?: () => boolean) =>
      picturesFingerprint(settings.root, dataset, stopRequested),
    ),
    close: async () => {
      await pool.close();
      await close();
    },
  });
}

/** Nothing is done without training images; what else may be missing is for the programs to say. */
const withTrainingImages = (images: ExperimentImages): E.Either<DataError, ExperimentImages> =>
  images.examples('train').length > 0
    ? E.right(images)
    : refuse(
        images.name,
        'training images',
        'none',
        'put images into the split train, or correct the sizes or limits in the settings of data',
      );

/**
 * Opens the data of an experiment: finds its tables, records or files, and makes sure that they are there.
 *
 * @param data Settings with the roots of their paths put in.
 * @param options How many threads decode.
 * @returns The images; close them when the work is done.
 * @throws ProgramError (exit code 2): which file is missing or wrong, or that there are no training images.
 */
export async function openExperimentImages(
  data: DataSettings,
  options: OpenImagesOptions = {},
): Promise<ExperimentImages> {
  const opened = await (data.kind === 'mnist' || data.kind === 'mnist-correlation'
    ? mnistImages(data)
    : pictures(data, options));
  const images = orExit(opened);
  const checked = withTrainingImages(images);
  if (E.isLeft(checked)) await images.close();
  return orExit(checked);
}
