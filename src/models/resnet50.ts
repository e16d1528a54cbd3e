/**
 * ResNet-50 with pre-activation (He, Zhang, Ren, Sun, "Identity mappings in deep residual networks", ECCV 2016) in
 * the variant whose converted weights many Keras users have: the input goes through a batch normalisation without
 * scale, every ε is 2e-5, padding is explicit, and the stride sits in the 3×3 convolution. Layer names are those of
 * that variant, so that its weights can be matched by name. The post-activation network of PyTorch's users is an option.
 */
import * as tf from '@tensorflow/tfjs';
import { applied, convolution, imageInput, type InputShape } from './blocks.ts';
import { glorotUniform, heUniform, initializeWeights, scaledFilters } from './initial-weights.ts';
import { networkFromModel } from './network-from-model.ts';
import type { Network } from './network.ts';
import { postActivationBody, zeroBorder, type UnitOptions } from './post-activation-body.ts';

/**
 * `pre-activation`: the variant whose weights Keras users have, input 0–255. `post-activation`: torchvision's, input
 * standardised by ImageNet's means and deviations.
 */
export type Resnet50Variant = 'pre-activation' | 'post-activation';

/** Options of {@link resnet50}. */
export interface Resnet50Options {
  readonly inputShape: InputShape;
  /** Number of classes. */
  readonly classes: number;
  /** Factor of all numbers of filters, rounded, at least 1 each; default 1. */
  readonly width?: number;
  /** Default `pre-activation`, as published. */
  readonly variant?: Resnet50Variant;
  /**
   * Share of their value that moving statistics keep in a step, in [0, 1); default that of the variant, 0.99 or 0.9.
   * They need some 3 / (1 − momentum) steps to come near those of the batches.
   */
  readonly batchNormalizationMomentum?: number;
  /** Seed of the initial weights (convolutions He uniform, dense layer Glorot uniform); default 0. */
  readonly seed?: number;
}

const epsilon = 2e-5;

function activated(
  x: tf.SymbolicTensor,
  prefix: string,
  index: string | number,
  momentum: number,
): tf.SymbolicTensor {
  const y = applied(tf.layers.batchNormalization({ name: `${prefix}bn${index}`, epsilon, momentum }), x);
  return applied(tf.layers.activation({ name: `${prefix}relu${index}`, activation: 'relu' }), y);
}

/** One bottleneck unit; the first of a stage projects its shortcut. */
function unit(
  x: tf.SymbolicTensor,
  prefix: string,
  { filters, widened, projection, momentum }: UnitOptions,
): tf.SymbolicTensor {
  const first = activated(x, prefix, 1, momentum);
  const conv = (
    input: tf.SymbolicTensor,
    name: string,
    count: number,
    size = 1,
    stride = 1,
  ): tf.SymbolicTensor =>
    convolution(input, { name: `${prefix}${name}`, filters: count, size, stride, padding: 'valid' });
  const stride = projection?.stride ?? 1;
  let y = activated(conv(first, 'conv1', filters), prefix, 2, momentum);
  y = activated(conv(zeroBorder(y, `${prefix}pad`, 1), 'conv2', filters, 3, stride), prefix, 3, momentum);
  y = conv(y, 'conv3', widened);
  const shortcut = projection ? conv(first, 'sc', widened, 1, stride) : x;
  return applied(tf.layers.add({ name: `${prefix}add` }), [y, shortcut]);
}

function preActivationBody(
  input: tf.SymbolicTensor,
  scaled: (filters: number) => number,
  momentum: number,
): tf.SymbolicTensor {
  let x = applied(tf.layers.batchNormalization({ name: 'bn_data', epsilon, momentum, scale: false }), input);
  const stem = { filters: scaled(64), size: 7, stride: 2, padding: 'valid' } as const;
  x = activated(convolution(zeroBorder(x, 'pad0', 3), { ...stem, name: 'conv0' }), '', 0, momentum);
  x = applied(
    tf.layers.maxPooling2d({ name: 'pooling0', poolSize: 3, strides: 2 }),
    zeroBorder(x, 'pad_pooling0', 1),
  );
  [3, 4, 6, 3].forEach((units, stage) => {
    const [filters, widened] = [64, 256].map((count) => scaled(count * 2 ** stage));
    for (let i = 0; i < units; i++) {
      const projection = i === 0 ? { stride: stage === 0 ? 1 : 2 } : undefined;
      x = unit(x, `stage${stage + 1}_unit${i + 1}_`, {
        filters: filters!,
        widened: widened!,
        projection,
        momentum,
      });
    }
  });
  return activated(x, '', 1, momentum);
}

/**
 * ResNet-50; logits out.
 *
 * @param options See {@link Resnet50Options}.
 * @returns A network from `[batch, height, width, channels]` to logits `[batch, classes]`.
 * @throws RangeError for a misshapen input shape, a number of classes below 1, a width that is not positive, an
 *   unknown variant or a momentum outside [0, 1).
 * @example
 * ```ts
 * import { resnet50 } from 'model-patching';
 * const { model } = resnet50({ inputShape: [32, 32, 3], classes: 2, width: 1 / 64 });
 * if (model.outputs[0]!.shape.join() !== ',2') throw new Error('logits expected');
 * model.dispose();
 * ```
 */
export function resnet50({
  inputShape,
  classes,
  width = 1,
  variant = 'pre-activation',
  batchNormalizationMomentum: momentum = variant === 'pre-activation' ? 0.99 : 0.9,
  seed = 0,
}: Resnet50Options): Network {
  if (!Number.isInteger(classes) || classes < 1)
    throw new RangeError(`classes: expected a positive integer, received ${classes}`);
  if (variant !== 'pre-activation' && variant !== 'post-activation')
    throw new RangeError(`variant: expected pre-activation or post-activation, received ${String(variant)}`);
  if (!(momentum >= 0 && momentum < 1))
    throw new RangeError(`batchNormalizationMomentum: expected a number in [0, 1), received ${momentum}`);
  const input = imageInput(inputShape);
  const scaled = (filters: number): number => scaledFilters(filters, width);
  const body = variant === 'pre-activation' ? preActivationBody : postActivationBody;
  let x = body(input, scaled, momentum);
  x = applied(tf.layers.globalAveragePooling2d({ name: 'pool1', dataFormat: 'channelsLast' }), x);
  x = applied(tf.layers.dense({ name: 'logits', units: classes, kernelInitializer: 'zeros' }), x);
  const model = tf.model({ inputs: input, outputs: x, name: 'resnet50' });
  return networkFromModel(
    initializeWeights(model, seed, (key, shape, ...rest) =>
      (shape.length === 2 ? glorotUniform : heUniform)(key, shape, ...rest),
    ),
  );
}
