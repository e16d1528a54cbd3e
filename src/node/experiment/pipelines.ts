/** Augmentations and scaling from their settings, as functions of images and a random key. */
import type { AugmentationSettings, ScalingSettings } from '../../config/experiment/training-settings.ts';
import type { Augmentation, Images } from '../../augmentation/images.ts';
import { imagePipeline } from '../../augmentation/pipelines.ts';
import { imagenetNormalization, minusOneToOne, zeroToOne } from '../../augmentation/scaling.ts';

/**
 * The augmentations of a list one after the other.
 *
 * @param stages In their order; none leaves images as they are.
 */
export const augmentationOf = (stages: readonly AugmentationSettings[]): Augmentation =>
  imagePipeline({ augmentations: stages });

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
