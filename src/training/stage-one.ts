/**
 * Stage 1: a CycleGAN between the subgroups of the classes, by the pure step, with its batches. Images, augmentation,
 * pool draws and dropout masks are all found by the step number alone.
 */
import * as tf from '@tensorflow/tfjs';
import type { Augmentation, Images } from '../augmentation/images.ts';
import {
  cycleganDraws,
  type CycleganBatch,
  type CycleganDrawsOptions,
  type CycleganState,
  type PerGenerator,
} from '../gan/cyclegan-state.ts';
import { groupBatches } from '../group-batches.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import type { Schedule } from '../optimizers/schedules.ts';
import { foldKey, randomKey } from '../random.ts';
import { gatherImages, imageTensor } from './examples.ts';

/** What a stage-1 run draws its batches from. */
export interface StageOneBatches {
  /** Real images of the two domains, bytes. */
  readonly source: Images<Uint8Array>;
  readonly target: Images<Uint8Array>;
  /** Bytes to numbers in [−1, 1], by a key. */
  readonly augment: Augmentation;
  readonly batchSize: number;
  readonly generatorLearningRate: Schedule;
  readonly discriminatorLearningRate: Schedule;
  /** Images that each history pool holds. */
  readonly poolSize: number;
  /** The generators, if they have dropout. */
  readonly generators?: PerGenerator<Pick<Network, 'masks'>>;
  /** The kind of gradient penalty, if the step has one. */
  readonly penalty?: NonNullable<CycleganDrawsOptions['penalty']>;
  readonly seed: number;
}

function numbers({ pixels, shape }: Images): Images<Float32Array> {
  if (!(pixels instanceof Float32Array)) {
    throw new RangeError('augment: expected numbers in [−1, 1] (end with minusOneToOne), received bytes');
  }
  return { pixels, shape };
}

/**
 * The batches of `cycleganStep`. Either domain is an endless stream of seeded permutations of its images; step i takes
 * the i-th piece of each.
 *
 * @param options Where they come from.
 * @returns The batch of step 0, 1, 2, …, owned by the caller. It throws a RangeError if the augmentation gives bytes,
 *   or if a batch is larger than the pool.
 * @throws RangeError if a domain has no image.
 * @example
 * ```ts
 * import { constantSchedule, disposeTensors, imageBatch, minusOneToOne, stageOneBatches } from 'model-patching';
 * const batchAt = stageOneBatches({
 *   source: imageBatch(new Uint8Array(12), [3, 2, 2, 1]),
 *   target: imageBatch(new Uint8Array(12).fill(255), [3, 2, 2, 1]),
 *   augment: minusOneToOne,
 *   batchSize: 1,
 *   generatorLearningRate: constantSchedule(0.1),
 *   discriminatorLearningRate: constantSchedule(0.1),
 *   poolSize: 2,
 *   seed: 1,
 * });
 * const batch = batchAt(0);
 * if (batch.target.dataSync().join() !== '1,1,1,1') throw new Error('white');
 * disposeTensors(batch);
 * ```
 */
export function stageOneBatches(options: StageOneBatches): (index: number) => CycleganBatch {
  const { batchSize, augment, poolSize, generators, penalty, seed } = options;
  const key = foldKey(randomKey(seed), 'stage 1');
  const domain = (name: 'source' | 'target') => {
    const images = options[name];
    const count = images.shape[0];
    const [orderSeed] = foldKey(key, name, 'order');
    const indicesAt = groupBatches(new Int32Array(count), { batchSize, seed: orderSeed, balanced: false });
    return (index: number) =>
      imageTensor(numbers(augment(gatherImages(images, indicesAt(index)), foldKey(key, name, index))));
  };
  const [source, target] = [domain('source'), domain('target')];
  return (index) => {
    const real = source(index);
    const draws = cycleganDraws({
      key,
      step: index,
      shape: real.shape,
      capacity: poolSize,
      ...(generators && { generators }),
      ...(penalty && { penalty }),
    });
    return {
      source: real,
      target: target(index),
      generatorLearningRate: tf.scalar(options.generatorLearningRate(index)),
      discriminatorLearningRate: tf.scalar(options.discriminatorLearningRate(index)),
      ...draws,
    };
  };
}

/**
 * The generators' weights that translate: their moving averages where there are any.
 *
 * @param state Of `cycleganStep`; the tensors returned are its own.
 */
export function translatingWeights({ generators, averages }: CycleganState): PerGenerator<NetworkWeights> {
  return averages ?? generators;
}
