import * as tf from '@tensorflow/tfjs';
import type { ForwardContext, Network, NetworkWeights } from '../../src/models/network.ts';

/** What normalises the hidden layer of the fixtures' networks. */
export type SmallNorm = 'batchnorm' | 'instancenorm' | null;

/** Leaky ReLU with second-order gradients. */
export const leaky = (x: tf.Tensor): tf.Tensor => x.relu().sub(x.neg().relu().mul(0.3));

/**
 * Normalisation over `axes` with biased variance; returns its moments too. The variance is taken from
 * `deviationFrom(mean)`, whatever that does to gradients.
 */
export function normalized(
  x: tf.Tensor,
  axes: number[],
  epsilon: number,
  gain: tf.Tensor,
  offset: tf.Tensor,
  deviationFrom: (mean: tf.Tensor) => tf.Tensor = (mean) => mean,
): { y: tf.Tensor; mean: tf.Tensor; variance: tf.Tensor } {
  const mean = x.mean(axes, true);
  const variance = x.sub(deviationFrom(mean)).square().mean(axes, true);
  return { y: x.sub(mean).mul(variance.add(epsilon).rsqrt()).mul(gain).add(offset), mean, variance };
}

function hidden(
  x: tf.Tensor,
  norm: SmallNorm,
  { trainable, statistics }: NetworkWeights,
): { y: tf.Tensor; statistics: tf.NamedTensorMap } {
  if (norm === null) return { y: leaky(x), statistics: {} };
  const { gamma, beta } = trainable;
  if (norm === 'instancenorm')
    return { y: leaky(normalized(x, [1, 2], 1e-5, gamma!, beta!).y), statistics: {} };
  const { y, mean, variance } = normalized(x, [0, 1, 2], 1e-3, gamma!, beta!);
  const count = x.size / x.shape[3]!;
  const moved = (past: tf.Tensor, present: tf.Tensor): tf.Tensor =>
    past.mul(0.99).add(present.flatten().mul(0.01));
  return {
    y: leaky(y),
    statistics: {
      mean: moved(statistics.mean!, mean),
      variance: moved(statistics.variance!, variance.mul(count / (count - 1))),
    },
  };
}

const network = (
  body: (x: tf.Tensor, weights: NetworkWeights) => { y: tf.Tensor; statistics: tf.NamedTensorMap },
): Pick<Network, 'forward'> => ({
  forward(x: tf.Tensor, { weights, mode }: ForwardContext) {
    if (mode !== 'train') throw new Error(`unexpected mode ${mode}`);
    const { y, statistics } = body(x, weights!);
    return { output: y, statistics };
  },
});

/** conv 4×4 stride 2 → norm → leaky → transposed conv 4×4 stride 2, tanh: the generators of `train-step.json`. */
export const smallGenerator = (norm: SmallNorm): Pick<Network, 'forward'> =>
  network((x, weights) => {
    const { kernel, outKernel, outBias } = weights.trainable;
    const { y, statistics } = hidden(
      tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, 2, 'same'),
      norm,
      weights,
    );
    const up = tf.conv2dTranspose(
      y as tf.Tensor4D,
      outKernel as tf.Tensor4D,
      x.shape as tf.Tensor4D['shape'],
      2,
      'same',
    );
    return { y: up.add(outBias!).tanh(), statistics };
  });

/** conv 4×4 stride 2 → leaky → pad 1 → conv 3×3 → norm → leaky → conv 3×3: the discriminators of `train-step.json`. */
export const smallDiscriminator = (norm: SmallNorm): Pick<Network, 'forward'> =>
  network((x, weights) => {
    const { kernel, innerKernel, outKernel, outBias } = weights.trainable;
    const first = leaky(tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, 2, 'same'));
    const padded = tf.pad(first, [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ]);
    const inner = tf.conv2d(padded as tf.Tensor4D, innerKernel as tf.Tensor4D, 1, 'valid');
    const { y, statistics } = hidden(inner, norm, weights);
    return { y: tf.conv2d(y as tf.Tensor4D, outKernel as tf.Tensor4D, 1, 'valid').add(outBias!), statistics };
  });

const normNames = (norm: SmallNorm): string[] =>
  norm === null ? [] : norm === 'batchnorm' ? ['gamma', 'beta', 'mean', 'variance'] : ['gamma', 'beta'];

/** Names of the generators' weights in the fixtures' order. */
export const generatorNames = (norm: SmallNorm): string[] => [
  'kernel',
  ...normNames(norm),
  'outKernel',
  'outBias',
];

/** Names of the discriminators' weights in the fixtures' order. */
export const discriminatorNames = (norm: SmallNorm): string[] => [
  'kernel',
  'innerKernel',
  ...normNames(norm),
  'outKernel',
  'outBias',
];

/** A list of tensors as a network's weights. */
export function asWeights(names: readonly string[], tensors: readonly tf.Tensor[]): NetworkWeights {
  const entries = names.map((name, i) => [name, tensors[i]!] as const);
  const moving = ['mean', 'variance'];
  return {
    trainable: Object.fromEntries(entries.filter(([name]) => !moving.includes(name))),
    statistics: Object.fromEntries(entries.filter(([name]) => moving.includes(name))),
  };
}
