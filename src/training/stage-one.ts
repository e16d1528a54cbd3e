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
import { classMix } from '../gan/class-mix.ts';
import { groupBatches } from '../group-batches.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import type { Schedule } from '../optimizers/schedules.ts';
import { foldKey, randomKey, type RandomKey } from '../random/random.ts';
import { gatherImages, imageTensor } from './examples.ts';
import { orderByClass, type Domain, type StageOneClasses } from './stage-one-classes.ts';

export type { Domain };

/** How batches of stage 1 are made. */
export interface StageOneBatchOptions {
  /** Bytes to numbers in [−1, 1], by a key. */
  readonly augment: Augmentation;
  readonly batchSize: number;
  readonly generatorLearningRate: Schedule;
  readonly discriminatorLearningRate: Schedule;
  /** Images that each history pool holds; no pools unless given. */
  readonly poolSize?: number;
  /** The generators, if they have dropout. */
  readonly generators?: PerGenerator<Pick<Network, 'masks'>>;
  /** How the pools choose, `reference` unless given. */
  readonly poolRule?: NonNullable<CycleganDrawsOptions['rule']>;
  /** The kind of gradient penalty, if the step has one. */
  readonly penalty?: NonNullable<CycleganDrawsOptions['penalty']>;
  /** An `r1` penalty is taken in one of so many steps; 1 unless given. */
  readonly penaltyEvery?: number;
  /** Planes of noise that each generator takes; 0 unless given. */
  readonly noise?: PerGenerator<number>;
  /** How what the discriminators see is changed; not at all unless given. */
  readonly views?: NonNullable<CycleganDrawsOptions['views']>;
  /** Decay of the generators' averages at a step, in place of the step's own. */
  readonly movingAverageDecay?: (index: number) => number;
  /** Of which classes a batch holds how many; all images alike unless given. */
  readonly classes?: StageOneClasses;
  readonly seed: number;
}

/** What a stage-1 run with all images in memory draws its batches from. */
export interface StageOneBatches extends StageOneBatchOptions {
  /** Real images of the two domains, bytes. */
  readonly source: Images<Uint8Array>;
  readonly target: Images<Uint8Array>;
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
 * import { constantSchedule } from 'model-patching/optimizers';
 * import { imageBatch, minusOneToOne } from 'model-patching/augmentation';
 * import { disposeTensors, stageOneBatches } from 'model-patching/training';
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
  const imagesOf = (domain: Domain) => {
    const images = options[domain];
    const indicesAt = stageOneOrder(domain, images.shape[0], options);
    return (index: number) => gatherImages(images, indicesAt(index));
  };
  const [source, target] = [imagesOf('source'), imagesOf('target')];
  return (index) => stageOneBatch(index, { source: source(index), target: target(index) }, options);
}

const keyOf = (seed: number): RandomKey => foldKey(randomKey(seed), 'stage 1');

/**
 * The order in which a domain's images are used: seeded permutations without end.
 *
 * @param domain Each has its own order.
 * @param count Number of its images, at least 1.
 * @param options Batch size, seed, and classes if batches hold equal numbers of them.
 * @returns The images of step 0, 1, 2, … With classes those of the first come first, and images for the other domain's
 *   scarce classes follow at the end.
 * @throws RangeError if there is no image.
 * @example
 * ```ts
 * import { stageOneOrder } from 'model-patching/training';
 * const indicesAt = stageOneOrder('source', 3, { batchSize: 3, seed: 1 });
 * if ([...indicesAt(4)].sort().join() !== '0,1,2') throw new Error('each image once in a pass');
 * ```
 */
export function stageOneOrder(
  domain: Domain,
  count: number,
  { batchSize, seed, classes }: Pick<StageOneBatchOptions, 'batchSize' | 'seed' | 'classes'>,
): (index: number) => Int32Array {
  const key = foldKey(keyOf(seed), domain, 'order');
  return classes === undefined
    ? groupBatches(new Int32Array(count), { batchSize, seed: key[0], balanced: false })
    : orderByClass(domain, classes, key);
}

/**
 * The batch of one step from the images of both domains that {@link stageOneOrder} names.
 *
 * @param index The step, 0, 1, 2, …
 * @param images Bytes, `[batch, height, width, channels]` each.
 * @param options How they are augmented, and what is drawn beside them.
 * @returns Owned by the caller.
 * @throws RangeError if the augmentation gives bytes, or if a batch is larger than the pool.
 * @example
 * ```ts
 * import { constantSchedule } from 'model-patching/optimizers';
 * import { imageBatch, minusOneToOne } from 'model-patching/augmentation';
 * import { disposeTensors, stageOneBatch } from 'model-patching/training';
 * const black = imageBatch(new Uint8Array(4), [1, 2, 2, 1]);
 * const batch = stageOneBatch(0, { source: black, target: black }, {
 *   augment: minusOneToOne,
 *   batchSize: 1,
 *   generatorLearningRate: constantSchedule(0.1),
 *   discriminatorLearningRate: constantSchedule(0.1),
 *   poolSize: 2,
 *   seed: 1,
 * });
 * if (batch.source.dataSync().join() !== '-1,-1,-1,-1') throw new Error('black');
 * disposeTensors(batch);
 * ```
 */
export function stageOneBatch(
  index: number,
  images: Readonly<Record<Domain, Images<Uint8Array>>>,
  options: StageOneBatchOptions,
): CycleganBatch {
  const { augment, poolSize, poolRule, generators, penalty, seed } = options;
  const key = keyOf(seed);
  const augmented = (domain: Domain) =>
    imageTensor(numbers(augment(images[domain], foldKey(key, domain, index))));
  const source = augmented('source');
  const [, height, width, channels] = source.shape;
  const { classes, movingAverageDecay, noise, views, penaltyEvery } = options;
  const draws = cycleganDraws({
    key,
    step: index,
    shape: [options.batchSize, height, width, channels],
    ...(poolSize !== undefined && { capacity: poolSize }),
    ...(poolRule && { rule: poolRule }),
    ...(generators && { generators }),
    ...(penalty && { penalty }),
    ...(penaltyEvery !== undefined && { penaltyEvery }),
    ...(noise && { noise }),
    ...(views && { views }),
    ...(classes?.mix && {
      mix: classMix(classes.domains, classes.mix, index / classes.steps),
    }),
  });
  return {
    source,
    target: augmented('target'),
    generatorLearningRate: tf.scalar(options.generatorLearningRate(index)),
    discriminatorLearningRate: tf.scalar(options.discriminatorLearningRate(index)),
    ...(movingAverageDecay !== undefined && { movingAverageDecay: tf.scalar(movingAverageDecay(index)) }),
    ...draws,
  };
}

/**
 * The generators' weights that translate: their moving averages where there are any.
 *
 * @param state Of `cycleganStep`.
 * @returns By direction; the tensors are the state's own.
 * @example
 * ```ts
 * import { type CycleganState } from 'model-patching';
 * import { translatingWeights } from 'model-patching/training';
 * const none = { trainable: {}, statistics: {} };
 * const [generators, averages] = [{ toTarget: none, toSource: none }, { toTarget: none, toSource: none }];
 * const state = { generators } as CycleganState;
 * if (translatingWeights(state) !== generators) throw new Error('there are no averages');
 * if (translatingWeights({ ...state, averages }) !== averages) throw new Error('averages translate');
 * ```
 */
export function translatingWeights({ generators, averages }: CycleganState): PerGenerator<NetworkWeights> {
  return averages ?? generators;
}
