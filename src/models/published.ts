/**
 * The networks that the published experiments used (Goel, Gu, Li, Ré, "Model Patching", ICLR 2021, appendix), chosen
 * by the size of the image: 28×28 digits, images up to 128 and up to 256 pixels.
 */
import type { InputShape, Normalization } from './blocks.ts';
import { assertSides, PUBLISHED_GENERATOR_SIDES } from './image-sizes.ts';
import type { Network } from './network.ts';
import { patchDiscriminator } from './patch-discriminator.ts';
import { unetGenerator } from './unet-generator.ts';

/** Options of {@link publishedDiscriminator}. */
export interface PublishedDiscriminatorOptions {
  /** Default `batch`. */
  readonly normalization?: Normalization;
  /** Factor of all numbers of filters, default 1. */
  readonly width?: number;
  /** Seed of the initial weights, default 0. */
  readonly seed?: number;
}

/** Options of {@link publishedGenerator}. */
export interface PublishedGeneratorOptions extends PublishedDiscriminatorOptions {
  /** Output 2·tanh + input, default false. */
  readonly residual?: boolean;
  /** Dropout rate of the first two (≤ 128) or three (≤ 256) decoder blocks, default 0.5; 28×28 has none. */
  readonly dropout?: number;
}

/**
 * The published U-Net for an image size: at 28×28 filters 32–512, padded to 32; up to 128 filters 64–512 seven
 * blocks deep, padded to 128; up to 256 eight blocks deep, padded to 256.
 *
 * @param inputShape `[height, width, channels]`, height and width at most 256.
 * @param options See {@link PublishedGeneratorOptions}.
 * @returns A network from `[batch, height, width, channels]` to the same shape.
 * @throws RangeError for an image above 256 pixels, and as {@link unetGenerator}.
 * @example
 * ```ts
 * import { publishedGenerator } from 'model-patching';
 * const { model } = publishedGenerator([28, 28, 1], { width: 1 / 32 });
 * if (model.outputs[0]!.shape.join() !== ',28,28,1') throw new Error('images expected');
 * model.dispose();
 * ```
 */
export function publishedGenerator(inputShape: InputShape, options: PublishedGeneratorOptions = {}): Network {
  const { dropout: rate = 0.5, ...rest } = options;
  const [height, width] = inputShape;
  if (height === 28 && width === 28)
    return unetGenerator({ ...rest, inputShape, filters: [32, 64, 128, 256, 512] });
  assertSides(PUBLISHED_GENERATOR_SIDES, inputShape);
  const deep = Math.max(height, width) > 128;
  return unetGenerator({
    ...rest,
    inputShape,
    filters: [64, 128, 256, 512, 512, 512, 512, ...(deep ? [512] : [])],
    dropout: rate === 0 ? [] : Array.from({ length: deep ? 3 : 2 }, () => rate),
  });
}

/**
 * The published PatchGAN, the same at every image size: filters 64–512, one logit per patch.
 *
 * @param inputShape `[height, width, channels]`, height and width at least 17.
 * @param options See {@link PublishedDiscriminatorOptions}.
 * @returns A network from images to `[batch, rows, columns, 1]` logits; 2×2 at 28×28.
 * @throws RangeError as {@link patchDiscriminator}.
 * @example
 * ```ts
 * import { publishedDiscriminator } from 'model-patching';
 * const { model } = publishedDiscriminator([28, 28, 1], { width: 1 / 32 });
 * if (model.outputs[0]!.shape.join() !== ',2,2,1') throw new Error('2×2 patches expected');
 * model.dispose();
 * ```
 */
export function publishedDiscriminator(
  inputShape: InputShape,
  options: PublishedDiscriminatorOptions = {},
): Network {
  return patchDiscriminator({ ...options, inputShape });
}
