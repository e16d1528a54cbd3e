/**
 * The published image pipelines by their names (Goel, Gu, Li, Ré: "Model patching", ICLR 2021) have augmentations on
 * bytes, each over the whole batch before the next. Then comes at most one scaling. Heuristic `rotr` and `pad:crop`
 * are those of MNIST-Correlation's stage 1, `fliplr` and `crop` those of Waterbirds and CelebA.
 */
import { randomCropAndEnlarge } from './crop-and-enlarge.ts';
import { randomCutout, randomHorizontalFlip, randomPadAndCrop } from './crop-and-flip.ts';
import { compose, type Augmentation, type Images } from './images.ts';
import { randomRotation } from './rotation.ts';
import { imagenetNormalization, minusOneToOne, zeroToOne } from './scaling.ts';

/** One augmentation with its settings; what is left out is as published, but for `offsets`. */
export type AugmentationStage =
  | { readonly kind: 'rotr'; readonly degrees?: number }
  | { readonly kind: 'pad:crop'; readonly padding?: number; readonly offsets?: 'all' | 'published' }
  | { readonly kind: 'fliplr'; readonly probability?: number }
  | { readonly kind: 'crop'; readonly fraction?: number }
  | { readonly kind: 'cutout'; readonly size?: number };

/** How bytes become what a network takes. */
export type ScalingStage =
  | { readonly kind: 'BasicImagePreprocessing'; readonly range: 'zero-one' | 'minusone-one' | 'none' }
  | { readonly kind: 'ImageNetPreprocessing' };

/** Augmentations in order, and the scaling after them. */
export interface ImagePipeline {
  readonly augmentations?: readonly AugmentationStage[];
  /** Default: none, the images stay as they are. */
  readonly scaling?: ScalingStage;
}

function augmentation(stage: AugmentationStage): Augmentation {
  switch (stage.kind) {
    case 'rotr':
      return randomRotation(stage.degrees);
    case 'pad:crop':
      return randomPadAndCrop({
        ...(stage.padding === undefined ? {} : { padding: stage.padding }),
        ...(stage.offsets === undefined ? {} : { offsets: stage.offsets }),
      });
    case 'fliplr':
      return randomHorizontalFlip(stage.probability);
    case 'crop':
      return randomCropAndEnlarge(stage.fraction);
    case 'cutout':
      return randomCutout(stage.size);
  }
}

/** A scaling maps bytes to the numbers that a network sees. */
export type Scaling = (images: Images) => Images<Float32Array>;

const asStored: Scaling = ({ pixels, shape }) => ({ pixels: Float32Array.from(pixels), shape });

/**
 * A scaling as a function of images: `zero-one` x/255, `minusone-one` x/127.5 − 1, `none` x;
 * `ImageNetPreprocessing` (x/255 − mean)/deviation of ImageNet's colours.
 *
 * @param scaling Its name and range.
 * @example
 * ```ts
 * import { imageBatch, imageScaling } from 'model-patching/augmentation';
 * const scale = imageScaling({ kind: 'BasicImagePreprocessing', range: 'minusone-one' });
 * const { pixels } = scale(imageBatch(Uint8Array.of(0, 255), [1, 1, 2, 1]));
 * if (pixels.join() !== '-1,1') throw new Error('not in [-1, 1]');
 * ```
 */
export function imageScaling(scaling: ScalingStage): Scaling {
  if (scaling.kind === 'ImageNetPreprocessing') return imagenetNormalization;
  switch (scaling.range) {
    case 'zero-one':
      return zeroToOne;
    case 'minusone-one':
      return minusOneToOne;
    case 'none':
      return asStored;
  }
}

/**
 * A published pipeline as one function of a batch and a key. Stage s draws from the key folded with s.
 *
 * @param pipeline Augmentations and scaling.
 * @returns The function; the same key gives the same images.
 * @throws RangeError if a setting is out of its range.
 * @example
 * ```ts
 * import { imageBatch, imagePipeline } from 'model-patching/augmentation';
 * import { randomKey } from 'model-patching/random';
 * const augment = imagePipeline({
 *   augmentations: [{ kind: 'fliplr' }, { kind: 'crop' }],
 *   scaling: { kind: 'BasicImagePreprocessing', range: 'minusone-one' },
 * });
 * const { pixels } = augment(imageBatch(new Uint8Array(12), [1, 2, 2, 3]), randomKey(3));
 * if (!pixels.every((value) => value === -1)) throw new Error('a black image stays black');
 * ```
 */
export function imagePipeline({ augmentations = [], scaling }: ImagePipeline): Augmentation {
  return compose(
    ...augmentations.map(augmentation),
    ...(scaling === undefined ? [] : [imageScaling(scaling)]),
  );
}
