/**
 * A network as a pure function. `tf.LayersModel` holds the structure and a set of weights; a pass may use other
 * weights, draws its dropout masks from a key, and returns the moving statistics instead of changing them
 * (`model.apply(x, { training: true })` changes them as a side effect).
 */
import type * as tf from '@tensorflow/tfjs';
import type { RandomKey } from '../random/random.ts';

/** The tensors of a network, by name (`<layer>/<weight>`), trainable ones apart from moving statistics. */
export type NetworkWeights = {
  readonly trainable: tf.NamedTensorMap;
  readonly statistics: tf.NamedTensorMap;
};

/** How a pass is run. */
export interface ForwardContext {
  /**
   * `train`: batch statistics, dropout, new moving statistics returned. `infer`: moving statistics, no dropout.
   * `translate`: as published for stage-1 outputs: batch statistics and dropout, moving statistics untouched.
   */
  readonly mode: 'train' | 'infer' | 'translate';
  /** Source of the dropout masks. Without `key` and `masks` dropout is off. */
  readonly key?: RandomKey;
  /** Ready-made dropout masks from {@link Network.masks}: as inputs of a step they are not baked into it. */
  readonly masks?: tf.NamedTensorMap;
  /** Weights to use in place of the model's own. */
  readonly weights?: NetworkWeights;
}

/** Output of a pass; both are owned by the caller. */
export interface ForwardResult {
  readonly output: tf.Tensor;
  /** In `train` mode every moving statistic after the pass, otherwise empty. */
  readonly statistics: tf.NamedTensorMap;
}

/** A network; see `networkFromModel` of `model-patching/models`. */
export interface Network {
  /** Structure and own weights. It is a usual `tf.LayersModel`: save, load, summary, predict all work. */
  readonly model: tf.LayersModel;
  /** One pass. */
  forward(x: tf.Tensor, context: ForwardContext): ForwardResult;
  /** Copies of the model's own weights, owned by the caller. */
  weights(): NetworkWeights;
  /** Dropout masks of one pass over a batch (0 or 1/(1 − rate)), one per dropout layer, owned by the caller. */
  masks(key: RandomKey, batchSize: number): tf.NamedTensorMap;
}
