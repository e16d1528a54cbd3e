/**
 * Batch and instance normalisation have a common core: y = γ·x̂ + β, x̂ = (x − μ)/√(σ² + ε). Mean μ and (biased)
 * variance σ² of each channel are over the batch and its pixels (batch normalisation: Ioffe, Szegedy, ICML 2015) or
 * over the pixels of one image (instance normalisation: Ulyanov, Vedaldi, Lempitsky, arXiv 1607.08022).
 *
 * The gradient is the closed form dx = γ/√(σ² + ε) · (dy − (dβ + x̂·dγ)/N), dβ = Σ dy, dγ = Σ dy·x̂. Where it is itself
 * differentiated (a gradient penalty), it takes μ and σ² from x anew, so that its derivative sees them move.
 */
import * as tf from '@tensorflow/tfjs';
import { fused } from './fused-kernels.ts';
import { isRecording, operation } from './operation.ts';

/** What is normalised together: a channel of the whole batch, or of one image of `[batch, pixels, channels]`. */
export type Extent = 'batch' | 'image';

/** Mean and biased variance: `[channels]` each over a batch, `[batch, 1, channels]` over images. */
export interface Moments {
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
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
 * Sum over the middle axis, `[images, 1, channels]`. Products with ones: on the WebAssembly backend a reduction of
 * a middle axis transposes its input first and takes ten times as long. Many numbers in two stages, since backends add
 * one by one in single precision, which loses digits over many thousand pixels.
 */
function middleSum(x: tf.Tensor3D): tf.Tensor3D {
  const [images, count, channels] = x.shape;
  const rows = count > ONE_STAGE ? innerDivisor(count) : 1;
  const total = (t: tf.Tensor3D): tf.Tensor3D => tf.matMul(tf.ones<tf.Rank.R3>([1, 1, t.shape[1]]), t);
  if (rows === 1) return total(x);
  const partial = total(x.reshape([images, rows, (count / rows) * channels]));
  return total(partial.reshape([images, count / rows, channels]));
}

const leadingAxes = (x: tf.Tensor): number[] => x.shape.slice(0, -1).map((_, axis) => axis);

/** Sum of each channel, of the shape of {@link Moments}. */
export const channelSum = (x: tf.Tensor, extent: Extent): tf.Tensor =>
  extent === 'batch' ? x.sum(leadingAxes(x)) : middleSum(x as tf.Tensor3D);

/** The number of elements that one mean is taken over. */
const elements = (x: tf.Tensor, extent: Extent): number =>
  extent === 'batch' ? x.size / x.shape[x.rank - 1]! : x.shape[1]!;

const channelMean = (x: tf.Tensor, extent: Extent): tf.Tensor =>
  extent === 'batch' ? x.mean(leadingAxes(x)) : middleSum(x as tf.Tensor3D).mul(1 / elements(x, extent));

/** Mean and biased variance of each channel. */
export function moments(x: tf.Tensor, extent: Extent): Moments {
  const mean = channelMean(x, extent);
  // tfjs's squared difference forgets, in its gradient, that it broadcast.
  const deviation = isRecording() ? x.sub(mean).square() : tf.squaredDifference(x, mean);
  return { mean, variance: channelMean(deviation, extent) };
}

const present = (tensors: Readonly<Record<string, tf.Tensor | undefined>>): tf.NamedTensorMap =>
  Object.fromEntries(
    Object.entries(tensors).filter(([, tensor]) => tensor !== undefined),
  ) as tf.NamedTensorMap;

/** γ·(x − μ)/√(σ² + ε) + β; one kernel over a batch, unless it is to be differentiated. A missing mean is 0. */
export function affineStandardized(
  x: tf.Tensor,
  { mean, variance }: { readonly mean?: tf.Tensor; readonly variance: tf.Tensor },
  { scale, offset }: Affine,
  epsilon: number,
): tf.Tensor {
  if (variance.rank === 1 && !isRecording()) {
    // The kernel knows images only on some backends.
    const images = x.rank === 4 ? x : x.reshape([-1, 1, 1, variance.size]);
    const y = tf
      .engine()
      .runKernel<tf.Tensor>(
        'FusedBatchNorm',
        { x: images, mean: mean ?? tf.zeros([variance.size]), variance, ...present({ scale, offset }) },
        { varianceEpsilon: epsilon },
      );
    return x.rank === 4 ? y : y.reshape(x.shape);
  }
  const inverse = variance.add(epsilon).rsqrt();
  const y = (mean ? x.sub(mean) : x).mul(scale ? inverse.mul(scale) : inverse);
  return offset ? y.add(offset) : y;
}

/** A gradient of the shape of {@link Moments} as one of scale or offset. */
const perChannel = (gradient: tf.Tensor): tf.Tensor =>
  gradient.rank === 1 ? gradient : gradient.sum(0).reshape([gradient.shape[2]!]);

/**
 * γ·(x − μ)/√(σ² + ε) + β, differentiable any number of times in x, γ and β.
 *
 * @param x `[batch, …, channels]`, or `[batch, pixels, channels]` for images.
 * @param batch The moments of `x`; the gradient goes through them although they are given.
 * @param affine Scale and offset, `[channels]` each.
 * @param epsilon ε > 0.
 * @param extent What the moments were taken over.
 * @param output The value where it is known.
 * @returns The shape of `x`. Holds all of its arguments, see {@link operation}.
 */
export function standardize(
  x: tf.Tensor,
  batch: Moments,
  affine: Affine,
  epsilon: number,
  extent: Extent,
  output?: tf.Tensor,
): tf.Tensor {
  const { scale, offset } = affine;
  return operation({ x, scale, offset }, () => ({
    output: output ?? affineStandardized(x, batch, affine, epsilon),
    held: [x, batch.mean, batch.variance, ...(scale ? [scale] : [])],
    gradients(dy) {
      const known = extent === 'batch' && !isRecording();
      const [dx, dScale, dOffset] =
        (known && fused('BatchNormalizationGradient', { dy, x, ...batch, scale }, { epsilon })) ||
        composedGradients(dy, x, isRecording() ? moments(x, extent) : batch, scale, epsilon, extent);
      return { x: () => dx!, scale: () => perChannel(dScale!), offset: () => perChannel(dOffset!) };
    },
  }));
}

/** dx, dγ and dβ, the last two of the shape of {@link Moments}. */
function composedGradients(
  dy: tf.Tensor,
  x: tf.Tensor,
  batch: Moments,
  scale: tf.Tensor | undefined,
  epsilon: number,
  extent: Extent,
): tf.Tensor[] {
  return tf.tidy(() => {
    const standardized = affineStandardized(x, batch, {}, epsilon);
    const dOffset = channelSum(dy, extent);
    const dScale = channelSum(dy.mul(standardized), extent);
    const shared =
      dScale.rank === 1
        ? affineStandardized(x, batch, { scale: dScale, offset: dOffset }, epsilon)
        : standardized.mul(dScale).add(dOffset);
    const moving = dy.sub(shared.mul(1 / elements(x, extent)));
    return [affineStandardized(moving, { variance: batch.variance }, { scale }, epsilon), dScale, dOffset];
  });
}
