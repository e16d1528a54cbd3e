/**
 * One step of stage 2 as a pure function: a classifier is trained on a robust objective over groups and, for CAMEL, on
 * the consistency of its predictions for an example and for its translations (Goel, Gu, Li and Ré, "Model Patching",
 * ICLR 2021). One forward pass sees originals and translations together, so that batch statistics mix them:
 *
 *   loss = objective(group losses) + weight decay + λ · consistency,
 *   gradient → clipped by its global norm → optimizer;  adversary ← this step's group losses.
 */
import * as tf from '@tensorflow/tfjs';
import { consistencyPenalty, type ConsistencyDivergence, type ConsistencyReduction } from '../consistency.ts';
import { valueAndGradients } from '../gradients.ts';
import { checkGroupTable, type AugmentationTraining, type GroupTable } from '../groups.ts';
import type { InvarianceForm } from '../invariance.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import type { GroupObjective, ObjectiveState } from '../objectives.ts';
import { clipByGlobalNorm, type ClippedGradients } from '../optimizers/clipping.ts';
import { sumOfSquares } from '../optimizers/named-tensors.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import { weightDecayPenalty } from '../optimizers/weight-decay.ts';
import { cloneTensors, type TensorTree } from '../tensor-tree.ts';
import {
  block,
  countTranslations,
  environmentLosses,
  groupsPerOriginal,
  trainedOn,
  type PredictionBlocks,
} from './translation-blocks.ts';

/** The consistency part of a loss, λ · D. */
export interface ConsistencyTerm {
  /** `camelConsistency` or one of its kin, given logits. */
  readonly divergence: ConsistencyDivergence;
  /** λ ≥ 0. */
  readonly weight: number;
  /** How examples are summed up, default `sumOfGroupMeans` as published. */
  readonly reduction?: ConsistencyReduction;
}

/** Options of {@link robustStep}. */
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

/** What a step returns, all new tensors owned by the caller. */
export type RobustStepResult<State extends TensorTree> = {
  /** The next state. */
  readonly state: State;
  /** This step's losses. */
  readonly losses: RobustLosses;
};

/** A step of stage 2, see {@link robustStep}. */
export interface RobustStep<State extends TensorTree> {
  /** The state before the first step, from copies of a network's weights. */
  init(weights: NetworkWeights): State;
  /** The next state and this step's losses, all new tensors; the arguments are left as they are. */
  step(state: State, batch: RobustBatch): RobustStepResult<State>;
}

/**
 * The pure step of stage 2.
 *
 * @param options See {@link RobustStepOptions}.
 * @returns `init` and `step`. A step makes one pass in `train` mode with the state's weights, reads nothing back, and
 *   takes everything random from its batch.
 * @throws RangeError if an option, or later the shape of a batch, is out of range.
 * @see Goel et al. 2021; Sagawa et al., "Distributionally Robust Neural Networks for Group Shifts", ICLR 2020
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { camelConsistency, groupDro, groupTable, robustStep } from 'model-patching';
 * import { sgd } from 'model-patching/optimizers';
 * const network = {
 *   forward: (x: tf.Tensor, { weights }: { weights?: { trainable: tf.NamedTensorMap } }) => ({
 *     output: tf.matMul(x as tf.Tensor2D, weights!.trainable.kernel as tf.Tensor2D),
 *     statistics: {},
 *   }),
 * };
 * const table = groupTable(['(Y=0)(Z=0)', '(Y=1)(Z=1)'], [90, 10]);
 * const { init, step } = robustStep({
 *   network,
 *   table,
 *   objective: groupDro(table),
 *   optimizer: sgd(),
 *   consistency: { divergence: camelConsistency, weight: 5 },
 * });
 * const [before, after] = tf.tidy(() => {
 *   const batch = {
 *     images: tf.tensor2d([[1, 0], [0, 1], [1, 0.2], [0.1, 1]]),
 *     labels: tf.tensor1d([0, 1], 'int32'),
 *     groups: tf.tensor1d([0, 1], 'int32'),
 *     learningRate: tf.scalar(0.1),
 *   };
 *   const first = step(init({ trainable: { kernel: tf.zeros([2, 2]) }, statistics: {} }), batch);
 *   const second = step(first.state, batch);
 *   return [first.losses.loss.dataSync()[0]!, second.losses.loss.dataSync()[0]!];
 * });
 * if (!(after! < before!)) throw new Error('the loss did not fall');
 * ```
 */
export function robustStep<Slots extends TensorTree, Adversary extends ObjectiveState>(
  options: RobustStepOptions<Slots, Adversary>,
): RobustStep<RobustState<Slots, Adversary>> {
  const { table, objective, optimizer, consistency, maxGradientNorm } = options;
  const { augmentationTraining: training = 'original' } = options;
  checkGroupTable(table);
  if (consistency && !(Number.isFinite(consistency.weight) && consistency.weight >= 0)) {
    throw new RangeError(`consistency.weight: expected a finite number ≥ 0, received ${consistency.weight}`);
  }
  const lossOf = robustLoss(options, training);

  return {
    init: ({ trainable, statistics }) => ({
      trainable: cloneTensors(trainable),
      statistics: cloneTensors(statistics),
      optimizer: optimizer.init(trainable),
      adversary: objective.init(),
    }),
    step(state, batch) {
      const translations = countTranslations(batch, table, training, consistency !== undefined);
      return tf.tidy(() => {
        const { trainable } = state;
        const { loss, aux, gradients } = valueAndGradients(
          () => lossOf(state, batch, translations),
          trainable,
        );
        const clipped = clip(gradients, maxGradientNorm);
        const moved = optimizer.update(clipped.gradients, state.optimizer, trainable, batch.learningRate);
        const adversary = objective.update(state.adversary, aux.losses);
        return {
          state: {
            trainable: moved.weights,
            statistics: aux.statistics,
            optimizer: moved.state,
            adversary,
          },
          losses: {
            loss,
            ...aux.parts,
            groupMeans: aux.losses.means,
            groupCounts: aux.losses.counts,
            gradientNorm: clipped.norm,
            ...(objective.weights && { adversaryWeights: objective.weights(adversary) }),
          },
        };
      });
    },
  };
}

/** What is differentiated, from one pass over a batch, with its parts and the network's next statistics. */
function robustLoss<Slots extends TensorTree, Adversary extends ObjectiveState>(
  options: RobustStepOptions<Slots, Adversary>,
  training: AugmentationTraining,
) {
  const { network, table, objective, consistency, weightDecay = 0, invariance } = options;
  return (state: RobustState<Slots, Adversary>, batch: RobustBatch, translations: number) => {
    const { images, labels, groups, masks, invarianceWeight } = batch;
    const { output, statistics } = network.forward(images, {
      mode: 'train',
      weights: { trainable: state.trainable, statistics: state.statistics },
      ...(masks && { masks }),
    });
    const logits = output as tf.Tensor2D;
    const blocks = { logits, labels, groups, batchSize: labels.shape[0], translations };
    const groupCount = table.names.length / groupsPerOriginal(training, translations);
    const seen = trainedOn(blocks, training, groupCount);
    const losses = environmentLosses(seen, table.names.length, invariance, invarianceWeight);
    const robust = objective.loss(state.adversary, losses);
    const parts = {
      robust,
      consistency: consistency === undefined ? tf.scalar(0) : disagreement(blocks, consistency, groupCount),
      decay: weightDecayPenalty(state.trainable, weightDecay),
    };
    return {
      loss: robust.add(parts.decay).add(parts.consistency).asScalar(),
      aux: { parts, losses: { means: losses.means, counts: losses.counts }, statistics },
    };
  };
}

/** λ · D. */
function disagreement(
  blocks: PredictionBlocks,
  { divergence, weight, reduction = 'sumOfGroupMeans' }: ConsistencyTerm,
  groupCount: number,
): tf.Scalar {
  const translations = Array.from({ length: blocks.translations }, (_, v) => block(blocks, v + 1));
  const divergences = divergence(block(blocks, 0), translations);
  return consistencyPenalty(divergences, blocks.groups, groupCount, reduction).mul(weight).asScalar();
}

const clip = (gradients: tf.NamedTensorMap, maximum: number | undefined): ClippedGradients =>
  maximum === undefined
    ? { gradients, norm: sumOfSquares(Object.values(gradients)).sqrt() }
    : clipByGlobalNorm(gradients, maximum);
