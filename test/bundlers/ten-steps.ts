/**
 * Ten steps of either stage on small images that are drawn here, the same numbers on every machine: what the pages of
 * this folder train, and Node beside them.
 */
import * as tf from '@tensorflow/tfjs';
import {
  camelConsistency,
  cycleganStep,
  groupDro,
  groupTable,
  patchDiscriminator,
  robustStep,
  smallCnn,
  train,
  unetGenerator,
} from 'model-patching';
import { imageBatch, minusOneToOne } from 'model-patching/augmentation';
import { adam, constantSchedule, sgd } from 'model-patching/optimizers';
import { foldKey, randomKey, uniform } from 'model-patching/random';
import { disposeTensors, stageOneBatches } from 'model-patching/training';

const [STEPS, COUNT, SIDE] = [10, 16, 20];

/** What ten steps tell: a loss a step. */
export interface TenSteps {
  /** Group DRO and CAMEL's consistency. */
  readonly classifier: readonly number[];
  /** The cycle's loss of a CycleGAN, source and target together. */
  readonly cyclegan: readonly number[];
}

/** A grey noise; class 1 is brighter in the upper half, a stripe crosses the lower half. */
function pixel(image: number, place: number, noise: number, striped: boolean): number {
  const row = Math.floor(place / SIDE);
  if (row < SIDE / 2) return Math.floor(60 * noise) + (image % 2 === 1 ? 120 : 20);
  return Math.floor(60 * noise) + (striped && row % 3 === 0 ? 190 : 0);
}

function drawn(striped: (image: number) => boolean) {
  const noise = uniform(foldKey(randomKey(3), 'pixels'), COUNT * SIDE * SIDE);
  const place = (i: number): [number, number] => [Math.floor(i / SIDE ** 2), i % SIDE ** 2];
  const pixels = Uint8Array.from(noise, (value, i) => pixel(...place(i), value, striped(place(i)[0])));
  return imageBatch(pixels, [COUNT, SIDE, SIDE, 1]);
}

/** Odd images are of class 1, and in the training images a stripe nearly always goes with it. */
const label = (image: number): number => image % 2;
const hasStripe = (image: number): boolean => (image < COUNT - 4 ? label(image) === 1 : label(image) === 0);

async function trainClassifier(): Promise<number[]> {
  const variants = [drawn(hasStripe), drawn(() => false), drawn(() => true)];
  const pixels = variants.flatMap((images) => [...images.pixels]);
  const labels = Int32Array.from({ length: COUNT }, (_, i) => label(i));
  const groups = labels.map((y, i) => 2 * y + Number(hasStripe(i)));
  const counts = [0, 1, 2, 3].map((group) => groups.filter((one) => one === group).length);
  const table = groupTable(['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'], counts);
  const network = smallCnn({ inputShape: [SIDE, SIDE, 1], classes: 2, width: 0.25, seed: 1 });
  const { init, step } = robustStep({
    network,
    table,
    objective: groupDro(table, { stepSize: 0.05, classConditional: true }),
    optimizer: sgd({ momentum: 0.9 }),
    consistency: { divergence: camelConsistency, weight: 1 },
  });
  const weights = network.weights();
  const losses: number[] = [];
  const { state } = await train({
    state: init(weights),
    stepsDone: 0,
    steps: STEPS,
    step,
    // All images in every step, without dropout, so that the losses of steps compare.
    batchAt: () => ({
      images: tf.tensor(
        Float32Array.from(pixels, (value) => value / 255),
        [3 * COUNT, SIDE, SIDE, 1],
      ),
      labels: tf.tensor1d(labels, 'int32'),
      groups: tf.tensor1d(groups, 'int32'),
      learningRate: tf.scalar(0.03),
    }),
    onLosses: (records) => {
      losses.push(...records.map((record) => Number(record.losses.loss)));
    },
  });
  disposeTensors({ weights, state });
  network.model.dispose();
  return losses;
}

async function trainCyclegan(): Promise<number[]> {
  const inputShape = [SIDE, SIDE, 1] as const;
  const generator = (seed: number) => unetGenerator({ inputShape, filters: [8, 16], residual: true, seed });
  const discriminator = (seed: number) => patchDiscriminator({ inputShape, width: 1 / 8, seed });
  const generators = { toTarget: generator(1), toSource: generator(2) };
  const discriminators = { source: discriminator(3), target: discriminator(4) };
  const { init, step } = cycleganStep({
    generators,
    discriminators,
    generatorOptimizer: adam({ beta1: 0.5 }),
  });
  const weights = {
    generators: { toTarget: generators.toTarget.weights(), toSource: generators.toSource.weights() },
    discriminators: { source: discriminators.source.weights(), target: discriminators.target.weights() },
  };
  const losses: number[] = [];
  const { state } = await train({
    state: init(weights, [8, ...inputShape]),
    stepsDone: 0,
    steps: STEPS,
    step,
    batchAt: stageOneBatches({
      source: drawn(() => false),
      target: drawn(() => true),
      augment: minusOneToOne,
      batchSize: 4,
      generatorLearningRate: constantSchedule(2e-3),
      discriminatorLearningRate: constantSchedule(2e-4),
      poolSize: 8,
      seed: 1,
    }),
    onLosses: (records) => {
      losses.push(...records.map(({ losses: one }) => Number(one.cycleSource) + Number(one.cycleTarget)));
    },
  });
  disposeTensors({ weights, state });
  for (const { model } of [...Object.values(generators), ...Object.values(discriminators)]) model.dispose();
  return losses;
}

/** Trains on the current backend. */
export async function tenSteps(): Promise<TenSteps> {
  return { classifier: await trainClassifier(), cyclegan: await trainCyclegan() };
}
