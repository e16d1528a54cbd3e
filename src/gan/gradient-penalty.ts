/**
 * A discriminator whose slope is bounded cannot tell real from generated images by a cliff between them, and its
 * gradient stays of use to the generator. Two of the penalties draw points near the data and ask for a gradient norm
 * of 1 there: WGAN-GP on the lines between real and generated images (Gulrajani et al., "Improved training of
 * Wasserstein GANs", NeurIPS 2017), DRAGAN around the real ones (Kodali et al., "On convergence and stability of
 * GANs", 2017). R1 asks for a gradient of 0 at the real images themselves (Mescheder et al., "Which training methods
 * for GANs do actually converge?", ICML 2018).
 *
 * The penalty is itself differentiated, so the discriminator must consist of operations with second-order
 * gradients: write leaky ReLU as relu(x) − α·relu(−x), and use no max pooling.
 */
import * as tf from '@tensorflow/tfjs';
import { foldKey, randomKey, uniform, type RandomKey } from '../random/random.ts';
import { orderTape } from './tape-order.ts';

/**
 * Uniform draws from [0, 1): `alpha` is `[batch, 1, 1, 1]`, `beta` (DRAGAN only) has the shape of the images. R1 draws
 * nothing; `times` is a scalar that multiplies it, for steps that stand for several.
 */
export type PenaltyDraws = {
  readonly alpha?: tf.Tensor;
  readonly beta?: tf.Tensor;
  readonly times?: tf.Scalar;
};

/** The forms of the penalty. */
export type PenaltyKind = 'wgan-gp' | 'dragan' | 'r1';

/** Options of {@link gradientPenalty}. */
export interface GradientPenaltyOptions {
  /** Where the points are drawn. */
  readonly kind: PenaltyKind;
  /** λ, 10 unless given, as published. */
  readonly scale?: number;
  /** The draws, or a seed for them. In a compiled step pass tensors: a seed's draws would be the same each step. */
  readonly draws: { readonly seed: number } | PenaltyDraws;
}

/**
 * The penalty on the slope of a discriminator.
 *
 * λ·mean_b (‖∂s_b/∂x̂_b‖₂ − 1)², s_b the mean of the discriminator's outputs for example b. `wgan-gp`:
 * x̂ = real + α(fake − real). `dragan`: x̂ = real + α·½σβ, σ the standard deviation of all of `real`.
 * `r1`: λ/2·times·mean_b ‖∂s_b/∂real‖₂².
 *
 * @param discriminator Images to outputs `[batch, …]`. If it couples the examples (batch normalisation in training
 *   mode), ∂Σs/∂x̂ is taken.
 * @param real `[batch, height, width, channels]`.
 * @param fake The same shape; its values are used by `wgan-gp` only.
 * @param options Kind, scale and draws.
 * @returns A scalar that may be differentiated with respect to the discriminator's weights; finite where a norm is 0.
 * @throws Error if the kind is none of these, `real` is not of rank 4, the shape of `fake` or of the draws does not fit, or one is missing.
 * @see Gulrajani et al., 2017, equation 3; Kodali et al., 2017, equation 4; Mescheder et al., 2018, equation 9
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { gradientPenalty } from 'model-patching';
 * const real = tf.zeros<tf.Rank.R4>([2, 1, 1, 1]);
 * const fake = tf.ones<tf.Rank.R4>([2, 1, 1, 1]);
 * const penalty = gradientPenalty((x) => x.mul(3), real, fake, { kind: 'wgan-gp', draws: { seed: 1 } });
 * if (Math.abs(penalty.dataSync()[0]! - 40) > 1e-4) throw new Error('10 · (3 − 1)²');
 * tf.dispose([real, fake, penalty]);
 * ```
 */
export function gradientPenalty(
  discriminator: (x: tf.Tensor4D) => tf.Tensor,
  real: tf.Tensor4D,
  fake: tf.Tensor4D,
  { kind, scale = 10, draws }: GradientPenaltyOptions,
): tf.Scalar {
  if (!['wgan-gp', 'dragan', 'r1'].includes(kind))
    throw new Error(`kind: expected wgan-gp, dragan or r1, received ${String(kind)}`);
  if (real.rank !== 4)
    throw new Error(
      `real: expected shape [batch, height, width, channels], received [${(real as tf.Tensor).shape.join(', ')}]`,
    );
  assertShape('fake', fake, real.shape);
  return tf.tidy(() => {
    const batchSize = real.shape[0];
    const drawn = 'seed' in draws ? seededDraws(draws.seed, real, kind) : draws;
    const slope = tf.grad((x) => {
      const outputs = discriminator(x as tf.Tensor4D);
      if (outputs.shape[0] !== batchSize)
        throw new Error(
          `discriminator: expected outputs of shape [${batchSize}, …], received [${outputs.shape.join(', ')}]`,
        );
      return outputs.mean().mul(batchSize);
    })(penaltyPoints(kind, real, fake, drawn));
    orderTape();
    if (kind === 'r1') {
      const squares = slope
        .square()
        .sum([1, 2, 3])
        .mean()
        .mul<tf.Scalar>(scale / 2);
      return drawn.times === undefined ? squares : squares.mul<tf.Scalar>(drawn.times);
    }
    // The offset is far below rounding at norms near 1 and keeps the derivative of the root finite at 0.
    const norms = slope.square().sum([1, 2, 3]).add(1e-12).sqrt();
    return norms.sub(1).square().mean().mul<tf.Scalar>(scale);
  });
}

function penaltyPoints(
  kind: PenaltyKind,
  real: tf.Tensor4D,
  fake: tf.Tensor4D,
  { alpha, beta }: PenaltyDraws,
): tf.Tensor4D {
  if (kind === 'r1') return real;
  if (alpha === undefined)
    throw new Error(`draws.alpha: expected shape [${real.shape[0]}, 1, 1, 1], received none`);
  assertShape('draws.alpha', alpha, [real.shape[0], 1, 1, 1]);
  if (kind === 'wgan-gp') return real.add(fake.sub(real).mul(alpha));
  if (beta === undefined)
    throw new Error(`draws.beta: expected shape [${real.shape.join(', ')}], received none`);
  assertShape('draws.beta', beta, real.shape);
  const deviation = real.sub(real.mean()).square().mean().sqrt();
  return real.add(beta.mul(deviation.mul(0.5)).mul(alpha));
}

/** Draws of a seed: a pure function of it and of the shape of the images. */
function seededDraws(seed: number, real: tf.Tensor4D, kind: PenaltyKind): PenaltyDraws {
  return penaltyDraws(foldKey(randomKey(seed), 'gradient penalty'), real.shape, kind);
}

/**
 * The draws of a penalty from a key.
 *
 * @param key Used for nothing else.
 * @param shape Of the real images, `[batch, height, width, channels]`.
 * @param kind Only `dragan` has a `beta`; `r1` has `times` alone.
 * @param times How many steps the penalty of this one stands for (`r1`), 1 unless given.
 * @returns Tensors owned by the caller.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { penaltyDraws } from 'model-patching/gan';
 * import { randomKey } from 'model-patching/random';
 * const draws = penaltyDraws(randomKey(1), [2, 4, 4, 1], 'dragan');
 * if (draws.beta!.shape.join() !== '2,4,4,1') throw new Error('one draw a pixel');
 * tf.dispose({ ...draws });
 * ```
 */
export function penaltyDraws(
  key: RandomKey,
  shape: readonly [number, number, number, number],
  kind: PenaltyKind,
  times = 1,
): PenaltyDraws {
  if (kind === 'r1') return { times: tf.scalar(times) };
  const alpha = tf.tensor4d(uniform(foldKey(key, 'alpha'), shape[0]), [shape[0], 1, 1, 1]);
  if (kind === 'wgan-gp') return { alpha };
  return {
    alpha,
    beta: tf.tensor4d(uniform(foldKey(key, 'beta'), tf.util.sizeFromShape([...shape])), [...shape]),
  };
}

function assertShape(argument: string, tensor: tf.Tensor, expected: readonly number[]): void {
  if (!tf.util.arraysEqual(tensor.shape, [...expected]))
    throw new Error(
      `${argument}: expected shape [${expected.join(', ')}], received [${tensor.shape.join(', ')}]`,
    );
}
