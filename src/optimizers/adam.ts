/**
 * Adam (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015), in the form before section 2.1
 * of the paper that Keras implements: both bias corrections go into the learning rate and ε stands outside them,
 * so that ε acts as ε·√(1 − β₂ᵗ)⁻¹ on the paper's scale, which matters in the first steps.
 */
import * as tf from '@tensorflow/tfjs';
import { assertSameShapes, mapNamed } from './named-tensors.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of {@link adam}. */
export interface AdamOptions {
  /** β₁ in [0, 1), the decay of the mean of gradients; 0.9, and 0.5 as published for CycleGAN. */
  readonly beta1?: number;
  /** β₂ in [0, 1), the decay of the mean of squared gradients; 0.999. */
  readonly beta2?: number;
  /** ε > 0, added to the root of the second moment; 1e-7. */
  readonly epsilon?: number;
}

/** State of {@link adam}; the moments are under the names and of the shapes of the weights. */
export type AdamState = {
  /** Number of updates already made. */
  readonly step: tf.Scalar;
  /** The decaying mean of gradients. */
  readonly firstMoment: tf.NamedTensorMap;
  /** The decaying mean of squared gradients. */
  readonly secondMoment: tf.NamedTensorMap;
};

/**
 * Adam.
 *
 * m ← m + (1 − β₁)(g − m); v ← v + (1 − β₂)(g² − v); x ← x − η·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m/(√v + ε).
 *
 * @param options Decays and ε.
 * @returns A pure optimizer; twelve operations per weight tensor, and eight on scalars.
 * @throws RangeError unless both decays are in [0, 1) and ε > 0.
 * @see Kingma and Ba, ICLR 2015, section 2
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { adam } from 'model-patching';
 * const optimizer = adam({ beta1: 0.5 });
 * const weights = { w: tf.tensor1d([1]) };
 * const state = optimizer.init(weights);
 * const rate = tf.scalar(0.125);
 * const gradients = { w: tf.tensor1d([8]) };
 * const after = optimizer.update(gradients, state, weights, rate);
 * const moved = after.weights.w!.dataSync()[0]!;
 * if (Math.abs(moved - 0.875) > 1e-5) throw new Error('the first step has the length of the rate');
 * tf.dispose([weights, gradients, state, rate, after.weights, after.state]);
 * ```
 */
export function adam({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 }: AdamOptions = {}): Optimizer<AdamState> {
  for (const [name, beta] of Object.entries({ beta1, beta2 }))
    if (!(beta >= 0 && beta < 1))
      throw new RangeError(`${name}: expected a number in [0, 1), received ${beta}`);
  if (!(epsilon > 0)) throw new RangeError(`epsilon: expected a positive number, received ${epsilon}`);
  return {
    init: (weights) => ({
      step: tf.scalar(0),
      firstMoment: mapNamed(weights, (weight) => tf.zerosLike(weight)),
      secondMoment: mapNamed(weights, (weight) => tf.zerosLike(weight)),
    }),
    update(gradients, state, weights, learningRate) {
      assertSameShapes('gradients', gradients, weights);
      assertSameShapes('state.firstMoment', state.firstMoment, weights);
      assertSameShapes('state.secondMoment', state.secondMoment, weights);
      return tf.tidy(() => {
        const step = state.step.add<tf.Scalar>(1);
        const rate = biasCorrection(step, beta2).sqrt().div(biasCorrection(step, beta1)).mul(learningRate);
        const firstMoment = mapNamed(state.firstMoment, (mean, name) =>
          towards(mean, gradients[name]!, 1 - beta1),
        );
        const secondMoment = mapNamed(state.secondMoment, (mean, name) =>
          towards(mean, gradients[name]!.square(), 1 - beta2),
        );
        const moved = mapNamed(weights, (weight, name) =>
          weight.sub(firstMoment[name]!.div(secondMoment[name]!.sqrt().add(epsilon)).mul(rate)),
        );
        return { weights: moved, state: { step, firstMoment, secondMoment } };
      });
    },
  };
}

const towards = (mean: tf.Tensor, value: tf.Tensor, share: number): tf.Tensor =>
  mean.add(value.sub(mean).mul(share));

const biasCorrection = (step: tf.Scalar, beta: number): tf.Tensor => tf.sub(1, tf.pow(beta, step));
