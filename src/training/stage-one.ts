/**
 * Stage 1: a CycleGAN between the subgroups of the classes, by the pure step, with its batches. Images, augmentation,
 * pool draws and dropout masks are all found by the step number alone.
 */
import * as tf from '@tensorflow/tfjs';
import type { Augmentation, Images } from '../augmentation/images.ts';
import {
  cycleganDraws,
  type CycleganDrawsOptions,
  type CycleganState,
  type PerGenerator,
} from '../gan/cyclegan-state.ts';
import type { CycleganStep } from '../gan/cyclegan-step.ts';
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
 * The pure step of `cycleganStep` with its batches. Either domain is an endless stream of seeded permutations of its
 * images; step i takes the i-th piece of each.
 *
 * @param step A CycleGAN step.
 * @param batches Where its batches come from.
 * @returns State and step index (0, 1, 2, …) in; the next state and the losses out, owned by the caller. The state
 *   given is left as it is.
 * @throws RangeError if a domain has no image; the step throws if the augmentation gives bytes, if a batch is larger
 *   than the pool, and as `cycleganStep`'s does.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { constantSchedule, cycleganStep, disposeTensors, imageBatch, minusOneToOne, stageOneStep } from 'model-patching';
 * const scaling = {
 *   forward: (x: tf.Tensor, context: { weights?: { trainable: tf.NamedTensorMap } }) => ({
 *     output: x.mul(context.weights!.trainable.scale!),
 *     statistics: {},
 *   }),
 * };
 * const weights = { trainable: { scale: tf.scalar(1) }, statistics: {} };
 * const { init, step } = cycleganStep({
 *   generators: { toTarget: scaling, toSource: scaling },
 *   discriminators: { source: scaling, target: scaling },
 * });
 * const generators = { toTarget: weights, toSource: weights };
 * const state = init({ generators, discriminators: { source: weights, target: weights } }, [2, 2, 2, 1]);
 * const next = stageOneStep(
 *   { step },
 *   {
 *     source: imageBatch(new Uint8Array(12), [3, 2, 2, 1]),
 *     target: imageBatch(new Uint8Array(12).fill(255), [3, 2, 2, 1]),
 *     augment: minusOneToOne,
 *     batchSize: 1,
 *     generatorLearningRate: constantSchedule(0.1),
 *     discriminatorLearningRate: constantSchedule(0.1),
 *     poolSize: 2,
 *     seed: 1,
 *   },
 * )(state, 0);
 * if (next.losses.cycleSource.dataSync()[0] !== 0) throw new Error('generators that change nothing');
 * disposeTensors({ weights: weights.trainable, state, next: next.state, losses: next.losses as never });
 * ```
 */
export function stageOneStep(
  { step }: Pick<CycleganStep, 'step'>,
  batches: StageOneBatches,
): (state: CycleganState, index: number) => ReturnType<CycleganStep['step']> {
  const { batchSize, augment, poolSize, generators, penalty } = batches;
  const key = foldKey(randomKey(batches.seed), 'stage 1');
  const domain = (name: 'source' | 'target') => {
    const images = batches[name];
    const count = images.shape[0];
    const [seed] = foldKey(key, name, 'order');
    const indicesAt = groupBatches(new Int32Array(count), { batchSize, seed, balanced: false });
    return (index: number) =>
      imageTensor(numbers(augment(gatherImages(images, indicesAt(index)), foldKey(key, name, index))));
  };
  const [source, target] = [domain('source'), domain('target')];
  return (state, index) =>
    tf.tidy(() => {
      const real = source(index);
      const draws = cycleganDraws({
        key,
        step: index,
        shape: real.shape,
        capacity: poolSize,
        ...(generators && { generators }),
        ...(penalty && { penalty }),
      });
      return step(state, {
        source: real,
        target: target(index),
        generatorLearningRate: tf.scalar(batches.generatorLearningRate(index)),
        discriminatorLearningRate: tf.scalar(batches.discriminatorLearningRate(index)),
        ...draws,
      });
    });
}

/**
 * The generators' weights that translate: their moving averages where there are any.
 *
 * @param state Of `cycleganStep`; the tensors returned are its own.
 */
export function translatingWeights({ generators, averages }: CycleganState): PerGenerator<NetworkWeights> {
  return averages ?? generators;
}
