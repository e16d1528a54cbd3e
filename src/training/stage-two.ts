/**
 * Stage 2: a classifier trained on examples and, for CAMEL, on the translations of each, by the pure robust step.
 * A batch, its dropout masks and its learning rate are found by the step number alone.
 */
import * as tf from '@tensorflow/tfjs';
import { zeroToOne } from '../augmentation/scaling.ts';
import { concatenateImages } from '../augmentation/pairing.ts';
import type { Images } from '../augmentation/images.ts';
import { groupBatches } from '../group-batches.ts';
import type { GroupTable } from '../groups.ts';
import { groupReport, type GroupReport } from '../metrics/group-report.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import type { Schedule } from '../optimizers/schedules.ts';
import { foldKey, randomKey } from '../random.ts';
import { gatherImages, imageTensor, type Examples } from './examples.ts';
import { forwardBatches } from './forward-batches.ts';
import type { RobustStep } from './robust-step.ts';
import type { TensorTree } from '../tensor-tree.ts';

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

/** The pure step of {@link robustStep} with its batches: state and step index in, state and losses out. */
export function stageTwoStep<State extends TensorTree>(
  { step }: Pick<RobustStep<State>, 'step'>,
  { network, examples, translations, batchSize, balanced, learningRate, seed }: StageTwoBatches,
): (state: State, index: number) => ReturnType<RobustStep<State>['step']> {
  const indicesAt = groupBatches(examples.groups, { batchSize, seed, balanced });
  const key = foldKey(randomKey(seed), 'stage 2', 'dropout');
  return (state, index) =>
    tf.tidy(() => {
      const indices = indicesAt(index);
      const images = concatenateImages(
        [examples.images, ...translations].map((set) => gatherImages(set, indices)),
      );
      return step(state, {
        images: imageTensor(zeroToOne(images)),
        labels: tf.tensor1d(
          Int32Array.from(indices, (i) => examples.labels[i]!),
          'int32',
        ),
        groups: tf.tensor1d(
          Int32Array.from(indices, (i) => examples.groups[i]!),
          'int32',
        ),
        learningRate: tf.scalar(learningRate(index)),
        masks: network.masks(foldKey(key, index), images.shape[0]),
      });
    });
}

/**
 * The group report of a classifier on examples.
 *
 * @param classifier Network (logits out, inputs in [0, 1]) and the weights to run it with.
 */
export async function evaluateClassifier(
  classifier: { readonly network: Pick<Network, 'forward'>; readonly weights: NetworkWeights },
  examples: Examples,
  table: GroupTable,
  options: { readonly pause?: () => Promise<void>; readonly onProgress?: (done: number) => void } = {},
): Promise<GroupReport> {
  const { network, weights } = classifier;
  const { values } = await forwardBatches(zeroToOne(examples.images), {
    network,
    context: { mode: 'infer', weights },
    map: (logits) => tf.softmax(logits),
    ...options,
  });
  return groupReport({ predictions: values, labels: examples.labels, groups: examples.groups, table });
}
