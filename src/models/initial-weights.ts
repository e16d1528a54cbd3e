/**
 * Initial weights as a function of a seed. The initialisers of tfjs draw from a global generator unless each is
 * seeded by hand, and differ between versions; here every kernel has its own key, derived from seed and name.
 */
import * as tf from '@tensorflow/tfjs';
import { foldKey, normal, randomKey, uniform, type RandomKey } from '../random/random.ts';
import { weightName } from './layer-rules.ts';

/** Draws a weight: its key, its shape and its name within the layer; undefined leaves it as the layer made it. */
export type InitialWeight = (
  key: RandomKey,
  shape: readonly number[],
  name: string,
  layer: tf.layers.Layer,
) => Float32Array | undefined;

const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Kernels N(0, σ²), scales of instance normalisation N(1, σ²); σ = 0.02 (Isola et al., CVPR 2017; DCGAN). */
export const normalWeights =
  (standardDeviation = 0.02): InitialWeight =>
  (key, shape, name) => {
    if (name === 'kernel') return normal(key, size(shape), 0, standardDeviation);
    return name === 'scale' ? normal(key, size(shape), 1, standardDeviation) : undefined;
  };

const fanIn = (shape: readonly number[]): number => size(shape.slice(0, -1));
const fanOut = (shape: readonly number[]): number => size(shape) / shape[shape.length - 2]!;

/** Kernels uniform in ±√(6/(fan in + fan out)) (Glorot, Bengio, AISTATS 2010), the default of Keras. */
export const glorotUniform: InitialWeight = (key, shape, name) => {
  if (name !== 'kernel') return undefined;
  const limit = Math.sqrt(6 / (fanIn(shape) + fanOut(shape)));
  return uniform(key, size(shape), -limit, limit);
};

/** Kernels uniform in ±√(6/fan in) (He et al., ICCV 2015). */
export const heUniform: InitialWeight = (key, shape, name) => {
  if (name !== 'kernel') return undefined;
  const limit = Math.sqrt(6 / fanIn(shape));
  return uniform(key, size(shape), -limit, limit);
};

/**
 * Kernels N(0, 2/fan in) (He et al., ICCV 2015), those of one layer smaller. A transposed convolution of stride s adds
 * up only one in s² of its kernel's entries at a pixel, so that its fan in is as much smaller.
 *
 * @param last The layer whose weights are multiplied.
 * @param factor By how much.
 */
export const heNormal =
  (last: string, factor: number): InitialWeight =>
  (key, shape, name, layer) => {
    if (name !== 'kernel') return undefined;
    const transposed = layer.getClassName() === 'Conv2DTranspose';
    const strides = layer.getConfig()['strides'] as number[];
    const fan = transposed ? fanOut(shape) / (strides[0]! * strides[1]!) : fanIn(shape);
    return normal(key, size(shape), 0, Math.sqrt(2 / fan) * (layer.name === last ? factor : 1));
  };

/** Which initial weights an image network of stage 1 has: N(0, 0.02²) as published, or He's. */
export type InitialWeights = 'published' | 'he';

/**
 * The initial weights of an image network of stage 1.
 *
 * @param kind Which.
 * @param outputFactor Of the layer `output_conv` with He's weights.
 * @throws RangeError if the kind is neither.
 */
export function imageNetworkWeights(kind: InitialWeights, outputFactor: number): InitialWeight {
  if (kind === 'he') return heNormal('output_conv', outputFactor);
  if (kind === 'published') return normalWeights();
  throw new RangeError(`initialWeights: expected published or he, received ${String(kind)}`);
}

/** Sets the weights of every layer from the seed; the same names and shapes get the same numbers. */
export function initializeWeights(
  model: tf.LayersModel,
  seed: number,
  initial: InitialWeight,
): tf.LayersModel {
  const key = foldKey(randomKey(seed), 'weights');
  for (const layer of model.layers) {
    for (const variable of layer.weights) {
      const shape = variable.shape as number[];
      const name = weightName(variable);
      const values = initial(foldKey(key, layer.name, name), shape, name, layer);
      if (values) {
        const tensor = tf.tensor(values, shape);
        variable.write(tensor);
        tensor.dispose();
      }
    }
  }
  return model;
}

/** A number of filters times the width factor, rounded, at least 1. */
export function scaledFilters(filters: number, width: number): number {
  if (!(width > 0 && Number.isFinite(width)))
    throw new RangeError(`width: expected a positive number, received ${width}`);
  return Math.max(1, Math.round(filters * width));
}
