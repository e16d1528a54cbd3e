/**
 * The PatchGAN discriminator (Isola, Zhu, Zhou, Efros, CVPR 2017, §3.2.2): a fully convolutional classifier with one
 * logit for every overlapping patch of the image.
 */
import * as tf from '@tensorflow/tfjs';
import { registerLayers } from '../layers/register-layers.ts';
import { applied, convolution, imageInput, LEAKY_SLOPE, normalized, rectified } from './blocks.ts';
import type { InputShape, Normalization } from './blocks.ts';
import { assertSides, patchDiscriminatorSides } from './image-sizes.ts';
import {
  imageNetworkWeights,
  initializeWeights,
  scaledFilters,
  type InitialWeights,
} from './initial-weights.ts';
import { networkFromModel } from './network-from-model.ts';
import type { Network } from './network.ts';

/** Options of {@link patchDiscriminator}. */
export interface PatchDiscriminatorOptions {
  readonly inputShape: InputShape;
  /** Filters of the 4×4 convolutions: all of stride 2 but the last, of stride 1; default 64, 128, 256, 512. */
  readonly filters?: readonly number[];
  /** Default `batch`. The first block has none. */
  readonly normalization?: Normalization;
  /** Slope of leaky ReLU for negative values, above 0; default 0.3, as in Keras. */
  readonly leakySlope?: number;
  /** Factor of all numbers of filters, rounded, at least 1 each; default 1. */
  readonly width?: number;
  /** N(0, 0.02²) as `published`, the default, or He's. */
  readonly initialWeights?: InitialWeights;
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
}

/**
 * A PatchGAN discriminator; logits out.
 *
 * @param options See {@link PatchDiscriminatorOptions}.
 * @returns A network from `[batch, height, width, channels]` to `[batch, rows, columns, 1]`: with n strided
 *   convolutions rows = ⌈height/2ⁿ⌉ − 2.
 * @throws RangeError for a misshapen or too small input shape, fewer than two filters, or a width that is not
 *   positive.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { patchDiscriminator } from 'model-patching';
 * const discriminator = patchDiscriminator({ inputShape: [28, 28, 1], width: 1 / 32, seed: 1 });
 * const x = tf.zeros([3, 28, 28, 1]);
 * const { output } = discriminator.forward(x, { mode: 'infer' });
 * if (output.shape.join() !== '3,2,2,1') throw new Error('2×2 patches expected');
 * tf.dispose([x, output]);
 * discriminator.model.dispose();
 * ```
 */
export function patchDiscriminator({
  inputShape,
  filters = [64, 128, 256, 512],
  normalization = 'batch',
  leakySlope = LEAKY_SLOPE,
  width = 1,
  initialWeights = 'published',
  seed = 0,
}: PatchDiscriminatorOptions): Network {
  if (filters.length < 2) throw new RangeError(`filters: expected at least two, received ${filters.length}`);
  registerLayers();
  const input = imageInput(inputShape);
  assertSides(patchDiscriminatorSides(filters.length), inputShape);
  // Where nothing is normalised convolutions need biases; as published, the first one has none beside normalised ones.
  const bias = normalization === 'none';
  let x = input;
  filters.slice(0, -1).forEach((count, i) => {
    const name = `down${i + 1}`;
    x = convolution(x, {
      name: `${name}_conv`,
      filters: scaledFilters(count, width),
      size: 4,
      stride: 2,
      bias,
    });
    if (i > 0) x = normalized(x, normalization, `${name}_norm`);
    x = rectified(x, `${name}_relu`, leakySlope);
  });
  x = applied(tf.layers.zeroPadding2d({ name: 'last_pad' }), x);
  x = convolution(x, {
    name: 'last_conv',
    filters: scaledFilters(filters[filters.length - 1]!, width),
    size: 4,
    padding: 'valid',
    bias,
  });
  x = rectified(normalized(x, normalization, 'last_norm'), 'last_relu', leakySlope);
  x = applied(tf.layers.zeroPadding2d({ name: 'output_pad' }), x);
  x = convolution(x, { name: 'output_conv', filters: 1, size: 4, padding: 'valid', bias: true });
  const model = tf.model({ inputs: input, outputs: x, name: 'patch_discriminator' });
  return networkFromModel(initializeWeights(model, seed, imageNetworkWeights(initialWeights, 1)));
}
