/**
 * Stage 1: a CycleGAN between the subgroups of the classes, by the pure step, with its batches. Images, augmentation,
 * pool draws and dropout masks are all found by the step number alone.
 */
import * as tf from '@tensorflow/tfjs';
import type { Augmentation, Images } from '../augmentation/images.ts';
import { cycleganDraws, type CycleganState, type PerGenerator } from '../gan/cyclegan-state.ts';
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
  readonly seed: number;
}

/** The pure step of `cycleganStep` with its batches: state and step index in, state and losses out. */
export function stageOneStep(
  { step }: Pick<CycleganStep, 'step'>,
  batches: StageOneBatches,
): (state: CycleganState, index: number) => ReturnType<CycleganStep['step']> {
  const { batchSize, augment, poolSize, generators } = batches;
  const key = foldKey(randomKey(batches.seed), 'stage 1');
  const domain = (name: 'source' | 'target') => {
    const images = batches[name];
    const count = images.shape[0];
    const [seed] = foldKey(key, name, 'order');
    const indicesAt = groupBatches(new Int32Array(count), { batchSize, seed, balanced: false });
    return (index: number) =>
      imageTensor(
        augment(gatherImages(images, indicesAt(index)), foldKey(key, name, index)) as Images<Float32Array>,
      );
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

/** The generators' weights that translate: their moving averages where there are any, with the latest statistics. */
export function translatingWeights({ generators, averages }: CycleganState): PerGenerator<NetworkWeights> {
  return averages ?? generators;
}
