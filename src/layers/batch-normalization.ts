/**
 * Batch normalisation (Ioffe, Szegedy, ICML 2015) as Keras computes it uses the biased variance of the batch.
 * The moving variance takes the unbiased one for images (N/(N − 1), N = batch·height·width) and the biased
 * one for vectors. Nothing is changed in place: the statistics of the batch are returned.
 */
import * as tf from '@tensorflow/tfjs';
import { fused } from './fused-kernels.ts';
import { operation, protectedInput, protectedOutput, unrecorded } from './operation.ts';
import {
  affineStandardized,
  channelSum,
  moments,
  standardize,
  type Affine,
  type Moments,
} from './standardization.ts';

/** Output of {@link batchNormalization} with the statistics of the batch, `[channels]` each. */
export interface BatchNormalized<T extends tf.Tensor> {
  readonly output: T;
  readonly mean: tf.Tensor1D;
  /** Biased: divided by N. */
  readonly variance: tf.Tensor1D;
}

function checkChannels(x: tf.Tensor, named: Readonly<Record<string, tf.Tensor | undefined>>): void {
  const channels = x.shape[x.rank - 1]!;
  for (const [name, tensor] of Object.entries(named)) {
    if (tensor && (tensor.rank !== 1 || tensor.shape[0] !== channels))
      throw new Error(`${name}: expected shape [${channels}], received [${tensor.shape.join(', ')}]`);
  }
}

/**
 * Batch normalisation with the statistics of the batch: γ·(x − μ)/√(σ² + ε) + β.
 *
 * It is differentiable any number of times in x, γ and β.
 *
 * @param x `[batch, …, channels]`.
 * @param affine Scale γ and offset β, `[channels]`; each may be missing.
 * @param epsilon ε, default 1e-3 (Keras).
 * @returns The normalised tensor, and mean and biased variance of the batch (no gradient flows through these two).
 * @throws Error if scale or offset are not `[channels]`.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { batchNormalization } from 'model-patching/layers';
 * const x = tf.tensor2d([[1], [3]]);
 * const { output, mean, variance } = batchNormalization(x, {}, 0);
 * if (output.dataSync().join() !== '-1,1' || mean.dataSync()[0] !== 2) throw new Error('not normalised');
 * tf.dispose([x, output, mean, variance]);
 * ```
 */
export function batchNormalization<T extends tf.Tensor>(
  x: T,
  affine: Affine,
  epsilon = 1e-3,
): BatchNormalized<T> {
  checkChannels(x, { scale: affine.scale, offset: affine.offset });
  return tf.tidy(() => {
    const { output, mean, variance } = batchNormalized(protectedInput(x), protectedAffine(affine), epsilon);
    return { output: output as T, mean: protectedOutput(mean), variance: protectedOutput(variance) };
  });
}

const protectedAffine = ({ scale, offset }: Affine): Affine => ({
  scale: scale && protectedInput(scale),
  offset,
});

/** {@link batchNormalization} without its checks; it holds its arguments and the moments, see {@link operation}. */
export function batchNormalized(x: tf.Tensor, affine: Affine, epsilon: number): BatchNormalized<tf.Tensor> {
  const { output, ...batch } = unrecorded(() => {
    const { scale, offset } = affine;
    const [y, mean, variance] = fused('BatchNormalization', { x, scale, offset }, { epsilon }) ?? [];
    const batch = y ? { mean: mean!, variance: variance! } : moments(x, 'batch');
    return { output: y, ...batch } as { output?: tf.Tensor; mean: tf.Tensor1D; variance: tf.Tensor1D };
  });
  return { output: standardize(x, batch, affine, epsilon, 'batch', output), ...batch };
}

/**
 * Batch normalisation with given statistics, which count as constants: γ·(x − mean)/√(variance + ε) + β.
 *
 * @param x `[batch, …, channels]`.
 * @param statistics Moving mean and variance, `[channels]` each.
 * @param affine Scale γ and offset β, `[channels]`; each may be missing.
 * @param epsilon ε, default 1e-3 (Keras).
 * @returns The shape of `x`.
 * @throws Error if one of the tensors is not `[channels]`.
 */
export function batchNormalizationWith<T extends tf.Tensor>(
  x: T,
  { mean, variance }: { readonly mean: tf.Tensor; readonly variance: tf.Tensor },
  affine: Affine,
  epsilon = 1e-3,
): T {
  checkChannels(x, { scale: affine.scale, offset: affine.offset, mean, variance });
  return tf.tidy(
    () =>
      standardizedWith(
        protectedInput(x),
        { mean: protectedInput(mean), variance: protectedInput(variance) },
        protectedAffine(affine),
        epsilon,
      ) as T,
  );
}

/** {@link batchNormalizationWith} without its checks; it holds its arguments, see {@link operation}. */
export function standardizedWith(x: tf.Tensor, given: Moments, affine: Affine, epsilon: number): tf.Tensor {
  const { scale, offset } = affine;
  return operation({ x, scale, offset }, () => ({
    output: affineStandardized(x, given, affine, epsilon),
    held: [x, given.mean, given.variance, ...(scale ? [scale] : [])],
    gradients: (dy) => ({
      x: () => affineStandardized(dy, { variance: given.variance }, { scale }, epsilon),
      scale: () => channelSum(dy.mul(affineStandardized(x, given, {}, epsilon)), 'batch'),
      offset: () => channelSum(dy, 'batch'),
    }),
  }));
}

/** The moving statistics of one layer, `[channels]` each, and a batch to move them by. */
export interface MovingUpdate {
  readonly moving: Moments;
  readonly batch: BatchNormalized<tf.Tensor>;
  /** m; default 0.99 (Keras). */
  readonly momentum?: number;
}

/**
 * Moving statistics of any number of layers after a batch: m·moving + (1 − m)·batch, with the unbiased variance for
 * images. All are joined in one vector, for six kernel calls altogether. They are constants of a gradient.
 *
 * @param updates One for each layer.
 * @returns Moving mean and variance after, in the same order.
 */
export function movingStatistics(
  updates: readonly MovingUpdate[],
): { mean: tf.Tensor; variance: tf.Tensor }[] {
  if (updates.length === 0) return [];
  const sizes = updates.flatMap(({ moving }) => [moving.mean.size, moving.variance.size]);
  const perElement = (value: (update: MovingUpdate) => [mean: number, variance: number]): tf.Tensor1D =>
    tf.tensor1d(updates.flatMap((u) => value(u).flatMap((v) => Array<number>(u.moving.mean.size).fill(v))));
  return unrecorded(() => {
    const joined = (moments: (update: MovingUpdate) => Moments): tf.Tensor =>
      tf.concat(updates.map(moments).flatMap(({ mean, variance }) => [mean, variance]));
    const kept = perElement(({ momentum = 0.99 }) => [momentum, momentum]);
    const entering = perElement(({ momentum = 0.99, batch: { output } }) => {
      const count = output.size / output.shape[output.rank - 1]!;
      const unbiased = output.rank === 4 ? count / Math.max(1, count - 1) : 1;
      return [1 - momentum, (1 - momentum) * unbiased];
    });
    const after = tf.split(
      joined(({ moving }) => moving)
        .mul(kept)
        .add(joined(({ batch }) => batch).mul(entering)),
      sizes,
    );
    return updates.map((_, i) => ({ mean: after[2 * i]!, variance: after[2 * i + 1]! }));
  });
}
