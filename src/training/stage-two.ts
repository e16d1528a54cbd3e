/**
 * Stage 2: a classifier trained on examples and, for CAMEL, on the translations of each, by the pure robust step.
 * A batch, its dropout masks and its learning rate are found by the step number alone.
 */
import * as tf from '@tensorflow/tfjs';
import { zeroToOne } from '../augmentation/scaling.ts';
import { concatenateImages, consecutiveBatches } from '../augmentation/pairing.ts';
import type { Images } from '../augmentation/images.ts';
import { groupBatches } from '../group-batches.ts';
import type { GroupTable } from '../groups.ts';
import { groupReport, type GroupReport } from '../metrics/group-report.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import type { Schedule } from '../optimizers/schedules.ts';
import { foldKey, randomKey } from '../random/random.ts';
import { checkExamples, gatherExamples, gatherImages, imageTensor, type Examples } from './examples.ts';
import { evaluateBatches } from './evaluation.ts';
import type { RobustBatch } from './robust-step.ts';

/** What a stage-2 run draws its batches from. */
export interface StageTwoBatches {
  readonly network: Pick<Network, 'masks'>;
  readonly examples: Examples;
  /** Translations of every example, aligned with them; none for ERM and group DRO. */
  readonly translations: readonly Images<Uint8Array>[];
  readonly batchSize: number;
  /** `true`: the same number of examples of each group; `false`: examples as they come, as for ERM. */
  readonly balanced: boolean;
  readonly learningRate: Schedule;
  readonly seed: number;
}

function checkTranslations(images: Images, translations: readonly Images[]): void {
  translations.forEach(({ shape }, v) => {
    if (shape.join() !== images.shape.join()) {
      throw new RangeError(
        `translations[${v}]: expected one of each example, [${images.shape.join()}], received [${shape.join()}]`,
      );
    }
  });
}

/**
 * A batch of `robustStep` from numbers on the host.
 *
 * @param images As the network sees them: the originals, then the first translation of each, then the second, …
 * @param originals Classes and groups of the originals.
 * @param options What else a step takes; `masks` becomes the batch's.
 * @returns Owned by the caller.
 */
export function robustBatch(
  images: Images<Float32Array>,
  { labels, groups }: Pick<Examples, 'labels' | 'groups'>,
  options: {
    readonly learningRate: number;
    readonly masks: tf.NamedTensorMap;
    readonly invarianceWeight?: number;
  },
): RobustBatch {
  const { learningRate, masks, invarianceWeight } = options;
  return {
    images: imageTensor(images),
    labels: tf.tensor1d(labels, 'int32'),
    groups: tf.tensor1d(groups, 'int32'),
    learningRate: tf.scalar(learningRate),
    masks,
    ...(invarianceWeight !== undefined && { invarianceWeight: tf.scalar(invarianceWeight) }),
  };
}

/**
 * The batches of `robustStep`. A batch holds the examples that `groupBatches` gives for the step, then the first
 * translation of each, then the second, …; pixels are scaled to [0, 1].
 *
 * @param options Where they come from.
 * @returns The batch of step 0, 1, 2, …, owned by the caller.
 * @throws RangeError if an example lacks a label, a group or a translation, and as `groupBatches` does.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { groupDro, groupTable, multilayerPerceptron, robustStep, train } from 'model-patching';
 * import { constantSchedule, sgd } from 'model-patching/optimizers';
 * import { imageBatch } from 'model-patching/augmentation';
 * import { disposeTensors, stageTwoBatches } from 'model-patching/training';
 * const table = groupTable(['(Y=0)', '(Y=1)'], [2, 2]);
 * const network = multilayerPerceptron({ inputShape: [1, 1, 1], classes: 2, hidden: [], seed: 1 });
 * const { init, step } = robustStep({ network, table, objective: groupDro(table), optimizer: sgd() });
 * const weights = network.weights();
 * const losses: number[] = [];
 * const { state } = await train({
 *   state: init(weights),
 *   stepsDone: 0,
 *   steps: 2,
 *   step,
 *   batchAt: stageTwoBatches({
 *     network,
 *     examples: {
 *       images: imageBatch(Uint8Array.of(0, 51, 204, 255), [4, 1, 1, 1]),
 *       labels: Int32Array.of(0, 0, 1, 1),
 *       groups: Int32Array.of(0, 0, 1, 1),
 *     },
 *     translations: [],
 *     batchSize: 4,
 *     balanced: true,
 *     learningRate: constantSchedule(0.5),
 *     seed: 1,
 *   }),
 *   onLosses: (records) => losses.push(...records.map((record) => Number(record.losses.loss))),
 * });
 * if (!(losses[1]! < losses[0]!)) throw new Error('the loss should fall');
 * disposeTensors({ weights, state });
 * network.model.dispose();
 * ```
 */
export function stageTwoBatches({
  network,
  examples,
  translations,
  batchSize,
  balanced,
  learningRate,
  seed,
}: StageTwoBatches): (index: number) => RobustBatch {
  checkExamples(examples);
  checkTranslations(examples.images, translations);
  const indicesAt = groupBatches(examples.groups, { batchSize, seed, balanced });
  const key = foldKey(randomKey(seed), 'stage 2', 'dropout');
  return (index) => {
    const indices = indicesAt(index);
    const originals = gatherExamples(examples, indices);
    const images = concatenateImages([
      originals.images,
      ...translations.map((translated) => gatherImages(translated, indices)),
    ]);
    return robustBatch(zeroToOne(images), originals, {
      learningRate: learningRate(index),
      masks: network.masks(foldKey(key, index), images.shape[0]),
    });
  };
}

const EVALUATED_AT_ONCE = 100;

function inBatches({ images, labels, groups }: Examples): Examples[] {
  return consecutiveBatches(images, EVALUATED_AT_ONCE).map((batch, i) => {
    const [start, end] = [i * EVALUATED_AT_ONCE, (i + 1) * EVALUATED_AT_ONCE];
    return { images: batch, labels: labels.subarray(start, end), groups: groups.subarray(start, end) };
  });
}

/**
 * The group report of a classifier on examples.
 *
 * @param classifier Network (logits out, inputs in [0, 1]) and the weights to run it with.
 * @param examples n ≥ 1 images as bytes, with their classes and groups.
 * @param table The groups, with their counts in training.
 * @param options A pause between two passes, and what hears of the number of images done.
 * @returns Plain JSON, see {@link GroupReport}.
 * @throws RangeError if there is no example, and as {@link groupReport} does.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { groupTable } from 'model-patching';
 * import { imageBatch } from 'model-patching/augmentation';
 * import { evaluateClassifier } from 'model-patching/training';
 * const brightness = {
 *   forward: (x: tf.Tensor) => ({
 *     output: tf.concat([tf.zeros([x.shape[0]!, 1]), x.reshape([-1, 1]).sub(0.5)], 1),
 *     statistics: {},
 *   }),
 * };
 * const report = await evaluateClassifier(
 *   { network: brightness, weights: { trainable: {}, statistics: {} } },
 *   {
 *     images: imageBatch(Uint8Array.of(10, 250, 240, 20), [4, 1, 1, 1]),
 *     labels: Int32Array.of(0, 1, 1, 1),
 *     groups: Int32Array.of(0, 1, 1, 2),
 *   },
 *   groupTable(['(Y=0)(Z=0)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'], [50, 45, 5]),
 * );
 * if (report.worstGroup?.name !== '(Y=1)(Z=1)' || report.average !== 0.95) throw new Error('dark ones of class 1');
 * ```
 */
export async function evaluateClassifier(
  classifier: { readonly network: Pick<Network, 'forward'>; readonly weights: NetworkWeights },
  examples: Examples,
  table: GroupTable,
  options: { readonly pause?: () => Promise<void>; readonly onProgress?: (done: number) => void } = {},
): Promise<GroupReport> {
  checkExamples(examples);
  const { probabilities, labels, groups } = await evaluateBatches(classifier, inBatches(examples), {
    scale: zeroToOne,
    ...options,
  });
  return groupReport({ predictions: probabilities, labels, groups, table });
}
