/** The smallest runs of both stages: random bytes, tiny networks, every part of the published steps. */
import * as tf from '@tensorflow/tfjs';
import { imageBatch, type ImageShape, type Images } from '../../src/augmentation/images.ts';
import { minusOneToOne } from '../../src/augmentation/scaling.ts';
import { camelConsistency } from '../../src/consistency.ts';
import type { CycleganBatch, CycleganState } from '../../src/gan/cyclegan-state.ts';
import { cycleganStep } from '../../src/gan/cyclegan-step.ts';
import { groupDro } from '../../src/group-dro.ts';
import { groupTable } from '../../src/groups.ts';
import { networkFromModel } from '../../src/models/network-from-model.ts';
import type { Network } from '../../src/models/network.ts';
import { patchDiscriminator } from '../../src/models/patch-discriminator.ts';
import { publishedDiscriminator, publishedGenerator } from '../../src/models/published.ts';
import { smallCnn } from '../../src/models/small-classifiers.ts';
import { unetGenerator } from '../../src/models/unet-generator.ts';
import { erm, type GroupObjective, type ObjectiveState } from '../../src/objectives.ts';
import { constantSchedule } from '../../src/optimizers/schedules.ts';
import { sgd } from '../../src/optimizers/sgd.ts';
import { foldKey, randomIntegers, randomKey } from '../../src/random/random.ts';
import { disposeTensors, type TensorTree } from '../../src/tensor-tree.ts';
import { robustStep, type RobustBatch, type RobustState } from '../../src/training/robust-step.ts';
import { stageOneClasses } from '../../src/training/stage-one-classes.ts';
import { stageOneBatches } from '../../src/training/stage-one.ts';
import { stageTwoBatches } from '../../src/training/stage-two.ts';
import type { PureStep } from '../../src/training/step-runner.ts';

/** A state before step 0, owned by the caller, and the step with its batches. */
export interface MinimalRun<State extends TensorTree, Batch extends TensorTree> {
  readonly initial: State;
  readonly step: PureStep<State, Batch, TensorTree>;
  readonly batchAt: (index: number) => Batch;
}

const SIDE = 12;

/** Images that are the same for every seed. */
export function randomImages(purpose: string, shape: ImageShape): Images<Uint8Array> {
  const size = shape.reduce((product, n) => product * n, 1);
  return imageBatch(Uint8Array.from(randomIntegers(foldKey(randomKey(0), purpose), size, 0, 256)), shape);
}

/** Two convolutions, batch normalisation, pooling, dropout, two logits: each kind of layer once. */
function minimalClassifier(): Network {
  const input = { inputShape: [SIDE, SIDE, 1] };
  const model = tf.sequential();
  const seeded = (seed: number) => ({ kernelInitializer: tf.initializers.glorotUniform({ seed }) });
  const { layers } = tf;
  const convolution = { kernelSize: 3, strides: 2, padding: 'same' as const };
  model.add(layers.conv2d({ name: 'first', filters: 4, ...convolution, ...input, ...seeded(1) }));
  model.add(layers.batchNormalization({ name: 'norm' }));
  model.add(layers.activation({ name: 'relu', activation: 'relu' }));
  model.add(layers.conv2d({ name: 'second', filters: 6, ...convolution, ...seeded(2) }));
  model.add(layers.maxPooling2d({ name: 'pool', poolSize: 3 }));
  model.add(layers.flatten({ name: 'flatten' }));
  model.add(layers.dropout({ name: 'dropout', rate: 0.5 }));
  model.add(layers.dense({ name: 'logits', units: 2, ...seeded(3) }));
  return networkFromModel(model);
}

export type Method = 'erm' | 'dro' | 'camel';
export type ClassifierState = RobustState<TensorTree, ObjectiveState>;

/** Stage 2 on 24 images of four groups; `full`: the published 28×28 network at its batch of 100. */
export function minimalStageTwo(
  method: Method,
  seed = 1,
  full = false,
  accumulate = 1,
): MinimalRun<ClassifierState, RobustBatch> {
  const side = full ? 28 : SIDE;
  const table = groupTable(['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'], [12, 2, 2, 8]);
  const groups = Int32Array.from(table.trainingCounts.flatMap((count, g) => Array<number>(count).fill(g)));
  const images = (purpose: string) => randomImages(purpose, [groups.length, side, side, 1]);
  const network = full ? smallCnn({ inputShape: [side, side, 1], classes: 2 }) : minimalClassifier();
  const objective = (
    method === 'erm' ? erm(table) : groupDro(table, { adjustment: 1, classConditional: method === 'camel' })
  ) as GroupObjective<ObjectiveState>;
  const robust = robustStep<TensorTree, ObjectiveState>({
    network,
    table,
    objective,
    optimizer: sgd(),
    weightDecay: 1e-3,
    maxGradientNorm: 5,
    accumulate,
    ...(method === 'camel' && { consistency: { divergence: camelConsistency, weight: 5 } }),
  });
  const weights = network.weights();
  const initial = robust.init(weights);
  disposeTensors(weights);
  const batchAt = stageTwoBatches({
    network,
    examples: { images: images('originals'), labels: groups.map((group) => group >> 1), groups },
    translations: method === 'camel' ? [images('to source'), images('to target')] : [],
    batchSize: full ? 100 : 8,
    balanced: method !== 'erm',
    learningRate: constantSchedule(0.05),
    seed,
  });
  return { initial, step: robust.step, batchAt };
}

function minimalNetworks() {
  const shape = [8, 8, 1] as const;
  const generator = (seed: number) =>
    unetGenerator({ inputShape: shape, filters: [2, 3], dropout: [0.5], seed });
  const discriminator = (seed: number) =>
    patchDiscriminator({ inputShape: [8, 8, 1], filters: [2, 3], seed });
  return { generator, discriminator };
}

const publishedNetworks = () => ({
  generator: (seed: number) => publishedGenerator([28, 28, 1], { seed }),
  discriminator: (seed: number) => publishedDiscriminator([28, 28, 1], { seed }),
});

/** Stage 1 with pools, dropout, averages and, unless it is left out, a penalty; `full`: the published 28×28 networks. */
export function minimalStageOne(
  seed = 1,
  full = false,
  penalised = true,
): MinimalRun<CycleganState, CycleganBatch> {
  const side = full ? 28 : 8;
  const { generator, discriminator } = full ? publishedNetworks() : minimalNetworks();
  const generators = { toTarget: generator(1), toSource: generator(2) };
  const discriminators = { source: discriminator(3), target: discriminator(4) };
  const { init, step } = cycleganStep({
    generators,
    discriminators,
    ...(penalised && { adversarial: 'wgan', penalty: { kind: 'wgan-gp' } }),
    movingAverageDecay: 0.9,
  });
  const weights = {
    generators: { toTarget: generators.toTarget.weights(), toSource: generators.toSource.weights() },
    discriminators: { source: discriminators.source.weights(), target: discriminators.target.weights() },
  };
  const initial = init(weights, [3, side, side, 1]);
  disposeTensors(weights);
  return {
    initial,
    step,
    batchAt: stageOneBatches({
      source: randomImages('source', [5, side, side, 1]),
      target: randomImages('target', [6, side, side, 1]),
      augment: minusOneToOne,
      batchSize: 2,
      generatorLearningRate: constantSchedule(1e-3),
      discriminatorLearningRate: constantSchedule(1e-3),
      poolSize: 3,
      generators,
      ...(penalised && { penalty: 'wgan-gp' }),
      seed,
    }),
  };
}

/**
 * Stage 1 as `stage-1-recommended.yaml` sets it up, the scarce classes mixed: mask heads, noise, views, R1 in every third
 * step, no pool.
 */
export function minimalRecommendedStageOne(seed = 1): MinimalRun<CycleganState, CycleganBatch> {
  const generator = (noise: number, its: number) =>
    unetGenerator({
      inputShape: [8, 8, 1],
      filters: [2, 3],
      residual: 'mask',
      noise,
      initialWeights: 'he',
      seed: its,
    });
  const discriminator = (its: number) =>
    patchDiscriminator({
      inputShape: [8, 8, 1],
      filters: [2, 3],
      normalization: 'none',
      initialWeights: 'he',
      seed: its,
    });
  const generators = { toTarget: generator(2, 1), toSource: generator(0, 2) };
  const discriminators = { source: discriminator(3), target: discriminator(4) };
  const { init, step } = cycleganStep({
    generators,
    discriminators,
    cycleWeight: { source: 10, target: 0 },
    detachCycle: true,
    contentWeight: 0.5,
    identityWeight: 0,
    penalty: { kind: 'r1', scale: 0.15 },
    movingAverageDecay: 0.9,
  });
  const weights = {
    generators: { toTarget: generators.toTarget.weights(), toSource: generators.toSource.weights() },
    discriminators: { source: discriminators.source.weights(), target: discriminators.target.weights() },
  };
  const initial = init(weights);
  disposeTensors(weights);
  const labels = { source: [0, 0, 0, 0, 0, 1, 1], target: [0, 0, 1, 1, 1, 1, 1] };
  const mix = { realInputs: 1, finalShare: 0.5, until: 0.5 };
  return {
    initial,
    step,
    batchAt: stageOneBatches({
      source: randomImages('source', [7, 8, 8, 1]),
      target: randomImages('target', [7, 8, 8, 1]),
      augment: minusOneToOne,
      batchSize: 4,
      generatorLearningRate: constantSchedule(1e-3),
      discriminatorLearningRate: constantSchedule(1e-3),
      penalty: 'r1',
      penaltyEvery: 3,
      noise: { toTarget: 2, toSource: 0 },
      views: { shift: 1 },
      movingAverageDecay: (index) => Math.min(0.9, (1 + index) / (10 + index)),
      classes: stageOneClasses({ labels, batchSize: 4, steps: 20, mix }),
      seed,
    }),
  };
}
