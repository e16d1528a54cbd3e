/**
 * Adam (Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015), in the form before section 2.1
 * of the paper that Keras implements. Both bias corrections go into the learning rate and ε stands outside them.
 * So ε acts as ε·√(1 − β₂ᵗ)⁻¹ on the paper's scale, which matters in the first steps.
 */
import * as tf from '@tensorflow/tfjs';
import { elementwise } from './elementwise.ts';
import { assertSameShapes, mapNamed } from './named-tensors.ts';
import type { Optimizer } from './optimizer.ts';

/** {@link adam} takes these options. */
export interface AdamOptions {
  /** β₁ in [0, 1), the decay of the mean of gradients; 0.9, and 0.5 as published for CycleGAN. */
  readonly beta1?: number;
  /** β₂ in [0, 1), the decay of the mean of squared gradients; 0.999. */
  readonly beta2?: number;
  /** ε > 0, added to the root of the second moment; 1e-7. */
  readonly epsilon?: number;
}

/**
 * State of {@link adam}; the moments are under the names and of the shapes of the weights. They are kept as sums, whose
 * factors 1 − β go into the learning rate and ε: two operations fewer per tensor.
 */
export type AdamState = {
  /** Number of updates already made. */
  readonly step: tf.Scalar;
  /** The decaying sum of gradients, m/(1 − β₁). */
  readonly firstMoment: tf.NamedTensorMap;
  /** The decaying sum of squared gradients, v/(1 − β₂). */
  readonly secondMoment: tf.NamedTensorMap;
};

/**
 * Adam.
 *
 * m ← m + (1 − β₁)(g − m); v ← v + (1 − β₂)(g² − v); x ← x − η·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m/(√v + ε).
 *
 * @param options Decays and ε.
 * @returns A pure optimizer; ten operations per weight tensor (all vectors are taken together), and nine on scalars.
 * @throws RangeError unless both decays are in [0, 1) and ε > 0.
 * @see Kingma and Ba, ICLR 2015, section 2
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { adam } from 'model-patching/optimizers';
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
        const scale = (1 - beta1) / Math.sqrt(1 - beta2);
        const rate = biasCorrection(step, beta2)
          .sqrt()
          .div(biasCorrection(step, beta1))
          .mul(learningRate)
          .mul(scale);
        const [moved, firstMoment, secondMoment] = elementwise(
          [weights, gradients, state.firstMoment, state.secondMoment],
          (weight, gradient, pastFirst, pastSecond) => {
            const sum = pastFirst.mul(beta1).add(gradient);
            const squares = pastSecond.mul(beta2).add(gradient.square());
            const root = squares.sqrt().add(epsilon / Math.sqrt(1 - beta2));
            return [weight.sub(sum.div(root).mul(rate)), sum, squares] as const;
          },
        );
        return { weights: moved, state: { step, firstMoment, secondMoment } };
      });
    },
  };
}

const biasCorrection = (step: tf.Scalar, beta: number): tf.Tensor => tf.sub(1, tf.pow(beta, step));
