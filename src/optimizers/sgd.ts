/**
 * Stochastic gradient descent with momentum (Polyak, 1964), in Nesterov's form as rewritten by Sutskever,
 * Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning", ICML 2013, has
 * the learning rate inside the velocity, as in Keras. A change of the rate does not rescale the past.
 */
import * as tf from '@tensorflow/tfjs';
import { elementwise } from './elementwise.ts';
import { assertSameShapes, mapNamed } from './named-tensors.ts';
import type { Optimizer } from './optimizer.ts';

/** {@link sgd} takes these options. */
export interface SgdOptions {
  /** μ in [0, 1); 0.9 as published for model patching. */
  readonly momentum?: number;
  /** Whether the step looks ahead along the velocity; true as published. */
  readonly nesterov?: boolean;
}

/** State of {@link sgd}. */
export type SgdState = {
  /** Under the names and of the shapes of the weights. */
  readonly velocity: tf.NamedTensorMap;
};

/**
 * Gradient descent with momentum.
 *
 * v ← μv − ηg; then x ← x + μv − ηg (Nesterov) or x ← x + v.
 *
 * @param options Momentum and form.
 * @returns A pure optimizer; six operations per weight tensor (four without Nesterov; all vectors are taken together).
 * @throws RangeError unless `momentum` is in [0, 1).
 * @see Sutskever et al., ICML 2013, equations 1–4
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { sgd } from 'model-patching/optimizers';
 * const optimizer = sgd({ momentum: 0.5, nesterov: false });
 * const weights = { w: tf.tensor1d([1, 2]) };
 * const state = optimizer.init(weights);
 * const rate = tf.scalar(0.25);
 * const gradients = { w: tf.tensor1d([4, 0]) };
 * const after = optimizer.update(gradients, state, weights, rate);
 * if (after.weights.w!.dataSync().join() !== '0,2') throw new Error('1 − 0.25 · 4 is 0');
 * tf.dispose([weights, gradients, state, rate, after.weights, after.state]);
 * ```
 */
export function sgd({ momentum = 0.9, nesterov = true }: SgdOptions = {}): Optimizer<SgdState> {
  if (!(momentum >= 0 && momentum < 1))
    throw new RangeError(`momentum: expected a number in [0, 1), received ${momentum}`);
  return {
    init: (weights) => ({ velocity: mapNamed(weights, (weight) => tf.zerosLike(weight)) }),
    update(gradients, state, weights, learningRate) {
      assertSameShapes('gradients', gradients, weights);
      assertSameShapes('state.velocity', state.velocity, weights);
      return tf.tidy(() => {
        const [moved, velocity] = elementwise(
          [weights, gradients, state.velocity],
          (weight, gradient, past) => {
            const descent = gradient.mul(learningRate);
            const present = past.mul(momentum).sub(descent);
            const change = nesterov ? present.mul(momentum).sub(descent) : present;
            return [weight.add(change), present] as const;
          },
        );
        return { weights: moved, state: { velocity } };
      });
    },
  };
}
