/** The blocks that the image networks share, as functions from symbolic tensor to symbolic tensor. */
import * as tf from '@tensorflow/tfjs';
import { InstanceNormalization } from '../layers/instance-normalization.ts';

/** Which normalisation follows a convolution. */
export type Normalization = 'batch' | 'instance' | 'none';

/** Height, width and channels of an image. */
export type InputShape = readonly [height: number, width: number, channels: number];

type Layer = { apply(x: tf.SymbolicTensor | tf.SymbolicTensor[]): unknown };

/** Applies a layer to one or several symbolic tensors. */
export const applied = (layer: Layer, x: tf.SymbolicTensor | tf.SymbolicTensor[]): tf.SymbolicTensor =>
  layer.apply(x) as tf.SymbolicTensor;

/** A convolution's settings; kernels start at zero because their values are drawn afterwards. */
export interface ConvolutionOptions {
  readonly name: string;
  readonly filters: number;
  readonly size: number;
  readonly stride?: number;
  readonly padding?: 'same' | 'valid';
  readonly bias?: boolean;
  readonly activation?: 'relu' | 'tanh';
  readonly transposed?: boolean;
}

/** A two-dimensional convolution, or transposed convolution. */
export function convolution(
  x: tf.SymbolicTensor,
  {
    name,
    filters,
    size,
    stride = 1,
    padding = 'same',
    bias = false,
    activation,
    transposed,
  }: ConvolutionOptions,
): tf.SymbolicTensor {
  const options = {
    name,
    filters,
    kernelSize: size,
    strides: stride,
    padding,
    useBias: bias,
    kernelInitializer: 'zeros' as const,
    ...(activation ? { activation } : {}),
  };
  return applied(transposed ? tf.layers.conv2dTranspose(options) : tf.layers.conv2d(options), x);
}

/** What batch normalisation adds to variances, and the share that its moving statistics keep in a step. */
export interface BatchNormalizationOptions {
  /** Default 0.001, as in Keras. */
  readonly epsilon?: number;
  /** Default 0.99, as in Keras. */
  readonly momentum?: number;
}

/** The chosen normalisation, with ε 1e-5 if it is that of instances. */
export function normalized(
  x: tf.SymbolicTensor,
  kind: Normalization,
  name: string,
  batch: BatchNormalizationOptions = {},
): tf.SymbolicTensor {
  switch (kind) {
    case 'batch':
      return applied(tf.layers.batchNormalization({ name, ...batch }), x);
    case 'instance':
      return applied(new InstanceNormalization({ name }), x);
    case 'none':
      return x;
    default:
      throw new RangeError(`normalization: expected batch, instance or none, received ${String(kind)}`);
  }
}

/** The default of Keras. */
export const LEAKY_SLOPE = 0.3;

/** ReLU, or leaky ReLU with a slope. */
export const rectified = (x: tf.SymbolicTensor, name: string, slope = 0): tf.SymbolicTensor =>
  applied(slope > 0 ? tf.layers.leakyReLU({ name, alpha: slope }) : tf.layers.reLU({ name }), x);

/** The input of a network of images, its shape checked, with further planes behind its channels. */
export function imageInput(inputShape: InputShape, planes = 0): tf.SymbolicTensor {
  if (inputShape.length !== 3 || !inputShape.every((n) => Number.isInteger(n) && n > 0))
    throw new RangeError(
      `inputShape: expected [height, width, channels] of positive integers, received [${inputShape.join(', ')}]`,
    );
  const [height, width, channels] = inputShape;
  return tf.input({ shape: [height, width, channels + planes], name: 'input' });
}
