/**
 * Batch normalisation (Ioffe, Szegedy, ICML 2015) as Keras computes it: normalised with the biased variance of the
 * batch; the moving variance takes the unbiased one for images (N/(N − 1), N = batch·height·width) and the biased
 * one for vectors. Nothing is changed in place: the statistics of the batch are returned.
 */
import * as tf from '@tensorflow/tfjs';
import { affineGradients, middleSum, moments, standardize, type Affine } from './standardization.ts';

/** Output of {@link batchNormalization} with the statistics of the batch, `[channels]` each. */
export interface BatchNormalized<T extends tf.Tensor> {
  readonly output: T;
  readonly mean: tf.Tensor1D;
  /** Biased: divided by N. */
  readonly variance: tf.Tensor1D;
}

const flattened = (x: tf.Tensor): tf.Tensor3D => {
  const channels = x.shape[x.rank - 1]!;
  return x.reshape([1, x.size / channels, channels]);
};

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
 * Differentiable any number of times in x, γ and β.
 *
 * @param x `[batch, …, channels]`.
 * @param affine Scale γ and offset β, `[channels]`; each may be missing.
 * @param epsilon ε, default 1e-3 (Keras).
 * @returns The normalised tensor, and mean and biased variance of the batch (no gradient flows through these two).
 * @throws Error if scale or offset are not `[channels]`.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { batchNormalization } from 'model-patching';
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
    const flat = flattened(x);
    const batch = moments(flat);
    const channels = [flat.shape[2]] as [number];
    return {
      output: standardize(flat, batch, affine, epsilon).reshape(x.shape) as T,
      mean: batch.mean.reshape(channels) as tf.Tensor1D,
      variance: batch.variance.reshape(channels) as tf.Tensor1D,
    };
  });
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
  return tf.tidy(() => {
    const flat = flattened(x);
    const inputs = [flat, ...[affine.scale, affine.offset].filter((t): t is tf.Tensor => t !== undefined)];
    const operation = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
      const save = args[inputs.length] as tf.GradSaveFunc;
      save([flat, mean, variance, ...(affine.scale ? [affine.scale] : [])]);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
        const inverse = saved[2]!.add(epsilon).rsqrt();
        const dx = dy.mul(saved[3] ? inverse.mul(saved[3]) : inverse);
        return [
          dx,
          ...affineGradients(
            () => middleSum(dy.mul(saved[0]!.sub(saved[1]!))).mul(inverse),
            () => middleSum(dy as tf.Tensor3D),
            affine,
          ),
        ];
      };
      const value = tf.batchNorm(
        flat,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        affine.offset as tf.Tensor1D | undefined,
        affine.scale as tf.Tensor1D | undefined,
        epsilon,
      );
      return { value, gradFunc };
    });
    return operation(...inputs).reshape(x.shape) as T;
  });
}

/**
 * Moving statistics after a batch: m·moving + (1 − m)·batch, with the unbiased variance for images.
 *
 * @param moving Moving mean and variance before, `[channels]` each.
 * @param batch What {@link batchNormalization} returned.
 * @param momentum m, default 0.99 (Keras).
 * @returns Moving mean and variance after.
 */
export function movingStatistics(
  moving: { readonly mean: tf.Tensor; readonly variance: tf.Tensor },
  batch: BatchNormalized<tf.Tensor>,
  momentum = 0.99,
): { mean: tf.Tensor; variance: tf.Tensor } {
  const { output } = batch;
  const count = output.size / output.shape[output.rank - 1]!;
  const correction = output.rank === 4 ? count / Math.max(1, count - 1) : 1;
  return tf.tidy(() => ({
    mean: moving.mean.mul(momentum).add(batch.mean.mul(1 - momentum)),
    variance: moving.variance.mul(momentum).add(batch.variance.mul((1 - momentum) * correction)),
  }));
}
