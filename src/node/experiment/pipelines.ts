/** Augmentations and scaling from their settings, as functions of images and a random key. */
import type { AugmentationSettings, ScalingSettings } from '../../config/experiment/training-settings.ts';
import { randomCropAndEnlarge } from '../../augmentation/crop-and-enlarge.ts';
import { randomCutout, randomHorizontalFlip, randomPadAndCrop } from '../../augmentation/crop-and-flip.ts';
import { compose, type Augmentation, type Images } from '../../augmentation/images.ts';
import { randomRotation } from '../../augmentation/rotation.ts';
import { imagenetNormalization, minusOneToOne, zeroToOne } from '../../augmentation/scaling.ts';

function stageOf(settings: AugmentationSettings): Augmentation {
  switch (settings.kind) {
    case 'rotr':
      return randomRotation(settings.degrees);
    case 'pad:crop':
      return randomPadAndCrop(settings);
    case 'fliplr':
      return randomHorizontalFlip(settings.probability);
    case 'crop':
      return randomCropAndEnlarge(settings.fraction);
    case 'cutout':
      return randomCutout(settings.size);
  }
}

/**
 * The augmentations of a list one after the other.
 *
 * @param stages In their order; none leaves images as they are.
 */
export const augmentationOf = (stages: readonly AugmentationSettings[]): Augmentation =>
  compose(...stages.map(stageOf));

/** From bytes to the numbers that a network sees. */
export type Scaling = (images: Images) => Images<Float32Array>;

const asStored: Scaling = ({ pixels, shape }) => ({ pixels: Float32Array.from(pixels), shape });

/** The scaling that settings ask for. */
export function scalingOf(settings: ScalingSettings): Scaling {
  if (settings.kind === 'ImageNetPreprocessing') return imagenetNormalization;
  switch (settings.range) {
    case 'zero-one':
      return zeroToOne;
    case 'minusone-one':
      return minusOneToOne;
    case 'none':
      return asStored;
  }
}
