/**
 * The common core of batch and instance normalisation: y = γ·(x − μ)/√(σ² + ε) + β with mean μ and (biased)
 * variance σ² of the middle axis of `[groups, count, channels]`. Batch normalisation (Ioffe, Szegedy, ICML 2015)
 * has one group, instance normalisation (Ulyanov, Vedaldi, Lempitsky, arXiv 1607.08022) one per image.
 *
 * The gradient is the closed form dx = γ/√(σ² + ε) · (dy − mean dy − x̂·mean(dy·x̂)). Where it is itself
 * differentiated (a gradient penalty), it takes μ and σ² from x anew, so that its derivative sees them move.
 */
import * as tf from '@tensorflow/tfjs';

/** Mean and biased variance over the middle axis, `[groups, 1, channels]` each. */
export interface Moments {
  readonly mean: tf.Tensor3D;
  readonly variance: tf.Tensor3D;
}

/** Learnt scale γ and offset β, `[channels]` each; a missing one is 1 or 0. */
export interface Affine {
  readonly scale?: tf.Tensor | undefined;
  readonly offset?: tf.Tensor | undefined;
}

/** Up to here a plain sum keeps a relative error of about √4096 · 2⁻²⁴ = 4e-6. */
const ONE_STAGE = 4096;

/** The largest divisor of `n` that is at most √n. */
function innerDivisor(n: number): number {
  let divisor = Math.floor(Math.sqrt(n));
  while (n % divisor !== 0) divisor--;
  return divisor;
}

/**
 * Sum over the middle axis, `[groups, 1, channels]`. Products with ones: on the WebAssembly backend a reduction of
 * outer axes transposes its input first and takes ten times as long. Many numbers in two stages, since backends add
 * one by one in single precision, which loses digits over many thousand pixels.
 *
 * @param factor Multiplies the sum.
 */
export function middleSum(x: tf.Tensor3D, factor = 1): tf.Tensor3D {
  const [groups, count, channels] = x.shape;
  const rows = count > ONE_STAGE ? innerDivisor(count) : 1;
  const total = (t: tf.Tensor3D, weight: number): tf.Tensor3D =>
    tf.matMul(tf.fill<tf.Rank.R3>([1, 1, t.shape[1]], weight), t);
  if (rows === 1) return total(x, factor);
  const partial = total(x.reshape([groups, rows, (count / rows) * channels]), 1);
  return total(partial.reshape([groups, count / rows, channels]), factor);
}

const middleMean = (x: tf.Tensor3D): tf.Tensor3D => middleSum(x, 1 / x.shape[1]);

/** Mean and biased variance over the middle axis of `[groups, count, channels]`; no gradient is to go through them. */
export function moments(x: tf.Tensor3D): Moments {
  const mean = middleMean(x);
  return { mean, variance: middleMean(tf.squaredDifference(x, mean)) };
}

/**
 * The moments by operations that can be differentiated: tfjs's squared difference forgets, in its gradient, that it
 * broadcast.
 */
function differentiableMoments(x: tf.Tensor3D): Moments {
  const mean = middleMean(x);
  return { mean, variance: middleMean(x.sub<tf.Tensor3D>(mean).square()) };
}

/**
 * Whether the operations of a gradient function are being recorded, i.e. will be differentiated in their turn.
 * Only in the outermost backward pass nothing records any more.
 */
const isRecording = (): boolean => tf.engine().state.gradientDepth > 0;

/** Splits what a custom gradient's inputs or saved tensors hold after the first. */
export function unpackAffine(tensors: readonly tf.Tensor[], affine: Affine): Affine {
  return {
    scale: affine.scale && tensors[0],
    offset: affine.offset && tensors[affine.scale ? 1 : 0],
  };
}

/** The gradients of scale and offset that exist, in the order of the inputs. */
export function affineGradients(
  scale: () => tf.Tensor,
  offset: () => tf.Tensor,
  affine: Affine,
): tf.Tensor[] {
  const shaped = (gradient: tf.Tensor): tf.Tensor =>
    (gradient.shape[0] === 1 ? gradient : gradient.sum(0)).reshape([gradient.shape[gradient.rank - 1]!]);
  return [...(affine.scale ? [shaped(scale())] : []), ...(affine.offset ? [shaped(offset())] : [])];
}

/** y = x̂·γ + β given the moments; one kernel where there is one group. */
function affineStandardized(
  x: tf.Tensor3D,
  { mean, variance }: Moments,
  affine: Affine,
  epsilon: number,
): tf.Tensor3D {
  const channels = x.shape[2];
  if (x.shape[0] === 1) {
    const perChannel = (t: tf.Tensor): tf.Tensor1D => t.reshape([channels]);
    return tf.batchNorm(
      x,
      perChannel(mean),
      perChannel(variance),
      affine.offset as tf.Tensor1D | undefined,
      affine.scale as tf.Tensor1D | undefined,
      epsilon,
    );
  }
  const inverse = variance.add(epsilon).rsqrt();
  const y = x.sub(mean).mul<tf.Tensor3D>(affine.scale ? inverse.mul(affine.scale) : inverse);
  return affine.offset ? y.add(affine.offset) : y;
}

/**
 * γ·(x − μ)/√(σ² + ε) + β, differentiable any number of times in x, γ and β.
 *
 * @param x `[groups, count, channels]`.
 * @param batch The moments of `x`; the gradient goes through them although they are given.
 * @param affine Scale and offset, `[channels]` each.
 * @param epsilon ε > 0.
 * @returns The shape of `x`.
 */
export function standardize(x: tf.Tensor3D, batch: Moments, affine: Affine, epsilon: number): tf.Tensor3D {
  const inputs = [x, ...[affine.scale, affine.offset].filter((t): t is tf.Tensor => t !== undefined)];
  const operation = tf.customGrad((...args: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const save = args[inputs.length] as tf.GradSaveFunc;
    save([x, batch.mean, batch.variance, ...(affine.scale ? [affine.scale] : [])]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const input = saved[0] as tf.Tensor3D;
      const { mean, variance } = isRecording()
        ? differentiableMoments(input)
        : { mean: saved[1] as tf.Tensor3D, variance: saved[2] as tf.Tensor3D };
      const scale = saved[3];
      const inverse = variance.add(epsilon).rsqrt();
      const gain = scale ? inverse.mul(scale) : inverse;
      const centred = input.sub<tf.Tensor3D>(mean);
      const offsetGradient = middleSum(dy as tf.Tensor3D);
      const scaleGradient = middleSum(dy.mul(centred)).mul(inverse);
      const share = gain.div(input.shape[1]);
      const dx = dy
        .mul(gain)
        .sub(centred.mul(scaleGradient.mul(inverse).mul(share)).add(offsetGradient.mul(share)));
      return [
        dx,
        ...affineGradients(
          () => scaleGradient,
          () => offsetGradient,
          affine,
        ),
      ];
    };
    return { value: affineStandardized(x, batch, affine, epsilon), gradFunc };
  });
  return operation(...inputs) as tf.Tensor3D;
}
