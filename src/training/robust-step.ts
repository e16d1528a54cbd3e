/**
 * One step of stage 2 as a pure function: a classifier is trained on a robust objective over groups and, for CAMEL, on
 * the consistency of its predictions for an example and for its translations (Goel, Gu, Li and Ré, "Model Patching",
 * ICLR 2021). One forward pass sees originals and translations together, so that batch statistics mix them:
 *
 *   loss = objective(group losses) + weight decay + λ · consistency,
 *   gradient → clipped by its global norm → optimizer;  adversary ← this step's group losses.
 */
import * as tf from '@tensorflow/tfjs';
import { checkGroupTable } from '../groups.ts';
import type { NetworkWeights } from '../models/network.ts';
import type { ObjectiveState } from '../objectives.ts';
import { clipByGlobalNorm, type ClippedGradients } from '../optimizers/clipping.ts';
import { sumOfSquares } from '../optimizers/named-tensors.ts';
import { cloneTensors, type TensorTree } from '../tensor-tree.ts';
import { robustEvaluation } from './robust-losses.ts';
import type { RobustBatch, RobustLosses, RobustState, RobustStepOptions } from './robust-state.ts';
import { countTranslations } from './translation-blocks.ts';

export type {
  ConsistencyTerm,
  RobustBatch,
  RobustLosses,
  RobustState,
  RobustStepOptions,
} from './robust-state.ts';

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
  const { augmentationTraining: training = 'original', accumulate = 1 } = options;
  checkGroupTable(table);
  if (consistency && !(Number.isFinite(consistency.weight) && consistency.weight >= 0)) {
    throw new RangeError(`consistency.weight: expected a finite number ≥ 0, received ${consistency.weight}`);
  }
  if (!(Number.isInteger(accumulate) && accumulate >= 1))
    throw new RangeError(`accumulate: expected an integer ≥ 1, received ${accumulate}`);
  if (accumulate > 1 && options.invariance !== undefined)
    throw new RangeError(
      `accumulate: expected 1 with the penalty of invariance, which is no sum over the parts of a batch, received ${accumulate}`,
    );
  const evaluated = robustEvaluation(options, training);

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
        const { loss, aux, gradients } = evaluated(state, batch, translations);
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

const clip = (gradients: tf.NamedTensorMap, maximum: number | undefined): ClippedGradients =>
  maximum === undefined
    ? { gradients, norm: sumOfSquares(Object.values(gradients)).sqrt() }
    : clipByGlobalNorm(gradients, maximum);
