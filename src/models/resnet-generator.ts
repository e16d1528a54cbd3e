/**
 * The residual generator of CycleGAN (Zhu, Park, Isola, Efros, ICCV 2017, appendix), after Johnson, Alahi, Fei-Fei
 * (ECCV 2016): two strided convolutions, residual blocks at a quarter of the size, two transposed convolutions,
 * with reflection padding and instance normalisation.
 */
import * as tf from '@tensorflow/tfjs';
import { ReflectionPadding2D } from '../layers/reflection-padding.ts';
import { registerLayers } from '../layers/register-layers.ts';
import { applied, convolution, imageInput, normalized, rectified } from './blocks.ts';
import type { ConvolutionOptions, InputShape, Normalization } from './blocks.ts';
import { assertSides, RESNET_GENERATOR_SIDES } from './image-sizes.ts';
import { initializeWeights, normalWeights, scaledFilters } from './initial-weights.ts';
import { networkFromModel } from './network-from-model.ts';
import type { Network } from './network.ts';

/** Options of {@link resnetGenerator}. */
export interface ResnetGeneratorOptions {
  /** Height and width are multiples of 4, at least 8. */
  readonly inputShape: InputShape;
  /** Residual blocks: 6 for images of 128 pixels, 9 (default) for 256. */
  readonly blocks?: number;
  /** Filters of the first convolution, doubled twice on the way down; default 64. */
  readonly filters?: number;
  /** Default `instance`. With `none` the convolutions have biases. */
  readonly normalization?: Normalization;
  /** Factor of all numbers of filters, rounded, at least 1 each; default 1. */
  readonly width?: number;
  /** Seed of the initial weights, N(0, 0.02²); default 0. */
  readonly seed?: number;
}

/**
 * A residual generator.
 *
 * @param options See {@link ResnetGeneratorOptions}.
 * @returns A network from `[batch, height, width, channels]` to the same shape, in (−1, 1).
 * @throws RangeError for a misshapen input shape, sizes that are not multiples of 4 or below 8, a negative number of
 *   blocks, or a width that is not positive.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { resnetGenerator } from 'model-patching';
 * const generator = resnetGenerator({ inputShape: [8, 8, 3], blocks: 1, width: 1 / 32, seed: 1 });
 * const x = tf.zeros([1, 8, 8, 3]);
 * const { output } = generator.forward(x, { mode: 'infer' });
 * if (output.shape.join() !== '1,8,8,3') throw new Error('the shape of the input expected');
 * tf.dispose([x, output]);
 * generator.model.dispose();
 * ```
 */
export function resnetGenerator({
  inputShape,
  blocks = 9,
  filters = 64,
  normalization = 'instance',
  width = 1,
  seed = 0,
}: ResnetGeneratorOptions): Network {
  if (!Number.isInteger(blocks) || blocks < 0)
    throw new RangeError(`blocks: expected an integer of at least 0, received ${blocks}`);
  registerLayers();
  const bias = normalization === 'none';
  const count = (factor: number): number => scaledFilters(filters * factor, width);
  const reflected = (x: tf.SymbolicTensor, name: string, padding: number): tf.SymbolicTensor =>
    applied(new ReflectionPadding2D({ name: `${name}_pad`, padding }), x);
  const block = (
    x: tf.SymbolicTensor,
    name: string,
    options: Omit<ConvolutionOptions, 'name'>,
  ): tf.SymbolicTensor =>
    normalized(convolution(x, { ...options, name: `${name}_conv`, bias }), normalization, `${name}_norm`);

  const input = imageInput(inputShape);
  assertSides(RESNET_GENERATOR_SIDES, inputShape);
  let x = reflected(input, 'first', 3);
  x = rectified(block(x, 'first', { filters: count(1), size: 7, padding: 'valid' }), 'first_relu');
  for (const i of [1, 2])
    x = rectified(block(x, `down${i}`, { filters: count(2 ** i), size: 3, stride: 2 }), `down${i}_relu`);
  for (let i = 1; i <= blocks; i++) {
    const options = { filters: count(4), size: 3, padding: 'valid' } as const;
    const first = block(reflected(x, `block${i}_1`, 1), `block${i}_1`, options);
    const inner = reflected(rectified(first, `block${i}_relu`), `block${i}_2`, 1);
    const second = block(inner, `block${i}_2`, options);
    x = applied(tf.layers.add({ name: `block${i}_add` }), [x, second]);
  }
  for (const i of [1, 2]) {
    const options = { filters: count(2 ** (2 - i)), size: 3, stride: 2, transposed: true };
    x = rectified(block(x, `up${i}`, options), `up${i}_relu`);
  }
  x = convolution(reflected(x, 'output', 3), {
    name: 'output_conv',
    filters: inputShape[2],
    size: 7,
    padding: 'valid',
    bias: true,
    activation: 'tanh',
  });
  const model = tf.model({ inputs: input, outputs: x, name: 'resnet_generator' });
  return networkFromModel(initializeWeights(model, seed, normalWeights()));
}
