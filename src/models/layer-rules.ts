/**
 * How one layer of a `tf.LayersModel` is computed from explicit weights. `layer.call` of a layer with weights reads
 * its own variables and, in training, changes its moving statistics and draws from a global generator; here both
 * come from outside.
 */
import * as tf from '@tensorflow/tfjs';
import { batchNormalized, standardizedWith, type BatchNormalized } from '../layers/batch-normalization.ts';
import { instanceNormalization } from '../layers/instance-normalization.ts';
import { leaky } from '../layers/leaky-relu.ts';
import { blended } from '../layers/masked-blend.ts';
import { operation } from '../layers/operation.ts';
import { channelSum } from '../layers/standardization.ts';
import { activate, activated } from './activations.ts';

/** What a layer sees of the pass it is part of. */
export interface LayerContext {
  /** Normalise with the batch's statistics and apply dropout. */
  readonly training: boolean;
  /** A weight of this layer, or undefined where the layer was built without it. */
  weight(name: string): tf.Tensor | undefined;
  /** Receives the statistics of the batch, of which the moving ones keep the share `momentum`. */
  observe(batch: BatchNormalized<tf.Tensor>, momentum: number): void;
  /** The dropout mask of this layer, or undefined where dropout is off. */
  mask(shape: readonly number[], rate: number): tf.Tensor | undefined;
}

type Config = Readonly<Record<string, unknown>>;
type Rule = (
  inputs: readonly tf.Tensor[],
  config: Config,
  context: LayerContext,
  layer: tf.layers.Layer,
) => tf.Tensor;

function requireChannelsLast(config: Config, layer: tf.layers.Layer): void {
  if (config['dataFormat'] === 'channelsFirst')
    throw new Error(`layer ${layer.name}: dataFormat: expected channelsLast, received channelsFirst`);
}

const pair = (value: unknown): [number, number] =>
  (Array.isArray(value) ? value : [value, value]) as [number, number];

const convolution: Rule = ([input], config, context, layer) => {
  requireChannelsLast(config, layer);
  const [x, kernel] = [input as tf.Tensor4D, context.weight('kernel') as tf.Tensor4D];
  const bias = context.weight('bias');
  const strides = pair(config['strides']);
  const dilations = pair(config['dilationRate'] ?? 1);
  const pad = config['padding'] as 'same' | 'valid';
  const value = (): tf.Tensor4D =>
    bias
      ? tf.fused.conv2d({ x, filter: kernel, strides, pad, dilations, bias })
      : tf.conv2d(x, kernel, strides, pad, 'NHWC', dilations);
  // The framework knows no gradient of a dilated convolution either.
  const gradients = (dy: tf.Tensor) => ({
    x: () => tf.conv2dTranspose(dy as tf.Tensor4D, kernel, x.shape, strides, pad),
    kernel: () => kernelGradient(x, dy, kernel.shape, strides, pad),
    bias: () => channelSum(dy, 'batch'),
  });
  return activated({ inputs: { x, kernel, bias }, value, gradients }, config['activation'], layer);
};

/** ∂loss/∂kernel of a convolution of `x`, from ∂loss/∂output. */
const kernelGradient = (
  x: tf.Tensor,
  dy: tf.Tensor,
  filterShape: number[],
  strides: [number, number],
  pad: 'same' | 'valid',
): tf.Tensor =>
  tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, { strides, pad, dataFormat: 'NHWC', filterShape });

const transposedConvolution: Rule = ([input], config, context, layer) => {
  requireChannelsLast(config, layer);
  const [x, kernel] = [input as tf.Tensor4D, context.weight('kernel') as tf.Tensor4D];
  const bias = context.weight('bias');
  const strides = pair(config['strides']);
  const pad = config['padding'] as 'same' | 'valid';
  const grown = (size: number, stride: number, extent: number): number =>
    size * stride + (pad === 'same' ? 0 : Math.max(extent - stride, 0));
  const [batch, height, width] = x.shape;
  const shape: [number, number, number, number] = [
    batch,
    grown(height, strides[0], kernel.shape[0]),
    grown(width, strides[1], kernel.shape[1]),
    kernel.shape[2],
  ];
  const value = (): tf.Tensor => {
    const y = tf.conv2dTranspose(x, kernel, shape, strides, pad);
    return bias ? y.add(bias) : y;
  };
  const gradients = (dy: tf.Tensor) => ({
    x: () => tf.conv2d(dy as tf.Tensor4D, kernel, strides, pad),
    kernel: () => kernelGradient(dy, x, kernel.shape, strides, pad),
    bias: () => channelSum(dy, 'batch'),
  });
  return activated({ inputs: { x, kernel, bias }, value, gradients }, config['activation'], layer);
};

const dense: Rule = ([input], config, context, layer) => {
  const kernel = context.weight('kernel') as tf.Tensor2D;
  const bias = context.weight('bias');
  const x = (input!.rank === 2 ? input! : input!.reshape([-1, kernel.shape[0]])) as tf.Tensor2D;
  const value = (): tf.Tensor => tf.fused.matMul({ a: x, b: kernel, ...(bias && { bias }) });
  const gradients = (dy: tf.Tensor) => ({
    x: () => tf.matMul(dy as tf.Tensor2D, kernel, false, true),
    kernel: () => tf.matMul(x, dy as tf.Tensor2D, true, false),
    bias: () => dy.sum(0),
  });
  const y = activated({ inputs: { x, kernel, bias }, value, gradients }, config['activation'], layer);
  return input!.rank === 2 ? y : y.reshape([...input!.shape.slice(0, -1), kernel.shape[1]]);
};

const batchNorm: Rule = ([x], config, context, layer) => {
  const axis = config['axis'] as number | undefined;
  if (axis !== undefined && axis !== -1 && axis !== x!.rank - 1)
    throw new Error(`layer ${layer.name}: axis: expected the last one, received ${axis}`);
  const affine = { scale: context.weight('gamma'), offset: context.weight('beta') };
  const epsilon = config['epsilon'] as number;
  // A frozen layer keeps to its moving statistics, as in Keras.
  if (!context.training || !layer.trainable) {
    const moving = { mean: context.weight('moving_mean')!, variance: context.weight('moving_variance')! };
    return standardizedWith(x!, moving, affine, epsilon);
  }
  const batch = batchNormalized(x!, affine, epsilon);
  context.observe(batch, config['momentum'] as number);
  return batch.output;
};

const drop: Rule = ([x], config, context, layer) => {
  if (Array.isArray(config['noiseShape']))
    throw new Error(`layer ${layer.name}: noiseShape is not supported`);
  const rate = config['rate'] as number;
  const mask = context.training && rate > 0 ? context.mask(x!.shape, rate) : undefined;
  if (!mask) return x!;
  return operation({ x: x! }, () => ({
    output: x!.mul(mask),
    held: [mask],
    gradients: (dy) => ({ x: () => dy.mul(mask) }),
  }));
};

type Borders = readonly [readonly [number, number], readonly [number, number]];

const padded = (x: tf.Tensor, [rows, columns]: Borders): tf.Tensor =>
  tf.pad(x, [[0, 0], [...rows], [...columns], [0, 0]]);

const cropped = (x: tf.Tensor, [[top, bottom], [left, right]]: Borders): tf.Tensor => {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  return x.slice([0, top, left, 0], [batch, height - top - bottom, width - left - right, channels]);
};

const cropping: Rule = ([x], config, _, layer) => {
  requireChannelsLast(config, layer);
  const borders = config['cropping'] as Borders;
  return operation({ x: x! }, () => ({
    output: cropped(x!, borders),
    held: [],
    gradients: (dy) => ({ x: () => padded(dy, borders) }),
  }));
};

const padding: Rule = ([x], config, _, layer) => {
  requireChannelsLast(config, layer);
  const borders = config['padding'] as Borders;
  return operation({ x: x! }, () => ({
    output: padded(x!, borders),
    held: [],
    gradients: (dy) => ({ x: () => cropped(dy, borders) }),
  }));
};

const concatenate: Rule = (inputs, config) => {
  const axis = ((config['axis'] as number) + inputs[0]!.rank) % inputs[0]!.rank;
  return operation(Object.fromEntries(inputs.map((x, i) => [String(i), x])), () => ({
    output: tf.concat([...inputs], axis),
    held: [],
    gradients(dy) {
      const parts = tf.split(
        dy,
        inputs.map((x) => x.shape[axis]!),
        axis,
      );
      return Object.fromEntries(parts.map((part, i) => [String(i), () => part]));
    },
  }));
};

const rescaling: Rule = ([x], config) => {
  const scaled = x!.mul(config['scale'] as number);
  return config['offset'] ? scaled.add(config['offset'] as number) : scaled;
};

const rules: Readonly<Record<string, Rule>> = {
  Conv2D: convolution,
  Conv2DTranspose: transposedConvolution,
  Dense: dense,
  BatchNormalization: batchNorm,
  InstanceNormalization: ([x], config, context) =>
    instanceNormalization(
      x as tf.Tensor4D,
      { scale: context.weight('scale'), offset: context.weight('offset') },
      config['epsilon'] as number,
    ),
  Activation: ([x], config, _, layer) => activate(x!, String(config['activation'] ?? 'linear'), layer),
  LeakyReLU: ([x], config) => leaky(x!, config['alpha'] as number),
  ReLU: ([x], config, _, layer) =>
    typeof config['maxValue'] === 'number'
      ? tf.clipByValue(x!, 0, config['maxValue'])
      : activate(x!, 'relu', layer),
  Dropout: drop,
  Add: (inputs) => inputs.reduce((sum, x) => tf.add(sum, x)),
  Concatenate: concatenate,
  Cropping2D: cropping,
  ZeroPadding2D: padding,
  Rescaling: rescaling,
  MaskedBlend: ([input, drawing]) => blended(input as tf.Tensor4D, drawing as tf.Tensor4D),
};

const drawsAtRandom = /^(Gaussian(Noise|Dropout)|AlphaDropout|SpatialDropout\dD|Random\w+)$/;

/**
 * One layer's output.
 *
 * @throws Error for a layer that has weights and no rule here, or that draws at random in training.
 */
export function applyLayer(
  layer: tf.layers.Layer,
  inputs: readonly tf.Tensor[],
  context: LayerContext,
): tf.Tensor {
  const className = layer.getClassName();
  const rule = rules[className];
  if (rule) return rule(inputs, layer.getConfig(), context, layer);
  if (layer.weights.length > 0 || layer.stateful)
    throw new Error(
      `layer ${layer.name}: a ${className} has weights or state and is not supported; supported are ${Object.keys(rules).join(', ')} and any layer without weights`,
    );
  if (context.training && drawsAtRandom.test(className))
    throw new Error(`layer ${layer.name}: a ${className} draws at random in training; use Dropout`);
  const output = layer.call([...inputs], {});
  return Array.isArray(output) ? output[0]! : output;
}

/** The last part of a variable's name, e.g. `kernel`; the part before it may be uniquified by tfjs. */
export const weightName = (variable: { readonly originalName: string }): string =>
  variable.originalName.slice(variable.originalName.lastIndexOf('/') + 1);
