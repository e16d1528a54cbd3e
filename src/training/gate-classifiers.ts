/**
 * Training of the quality gate's classifiers. The domain classifier is strict: half of every batch are degraded copies
 * under their true domain, so that specks and blur do not pass for the other domain.
 */
import * as tf from '@tensorflow/tfjs';
import { imageBatch, type Images } from '../augmentation/images.ts';
import { minusOneToOne } from '../augmentation/scaling.ts';
import { degrade } from '../gan/strict-domain.ts';
import { groupBatches } from '../group-batches.ts';
import { groupTable } from '../groups.ts';
import { predictedClasses } from '../metrics/predictions.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import { groupBalanced } from '../objectives.ts';
import { adam } from '../optimizers/adam.ts';
import { foldKey, randomKey, type RandomKey } from '../random/random.ts';
import { disposeTensors, type TensorTree } from '../tensor-tree.ts';
import { gatherExamples, gatherImages, imageTensor, type Examples } from './examples.ts';
import { forwardBatches } from './forward-batches.ts';
import { keptStateOr } from './kept-state.ts';
import { train } from './loop.ts';
import { robustStep, type RobustBatch } from './robust-step.ts';
import type { CompileStep } from './step-runner.ts';

/** A trained classifier: a network and the weights to run it with. */
export interface TrainedClassifier {
  readonly network: Network;
  readonly weights: NetworkWeights;
}

/** Where the states of classifiers are kept, so that a training that was stopped goes on from there. */
export interface GateCheckpoints {
  /** A state is kept every so many steps of a classifier, after its last one, and when a stop is requested. */
  readonly every: number;
  /**
   * The newest state of a classifier, or null.
   *
   * @param expected The structure of the state; its values are not used.
   */
  newest<State extends TensorTree>(
    classifier: 'domain' | 'label',
    expected: State,
  ): Promise<{ readonly step: number; readonly state: State } | null>;
  /** Keeps a state, whose tensors stay the caller's. */
  write(classifier: 'domain' | 'label', step: number, state: TensorTree): Promise<void>;
}

/** How `trainGate` trains. */
export interface TrainGateOptions {
  /** Group-balanced images used neither by stage 1 nor in the test split, and as many to be held out. */
  readonly train: Examples;
  readonly heldOut: Examples;
  /** The domain of each group: 0 source, 1 target. */
  readonly domainOf: readonly number[];
  /** Two untrained classifiers with logits out, inputs in [−1, 1]; `domain` has two outputs. */
  readonly networks: { readonly domain: Network; readonly label: Network };
  readonly steps: { readonly domain: number; readonly label: number };
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  /** How the steps are run, see `train`. */
  readonly compile?: CompileStep;
  /** Awaited between steps, so that signals and output get through. */
  readonly pause?: () => Promise<void>;
  /** Without them a stopped training begins anew. */
  readonly checkpoints?: GateCheckpoints;
  /** Asked after every step; whether to give up. */
  readonly stopRequested?: () => boolean;
  /** Called every so many steps; `done` counts the steps of both classifiers. */
  readonly onProgress?: (done: number) => void;
}

/** A degraded copy of every image, pixels in [−1, 1]. */
export const degradedCopies = (images: Images<Float32Array>, key: RandomKey): Images<Float32Array> =>
  imageBatch(degrade(images.pixels, images.shape, key, { range: [-1, 1] }), images.shape);

/** Every second image degraded, under its own domain. */
function halfDegraded(images: Images<Float32Array>, key: RandomKey): Images<Float32Array> {
  const size = images.pixels.length / images.shape[0];
  const odd = Array.from({ length: Math.floor(images.shape[0] / 2) }, (_, i) => 2 * i + 1);
  const degraded = degradedCopies(gatherImages(images, odd), key);
  const pixels = images.pixels.slice();
  odd.forEach((index, i) => pixels.set(degraded.pixels.subarray(i * size, (i + 1) * size), index * size));
  return { pixels, shape: images.shape };
}

/** One of the two classifiers. */
export interface ClassifierTask {
  readonly name: 'domain' | 'label';
  readonly network: Network;
  readonly labelOf: (examples: Examples) => Int32Array;
  readonly prepare: (images: Images<Float32Array>, key: RandomKey) => Images<Float32Array>;
}

/** Which domain an image is of, whether or not it is damaged. */
export const domainTask = (network: Network, domainOf: readonly number[]): ClassifierTask => ({
  name: 'domain',
  network,
  labelOf: ({ groups }) => groups.map((group) => domainOf[group]!),
  prepare: halfDegraded,
});

/** Which class an image is of. */
export const labelTask = (network: Network): ClassifierTask => ({
  name: 'label',
  network,
  labelOf: ({ labels }) => labels,
  prepare: (images) => images,
});

/** Groups numbered without gaps: a gate for one class learns from the groups of that class alone. */
function withoutGaps(groups: Int32Array): Int32Array {
  const there = [...new Set(groups)].sort((a, b) => a - b);
  return groups.map((group) => there.indexOf(group));
}

/**
 * Trains a classifier from its network's own weights, or from the newest state that was kept of it.
 *
 * @param before Steps of other classifiers, added to the progress.
 * @returns Weights owned by the caller; null if a stop was requested.
 */
export async function trainClassifier(
  task: ClassifierTask,
  options: TrainGateOptions,
  before: number,
): Promise<NetworkWeights | null> {
  const { network, name } = task;
  const { checkpoints } = options;
  const key = foldKey(randomKey(options.seed), 'gate', task.name);
  const indices = groupBatches(withoutGaps(options.train.groups), {
    batchSize: options.batchSize,
    seed: options.seed,
  });
  // The batches are balanced already.
  const table = groupTable(['all'], [options.train.labels.length]);
  const { init, step } = robustStep({
    network,
    table,
    objective: groupBalanced(table),
    optimizer: adam(),
  });
  const initial = network.weights();
  const first = init(initial);
  disposeTensors(initial);
  const begun = await keptStateOr(
    { step: 0, state: first },
    async (expected) => (await checkpoints?.newest(name, expected)) ?? null,
  );
  const { state, stepsDone, interrupted } = await train<typeof first, RobustBatch>({
    state: begun.state,
    stepsDone: begun.step,
    steps: options.steps[name],
    step,
    ...(options.compile && { compile: options.compile }),
    batchAt: (index) => {
      const batch = gatherExamples(options.train, indices(index));
      const stepKey = foldKey(key, index);
      return {
        images: imageTensor(task.prepare(minusOneToOne(batch.images), foldKey(stepKey, 'degrade'))),
        labels: tf.tensor1d(task.labelOf(batch), 'int32'),
        groups: tf.tensor1d(new Int32Array(batch.labels.length)),
        learningRate: tf.scalar(options.learningRate),
        masks: network.masks(foldKey(stepKey, 'dropout'), batch.labels.length),
      };
    },
    ...(options.pause && { pause: options.pause }),
    ...(options.stopRequested && { stopRequested: options.stopRequested }),
    ...(checkpoints && {
      recurring: [{ every: checkpoints.every, run: (kept, done) => checkpoints.write(name, done, kept) }],
    }),
    onLosses: (records) => options.onProgress?.(before + records.at(-1)!.step),
  });
  if (interrupted) {
    try {
      await checkpoints?.write(name, stepsDone, state);
    } finally {
      disposeTensors(state);
    }
    return null;
  }
  disposeTensors({ optimizer: state.optimizer, adversary: state.adversary });
  return { trainable: state.trainable, statistics: state.statistics };
}

/** The class that a classifier gives to each image. */
export async function classes(
  { network, weights }: TrainedClassifier,
  images: Images<Float32Array>,
  pause?: () => Promise<void>,
): Promise<Int32Array> {
  const { values } = await forwardBatches(images, {
    network,
    context: { mode: 'infer', weights },
    ...(pause && { pause }),
  });
  return predictedClasses(values, images.shape[0]);
}
