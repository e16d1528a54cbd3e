/** What a step of stage 2 is made of, what it changes, what it is given, and what it tells. */
import type * as tf from '@tensorflow/tfjs';
import type { ConsistencyDivergence, ConsistencyReduction } from '../consistency.ts';
import type { AugmentationTraining, GroupTable } from '../groups.ts';
import type { InvarianceForm } from '../invariance.ts';
import type { Network } from '../models/network.ts';
import type { GroupObjective, ObjectiveState } from '../objectives.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import type { TensorTree } from '../tensor-tree.ts';

/** The consistency part of a loss, λ · D. */
export interface ConsistencyTerm {
  /** `camelConsistency` or one of its kin, given logits. */
  readonly divergence: ConsistencyDivergence;
  /** λ ≥ 0. */
  readonly weight: number;
  /** How examples are summed up, default `sumOfGroupMeans` as published. */
  readonly reduction?: ConsistencyReduction;
}

/** Options of `robustStep`. */
export interface RobustStepOptions<Slots extends TensorTree, Adversary extends ObjectiveState> {
  /** A classifier with logits out. */
  readonly network: Pick<Network, 'forward'>;
  /**
   * The groups of the objective. Where translations are trained on, it lists them as groups of their own, see
   * `withVariants`; a batch gives the groups of the originals in either case.
   */
  readonly table: GroupTable;
  /** Built on the same table. */
  readonly objective: GroupObjective<Adversary>;
  /** The update rule. */
  readonly optimizer: Optimizer<Slots>;
  /** By default there is none. */
  readonly consistency?: ConsistencyTerm;
  /** rate of rate · Σ ½‖w‖² over all trainable weights, a part of the loss; default 0. */
  readonly weightDecay?: number;
  /** Largest global norm of the gradient; by default it is not clipped. */
  readonly maxGradientNorm?: number;
  /** Adds a batch's `invarianceWeight` times the invariance penalty of each group to its loss; default none. */
  readonly invariance?: InvarianceForm;
  /** What the objective sees; default `original`. */
  readonly augmentationTraining?: AugmentationTraining;
  /**
   * How many parts a batch passes in, one after the other, so that only one part's activations are in memory; default 1.
   * Their gradients are accumulated to that of the whole batch, to rounding. Batch normalisation alone sees each part
   * for itself. An objective whose weights follow the losses, such as group DRO, takes a second pass over each part.
   */
  readonly accumulate?: number;
}

/** Everything that a step changes, owned by the caller. */
export type RobustState<Slots extends TensorTree, Adversary extends ObjectiveState> = {
  /** The network's trainable weights. */
  readonly trainable: tf.NamedTensorMap;
  /** The network's moving statistics. */
  readonly statistics: tf.NamedTensorMap;
  /** The optimizer's slots. */
  readonly optimizer: Slots;
  /** The objective's state. */
  readonly adversary: Adversary;
};

/** What a step is given, owned by the caller. */
export type RobustBatch = {
  /** `[(1 + k)·B, …]`: the B originals, then the first translation of each, then the second, … */
  readonly images: tf.Tensor;
  /** `[B]`, integers in [0, classes); any other label makes the losses NaN. */
  readonly labels: tf.Tensor1D;
  /** `[B]`, the group of each original; −1: none. Any other number that is no group makes the losses NaN. */
  readonly groups: tf.Tensor1D;
  /** A scalar tensor, so that a schedule is an input of a compiled step. */
  readonly learningRate: tf.Scalar;
  /** Dropout masks of the pass over all images; without them dropout is off. */
  readonly masks?: tf.NamedTensorMap;
  /** Weight of the invariance penalty, where there is one; default 0. */
  readonly invarianceWeight?: tf.Scalar;
};

/** What a step tells, owned by the caller. */
export type RobustLosses = {
  /** What was differentiated: `robust + decay + consistency`. */
  readonly loss: tf.Scalar;
  /** The objective's value. */
  readonly robust: tf.Scalar;
  /** λ · D. */
  readonly consistency: tf.Scalar;
  /** rate · Σ ½‖w‖², of the weights before the step. */
  readonly decay: tf.Scalar;
  /** Mean cross-entropy of each group of the table, with its invariance penalty, `[groups]`; 0 if absent. */
  readonly groupMeans: tf.Tensor1D;
  /** Number of its examples, `[groups]`. */
  readonly groupCounts: tf.Tensor1D;
  /** ‖g‖ before clipping. */
  readonly gradientNorm: tf.Scalar;
  /** The adversary's distribution after the step, `[groups]`, where the objective has one. */
  readonly adversaryWeights?: tf.Tensor1D;
};
