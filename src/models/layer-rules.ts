/**
 * How one layer of a `tf.LayersModel` is computed from explicit weights. `layer.call` of a layer with weights reads
 * its own variables and, in training, changes its moving statistics and draws from a global generator; here both
 * come from outside.
 */
import * as tf from '@tensorflow/tfjs';
import {
  batchNormalization,
  batchNormalizationWith,
  movingStatistics,
} from '../layers/batch-normalization.ts';
import { instanceNormalization } from '../layers/instance-normalization.ts';
import { leakyRelu } from '../layers/leaky-relu.ts';

/** What a layer sees of the pass it is part of. */
export interface LayerContext {
  /** Normalise with the batch's statistics and apply dropout. */
  readonly training: boolean;
  /** A weight of this layer, or undefined where the layer was built without it. */
  weight(name: string): tf.Tensor | undefined;
  /** Receives a moving statistic as it is after the pass. */
  update(name: string, value: tf.Tensor): void;
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

const activations: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  linear: (x) => x,
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(x),
  tanh: (x) => tf.tanh(x),
  sigmoid: (x) => tf.sigmoid(x),
  softmax: (x) => tf.softmax(x),
  softplus: (x) => tf.softplus(x),
  elu: (x) => tf.elu(x),
  selu: (x) => tf.selu(x),
};

function activate(x: tf.Tensor, name: unknown, layer: tf.layers.Layer): tf.Tensor {
  const activation = activations[String(name ?? 'linear')];
  if (!activation)
    throw new Error(
      `layer ${layer.name}: activation ${String(name)} is not one of ${Object.keys(activations).join(', ')}`,
    );
  return activation(x);
}

function requireChannelsLast(config: Config, layer: tf.layers.Layer): void {
  if (config['dataFormat'] === 'channelsFirst')
    throw new Error(`layer ${layer.name}: dataFormat: expected channelsLast, received channelsFirst`);
}

const pair = (value: unknown): [number, number] =>
  (Array.isArray(value) ? value : [value, value]) as [number, number];

const withBias = (x: tf.Tensor, context: LayerContext): tf.Tensor => {
  const bias = context.weight('bias');
  return bias ? x.add(bias) : x;
};

const convolution: Rule = ([x], config, context, layer) => {
  requireChannelsLast(config, layer);
  const y = tf.conv2d(
    x as tf.Tensor4D,
    context.weight('kernel') as tf.Tensor4D,
    pair(config['strides']),
    config['padding'] as 'same' | 'valid',
    'NHWC',
    pair(config['dilationRate'] ?? 1),
  );
  return activate(withBias(y, context), config['activation'], layer);
};

const transposedConvolution: Rule = ([x], config, context, layer) => {
  requireChannelsLast(config, layer);
  const kernel = context.weight('kernel') as tf.Tensor4D;
  const [vertical, horizontal] = pair(config['strides']);
  const padding = config['padding'] as 'same' | 'valid';
  const grown = (size: number, stride: number, extent: number): number =>
    size * stride + (padding === 'same' ? 0 : Math.max(extent - stride, 0));
  const [batch, height, width] = x!.shape as [number, number, number, number];
  const shape: [number, number, number, number] = [
    batch,
    grown(height, vertical, kernel.shape[0]),
    grown(width, horizontal, kernel.shape[1]),
    kernel.shape[2],
  ];
  const y = tf.conv2dTranspose(x as tf.Tensor4D, kernel, shape, [vertical, horizontal], padding);
  return activate(withBias(y, context), config['activation'], layer);
};

const dense: Rule = ([x], config, context, layer) => {
  const kernel = context.weight('kernel') as tf.Tensor2D;
  const rows = x!.rank === 2 ? x! : x!.reshape([-1, kernel.shape[0]]);
  const y = withBias(tf.matMul(rows as tf.Tensor2D, kernel), context);
  const shaped = x!.rank === 2 ? y : y.reshape([...x!.shape.slice(0, -1), kernel.shape[1]]);
  return activate(shaped, config['activation'], layer);
};

const batchNorm: Rule = ([x], config, context, layer) => {
  const axis = config['axis'] as number | undefined;
  if (axis !== undefined && axis !== -1 && axis !== x!.rank - 1)
    throw new Error(`layer ${layer.name}: axis: expected the last one, received ${axis}`);
  const affine = { scale: context.weight('gamma'), offset: context.weight('beta') };
  const moving = { mean: context.weight('moving_mean')!, variance: context.weight('moving_variance')! };
  const epsilon = config['epsilon'] as number;
  // A frozen layer keeps to its moving statistics, as in Keras.
  if (!context.training || !layer.trainable) return batchNormalizationWith(x!, moving, affine, epsilon);
  const batch = batchNormalization(x!, affine, epsilon);
  const after = movingStatistics(moving, batch, config['momentum'] as number);
  context.update('moving_mean', after.mean);
  context.update('moving_variance', after.variance);
  return batch.output;
};

const drop: Rule = ([x], config, context, layer) => {
  if (Array.isArray(config['noiseShape']))
    throw new Error(`layer ${layer.name}: noiseShape is not supported`);
  const rate = config['rate'] as number;
  const mask = context.training && rate > 0 ? context.mask(x!.shape, rate) : undefined;
  return mask ? x!.mul(mask) : x!;
};

const cropping: Rule = ([x], config, _, layer) => {
  requireChannelsLast(config, layer);
  const [[top, bottom], [left, right]] = config['cropping'] as [[number, number], [number, number]];
  const [batch, height, width, channels] = x!.shape as [number, number, number, number];
  return tf.slice(
    x as tf.Tensor4D,
    [0, top, left, 0],
    [batch, height - top - bottom, width - left - right, channels],
  );
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
  Activation: ([x], config, _, layer) => activate(x!, config['activation'], layer),
  LeakyReLU: ([x], config) => leakyRelu(x!, config['alpha'] as number),
  ReLU: ([x], config) =>
    typeof config['maxValue'] === 'number' ? tf.clipByValue(x!, 0, config['maxValue']) : tf.relu(x!),
  Dropout: drop,
  Add: (inputs) => inputs.reduce((sum, x) => tf.add(sum, x)),
  Cropping2D: cropping,
  Rescaling: rescaling,
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
