/** What a step of stage 2 differentiates, from one pass over a batch or from its parts one after the other. */
import * as tf from '@tensorflow/tfjs';
import { consistencyPenalty } from '../consistency.ts';
import { valueAndGradients } from '../gradients.ts';
import { groupLosses, type AugmentationTraining } from '../groups.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import type { ObjectiveState } from '../objectives.ts';
import { mapNamed } from '../optimizers/named-tensors.ts';
import { weightDecayPenalty } from '../optimizers/weight-decay.ts';
import type { TensorTree } from '../tensor-tree.ts';
import { accumulatedGradients, rowsOf, rowsOfPart } from './accumulation.ts';
import type { ConsistencyTerm, RobustBatch, RobustState, RobustStepOptions } from './robust-state.ts';
import {
  block,
  environmentLosses,
  groupsPerOriginal,
  trainedOn,
  type PredictionBlocks,
} from './translation-blocks.ts';

/**
 * The value of the loss and its gradient by the trainable weights.
 *
 * @param options Of the step.
 * @param training What the objective sees.
 * @returns A function of state, batch and number of translations; what it returns is the caller's.
 */
export function robustEvaluation<Slots extends TensorTree, Adversary extends ObjectiveState>(
  options: RobustStepOptions<Slots, Adversary>,
  training: AugmentationTraining,
) {
  const lossOf = robustLoss(options, training);
  return (state: RobustState<Slots, Adversary>, batch: RobustBatch, translations: number) =>
    (options.accumulate ?? 1) === 1
      ? valueAndGradients(() => lossOf(state, batch, translations), state.trainable)
      : robustGradients(options, training, state, batch, translations);
}

/** What is differentiated, from one pass over a batch, with its parts and the network's next statistics. */
function robustLoss<Slots extends TensorTree, Adversary extends ObjectiveState>(
  options: RobustStepOptions<Slots, Adversary>,
  training: AugmentationTraining,
) {
  const { network, table, objective, consistency, weightDecay = 0, invariance } = options;
  return (state: RobustState<Slots, Adversary>, batch: RobustBatch, translations: number) => {
    const { invarianceWeight } = batch;
    const { blocks, statistics } = predictions(network, state, batch, translations);
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

/** Predictions of a batch in training, and the network's next statistics. */
function predictions(
  network: Pick<Network, 'forward'>,
  weights: NetworkWeights,
  { images, labels, groups, masks }: Pick<RobustBatch, 'images' | 'labels' | 'groups' | 'masks'>,
  translations: number,
): { readonly blocks: PredictionBlocks; readonly statistics: tf.NamedTensorMap } {
  const { output, statistics } = network.forward(images, {
    mode: 'train',
    weights: { trainable: weights.trainable, statistics: weights.statistics },
    ...(masks && { masks }),
  });
  const logits = output as tf.Tensor2D;
  return { blocks: { logits, labels, groups, batchSize: labels.shape[0], translations }, statistics };
}

/** As {@link robustLoss} differentiated, from the parts of a batch. */
function robustGradients<Slots extends TensorTree, Adversary extends ObjectiveState>(
  options: RobustStepOptions<Slots, Adversary>,
  training: AugmentationTraining,
  { trainable, statistics: before, adversary }: RobustState<Slots, Adversary>,
  batch: RobustBatch,
  translations: number,
) {
  const { network, table, objective, consistency, weightDecay = 0, accumulate: parts = 1 } = options;
  const { labels, groups } = batch;
  const batchSize = labels.shape[0];
  if (batchSize % parts !== 0)
    throw new RangeError(`labels: expected a multiple of ${parts} originals, received ${batchSize}`);
  const seenIn = (blocks: PredictionBlocks) =>
    trainedOn(blocks, training, table.names.length / groupsPerOriginal(training, translations));
  const unseen = tf.zeros<tf.Rank.R2>([(1 + translations) * batchSize, 1]);
  const seen = seenIn({ logits: unseen, labels, groups, batchSize, translations });
  const { gradients, losses, penalty, ...found } = accumulatedGradients({
    parts,
    trainable,
    statistics: before,
    objective,
    adversary,
    groups,
    groupCount: table.names.length / groupsPerOriginal(training, translations),
    counts: groupLosses(tf.zeros([seen.groups.size]), seen.groups, table.names.length).counts,
    pass(part, statistics) {
      const piece = partOf(batch, part, parts, translations);
      const passed = predictions(network, { trainable, statistics }, piece, translations);
      const { blocks } = passed;
      return {
        losses: environmentLosses(seenIn(blocks), table.names.length, undefined, undefined),
        statistics: passed.statistics,
        ...(consistency && {
          consistency: {
            reduction: REDUCTION,
            ...consistency,
            divergences: divergencesOf(blocks, consistency),
          },
        }),
      };
    },
    penalty: () => weightDecayPenalty(trainable, weightDecay),
  });
  const robust = objective.loss(adversary, losses);
  return {
    loss: robust.add(penalty).add(found.consistency).asScalar(),
    aux: {
      parts: { robust, consistency: found.consistency, decay: penalty },
      losses,
      statistics: found.statistics,
    },
    gradients,
  };
}

/** Part k of a batch: the same examples of the originals and of each block of translations. */
function partOf(
  { images, labels, groups, masks }: RobustBatch,
  part: number,
  parts: number,
  translations: number,
): Pick<RobustBatch, 'images' | 'labels' | 'groups' | 'masks'> {
  const originals = rowsOfPart(part, parts, labels.size, 1);
  const all = rowsOfPart(part, parts, labels.size, 1 + translations);
  return {
    images: rowsOf(images, all),
    labels: rowsOf(labels, originals),
    groups: rowsOf(groups, originals),
    ...(masks && { masks: mapNamed(masks, (mask) => rowsOf(mask, all)) }),
  };
}

const REDUCTION = 'sumOfGroupMeans';

function divergencesOf(blocks: PredictionBlocks, { divergence }: ConsistencyTerm): tf.Tensor1D {
  const translations = Array.from({ length: blocks.translations }, (_, v) => block(blocks, v + 1));
  return divergence(block(blocks, 0), translations);
}

/** λ · D. */
function disagreement(blocks: PredictionBlocks, term: ConsistencyTerm, groupCount: number): tf.Scalar {
  const { weight, reduction = REDUCTION } = term;
  const divergences = divergencesOf(blocks, term);
  return consistencyPenalty(divergences, blocks.groups, groupCount, reduction).mul(weight).asScalar();
}
