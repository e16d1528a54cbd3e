/**
 * Optimizers as pure functions: an update rule takes gradients, its own state and the weights, and returns new
 * weights and a new state. Nothing is changed in place, so that a whole training step stays a function of its
 * state and batch, and a checkpoint is that state.
 */
import type * as tf from '@tensorflow/tfjs';
import type { TensorTree } from '../tensor-tree.ts';

/** Weights and state after an update; both are owned by the caller. */
export interface OptimizerUpdate<State extends TensorTree> {
  /** Under the names and of the shapes of the weights before. */
  readonly weights: tf.NamedTensorMap;
  readonly state: State;
}

/** An update rule; see {@link sgd} and {@link adam}. */
export interface Optimizer<State extends TensorTree> {
  /**
   * The state before the first update.
   *
   * @param weights The trainable weights by name; only their names and shapes matter.
   * @returns Owned by the caller.
   */
  init(weights: tf.NamedTensorMap): State;
  /**
   * One update.
   *
   * @param gradients One for each weight, of its name and shape.
   * @param state The state after the previous update.
   * @param weights The weights before this update.
   * @param learningRate A scalar tensor, so that a schedule is an input of a compiled step.
   * @returns New tensors; the arguments are left as they are.
   * @throws Error if the gradients' names or shapes are not those of the weights.
   */
  update(
    gradients: tf.NamedTensorMap,
    state: State,
    weights: tf.NamedTensorMap,
    learningRate: tf.Scalar,
  ): OptimizerUpdate<State>;
}
