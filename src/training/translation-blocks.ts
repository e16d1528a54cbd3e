/**
 * A batch of originals and their translations as blocks: the B originals first, then the first translation of each,
 * then the second. One pass gives the predictions of all; the objective sees the originals, their translations or
 * both, a translation being of the original's class and of the group `(Y=y)(Z=z)(variant)`.
 */
import * as tf from '@tensorflow/tfjs';
import { crossEntropy } from '../cross-entropy.ts';
import { groupLosses, type AugmentationTraining, type GroupLosses, type GroupTable } from '../groups.ts';
import { scaleDerivatives, type InvarianceForm } from '../invariance.ts';

/** Predictions and what belongs to them, block by block: block 0 the originals, block v the v-th translations. */
export interface PredictionBlocks {
  readonly logits: tf.Tensor2D;
  readonly labels: tf.Tensor1D;
  readonly groups: tf.Tensor1D;
  readonly batchSize: number;
  /** k. */
  readonly translations: number;
}

/** `count` blocks of logits from block `from` on, `[count·B, classes]`. */
export function block({ logits, batchSize }: PredictionBlocks, from: number, count = 1): tf.Tensor2D {
  if (count * batchSize === logits.shape[0]) return logits;
  return logits.slice([from * batchSize, 0], [count * batchSize, -1]);
}

/** What the objective sees, every example a row of its own. */
export type TrainedBlocks = Pick<PredictionBlocks, 'logits' | 'labels' | 'groups'>;

/** Number of groups of the objective that an original's group stands for. */
export function groupsPerOriginal(training: AugmentationTraining, translations: number): number {
  return (training === 'augmented' ? 0 : 1) + (training === 'original' ? 0 : translations);
}

/** No group of any table, nor −1, which says that an example is of none. */
const UNKNOWN = -2;

/**
 * Groups of the objective's table, from groups of originals: g·parts + v of every example for v = 0, then v = 1, …
 * The products are looked up, so that −1 stays −1 and what is no group (1.5, too large a number) becomes none.
 */
function variantGroups(groups: tf.Tensor1D, groupCount: number, parts: number): tf.Tensor1D {
  const indices = tf.range(-1, groupCount, 1, 'int32').expandDims(1);
  const known = tf.equal(indices, groups.expandDims(0)).toFloat();
  const blocks = Array.from({ length: parts }, (_, v) => {
    const found = Array.from({ length: groupCount + 1 }, (_, row) =>
      row === 0 ? -1 : (row - 1) * parts + v,
    );
    const offsets = tf.tensor2d(found, [groupCount + 1, 1]).sub(UNKNOWN);
    return known.mul(offsets).sum<tf.Tensor1D>(0).add<tf.Tensor1D>(UNKNOWN);
  });
  return tf.concat1d(blocks);
}

/**
 * Logits, labels and groups (of the objective's table) of the blocks that the objective sees.
 *
 * @param groupCount Number of groups of originals.
 */
export function trainedOn(
  blocks: PredictionBlocks,
  training: AugmentationTraining,
  groupCount: number,
): TrainedBlocks {
  const { labels, groups } = blocks;
  const parts = groupsPerOriginal(training, blocks.translations);
  if (parts === 1) return { logits: block(blocks, training === 'augmented' ? 1 : 0), labels, groups };
  return {
    logits: block(blocks, training === 'augmented' ? 1 : 0, parts),
    labels: labels.tile([parts]),
    groups: variantGroups(groups, groupCount, parts),
  };
}

/** What the published loop gives its penalty: log(p + 10⁻⁶) of the probabilities. */
const publishedScores = (logits: tf.Tensor2D): tf.Tensor2D => tf.softmax(logits).add<tf.Tensor2D>(1e-6).log();

/** Mean loss of each group, and with `form` the weighted invariance penalty of the group as an environment. */
export function environmentLosses(
  { logits, labels, groups }: TrainedBlocks,
  groupCount: number,
  form: InvarianceForm | undefined,
  weight: tf.Scalar | undefined,
): GroupLosses {
  const { means, counts } = groupLosses(crossEntropy(logits, labels), groups, groupCount);
  if (form === undefined || weight === undefined) return { means, counts };
  const scores = form === 'reference' ? publishedScores(logits) : logits;
  const derivatives = scaleDerivatives(scores, labels, form);
  const penalties =
    form === 'irmv1'
      ? groupLosses(derivatives, groups, groupCount).means.square()
      : groupLosses(derivatives.square(), groups, groupCount).means.mul(counts);
  return { means: penalties.mul(weight).add(means), counts };
}

/**
 * k of a batch of `(1 + k)·B` images.
 *
 * @param needed Whether translations are needed whatever `training` is.
 * @throws RangeError if the shapes, the table and what is trained on do not fit together.
 */
export function countTranslations(
  batch: { readonly images: tf.Tensor; readonly labels: tf.Tensor1D; readonly groups: tf.Tensor1D },
  table: GroupTable,
  training: AugmentationTraining,
  needed: boolean,
): number {
  const { images, labels, groups } = batch;
  const batchSize = labels.shape[0];
  if (labels.shape.length !== 1 || groups.shape.length !== 1 || groups.shape[0] !== batchSize) {
    throw new RangeError(
      `labels, groups: expected the same shape [B], received [${labels.shape}] and [${groups.shape}]`,
    );
  }
  const translations = images.shape[0]! / batchSize - 1;
  if (!Number.isInteger(translations) || translations < 0) {
    throw new RangeError(
      `images: expected a multiple of ${batchSize} images, one block of originals and of each translation, ` +
        `received ${images.shape[0]}`,
    );
  }
  if (translations === 0 && (needed || training !== 'original')) {
    throw new RangeError(`images: expected translations after ${batchSize} originals, received none`);
  }
  const parts = groupsPerOriginal(training, translations);
  if (table.names.length % parts !== 0) {
    throw new RangeError(
      `table: expected ${parts} groups for each group of originals, received ${table.names.length} in all`,
    );
  }
  return translations;
}
