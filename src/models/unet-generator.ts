/**
 * The U-Net generator of pix2pix (Isola, Zhu, Zhou, Efros, CVPR 2017, §3.2.1): an encoder of 4×4 convolutions of
 * stride 2, a decoder of transposed ones, and a skip connection between the two at every resolution.
 */
import * as tf from '@tensorflow/tfjs';
import { MaskedBlend } from '../layers/masked-blend.ts';
import { registerLayers } from '../layers/register-layers.ts';
import { applied, convolution, imageInput, LEAKY_SLOPE, normalized, rectified } from './blocks.ts';
import type { BatchNormalizationOptions, InputShape, Normalization } from './blocks.ts';
import {
  imageNetworkWeights,
  initializeWeights,
  scaledFilters,
  type InitialWeights,
} from './initial-weights.ts';
import { networkFromModel } from './network-from-model.ts';
import type { Network } from './network.ts';

/** Options of {@link unetGenerator}. */
export interface UnetGeneratorOptions {
  readonly inputShape: InputShape;
  /** Filters of the encoder; the decoder mirrors them. `n` entries halve the image `n` times. */
  readonly filters: readonly number[];
  /** Dropout rates of the first decoder blocks, default none. */
  readonly dropout?: readonly number[];
  /** Default `batch`. The first encoder block has none. */
  readonly normalization?: Normalization;
  readonly batchNormalization?: BatchNormalizationOptions;
  /** Slope of the encoder's leaky ReLU for negative values, above 0; default 0.3, as in Keras. */
  readonly leakySlope?: number;
  /**
   * The output: tanh (`false`, the default), 2·tanh + input (`true`), or with `mask` a blend of input and tanh, see
   * `maskedBlend` of `model-patching/layers`.
   */
  readonly residual?: boolean | 'mask';
  /** Planes of noise behind the channels of the input image, default 0; not with `residual: true`. */
  readonly noise?: number;
  /** Factor of all numbers of filters, rounded, at least 1 each; default 1. */
  readonly width?: number;
  /** N(0, 0.02²) as `published`, the default, or He's, of which the last layer has a tenth. */
  readonly initialWeights?: InitialWeights;
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
}

/** Zeros before and after so that `size` becomes a multiple of `multiple`. */
const centredPadding = (size: number, multiple: number): [number, number] => {
  const missing = Math.ceil(size / multiple) * multiple - size;
  return [Math.floor(missing / 2), Math.ceil(missing / 2)];
};

/**
 * A U-Net generator. The image is padded with zeros to a multiple of 2ⁿ, n = `filters.length`, and cut back.
 *
 * @param options See {@link UnetGeneratorOptions}.
 * @returns A network from `[batch, height, width, channels + noise]` to `[batch, height, width, channels]`, in (−1, 1)
 *   unless `residual: true`.
 * @throws RangeError for a misshapen input shape, fewer than two filters, more dropout rates than decoder blocks,
 *   noise that is no natural number or beside `residual: true`, or a width that is not positive.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { unetGenerator } from 'model-patching';
 * const generator = unetGenerator({ inputShape: [6, 6, 1], filters: [2, 4], seed: 1 });
 * const x = tf.zeros([1, 6, 6, 1]);
 * const { output } = generator.forward(x, { mode: 'infer' });
 * if (output.shape.join() !== '1,6,6,1') throw new Error('the shape of the input expected');
 * tf.dispose([x, output]);
 * generator.model.dispose();
 * ```
 */
export function unetGenerator({
  inputShape,
  filters,
  dropout = [],
  normalization = 'batch',
  batchNormalization = {},
  leakySlope = LEAKY_SLOPE,
  residual = false,
  noise = 0,
  width = 1,
  initialWeights = 'published',
  seed = 0,
}: UnetGeneratorOptions): Network {
  if (filters.length < 2) throw new RangeError(`filters: expected at least two, received ${filters.length}`);
  if (!Array.isArray(dropout))
    throw new RangeError(
      `dropout: expected a list of rates, one a decoder block, received ${String(dropout)}`,
    );
  if (dropout.length >= filters.length)
    throw new RangeError(`dropout: expected fewer than ${filters.length} rates, received ${dropout.length}`);
  if (!(Number.isInteger(noise) && noise >= 0) || (noise > 0 && residual === true))
    throw new RangeError(`noise: expected a natural number, 0 with residual: true, received ${noise}`);
  registerLayers();
  const input = imageInput(inputShape, noise);
  const channels = inputShape[2];
  // Where nothing is normalised convolutions need biases; as published, the first one has none beside normalised ones.
  const bias = normalization === 'none';
  const [rows, columns] = [inputShape[0], inputShape[1]].map((size) =>
    centredPadding(size, 2 ** filters.length),
  );
  const borders: [[number, number], [number, number]] = [rows!, columns!];
  const bordered = borders.flat().some((border) => border > 0);
  let x = bordered ? applied(tf.layers.zeroPadding2d({ name: 'pad', padding: borders }), input) : input;

  const skips = filters.map((count, i) => {
    const name = `down${i + 1}`;
    x = convolution(x, {
      name: `${name}_conv`,
      filters: scaledFilters(count, width),
      size: 4,
      stride: 2,
      bias,
    });
    if (i > 0) x = normalized(x, normalization, `${name}_norm`, batchNormalization);
    return (x = rectified(x, `${name}_relu`, leakySlope));
  });

  const mirrored = [...filters].reverse().slice(1);
  mirrored.forEach((count, i) => {
    const name = `up${i + 1}`;
    x = convolution(x, {
      name: `${name}_conv`,
      filters: scaledFilters(count, width),
      size: 4,
      stride: 2,
      bias,
      transposed: true,
    });
    x = normalized(x, normalization, `${name}_norm`, batchNormalization);
    const rate = dropout[i];
    if (rate !== undefined) x = applied(tf.layers.dropout({ name: `${name}_dropout`, rate }), x);
    x = rectified(x, `${name}_relu`);
    x = applied(tf.layers.concatenate({ name: `${name}_concat` }), [x, skips[filters.length - 2 - i]!]);
  });

  x = convolution(x, {
    name: 'output_conv',
    filters: residual === 'mask' ? 1 + channels : channels,
    size: 4,
    stride: 2,
    bias: true,
    ...(residual !== 'mask' && { activation: 'tanh' as const }),
    transposed: true,
  });
  if (bordered) x = applied(tf.layers.cropping2D({ name: 'crop', cropping: borders }), x);
  if (residual === 'mask') x = applied(new MaskedBlend({ name: 'blend' }), [input, x]);
  if (residual === true) {
    x = applied(tf.layers.rescaling({ name: 'double', scale: 2 }), x);
    x = applied(tf.layers.add({ name: 'add_input' }), [input, x]);
  }
  const model = tf.model({ inputs: input, outputs: x, name: 'unet_generator' });
  return networkFromModel(initializeWeights(model, seed, imageNetworkWeights(initialWeights, 0.1)));
}
