/** The rows of the bench: this package's steps with their networks, weights and batches. */
import * as tf from '@tensorflow/tfjs';
import { camelConsistency } from '../../src/consistency.ts';
import { crossEntropy } from '../../src/cross-entropy.ts';
import { cycleganDraws } from '../../src/gan/cyclegan-state.ts';
import { cycleganStep } from '../../src/gan/cyclegan-step.ts';
import { groupDro } from '../../src/group-dro.ts';
import { groupTable } from '../../src/groups.ts';
import type { Network } from '../../src/models/network.ts';
import { publishedDiscriminator, publishedGenerator } from '../../src/models/published.ts';
import { resnet50 } from '../../src/models/resnet50.ts';
import { smallCnn } from '../../src/models/small-classifiers.ts';
import { erm, type GroupObjective, type ObjectiveState } from '../../src/objectives.ts';
import { sgd } from '../../src/optimizers/sgd.ts';
import { foldKey, randomKey, uniform } from '../../src/random/random.ts';
import { disposeTensors, mapTensors, type TensorTree } from '../../src/tensor-tree.ts';
import { robustStep, type RobustBatch, type RobustState } from '../../src/training/robust-step.ts';
import {
  classification,
  publishedCyclegan,
  publishedRobust,
  TRAINING_COUNTS,
  type CycleganDescription,
  type Description,
  type RobustDescription,
} from './descriptions.ts';
import type { Branch, OwnStep } from './own-step.ts';

/** A step, ready to run. */
export interface Row {
  readonly description: Description;
  /** Images that a step sees, translations included. */
  readonly images: number;
  readonly own: OwnStep;
  /** By the names under which a peer finds their weights in `weights`. */
  readonly networks: Readonly<Record<string, Network>>;
  /** Initial weights, `<network>/<layer>/<weight>`, trainable ones and moving statistics alike. */
  readonly weights: Readonly<Record<string, tf.NamedTensorMap>>;
}

const GROUPS = groupTable(['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'], [...TRAINING_COUNTS]);
const KEY = randomKey(0);

const images = (name: string, shape: readonly [number, number, number, number], low: number): tf.Tensor4D =>
  tf.tensor4d(uniform(foldKey(KEY, name), tf.util.sizeFromShape([...shape]), low, 1), [...shape]);

const allWeights = (networks: Readonly<Record<string, Network>>): Record<string, tf.NamedTensorMap> =>
  Object.fromEntries(
    Object.entries(networks).map(([name, network]) => {
      const { trainable, statistics } = network.weights();
      return [name, { ...trainable, ...statistics }];
    }),
  );

const disposeAll = (trees: readonly TensorTree[], networks: readonly Network[]): void => {
  trees.forEach(disposeTensors);
  networks.forEach(({ model }) => model.dispose());
};

function objectiveOf(description: RobustDescription): GroupObjective<ObjectiveState> {
  const { objective, groups, adversaryStepSize, adjustments } = description;
  if (objective === 'erm')
    return erm(groups === 1 ? groupTable(['all'], [1]) : GROUPS) as GroupObjective<ObjectiveState>;
  return groupDro(GROUPS, {
    stepSize: adversaryStepSize,
    adjustment: adjustments[0]! * Math.sqrt(TRAINING_COUNTS[0]),
    classConditional: objective === 'camel',
  }) as GroupObjective<ObjectiveState>;
}

/** The pure step that a description means, for a network. */
export function robustStepOf(network: Network, description: RobustDescription) {
  const { groups, weightDecay, maximumGradientNorm, consistencyWeight } = description;
  return robustStep({
    network,
    table: groups === 1 ? groupTable(['all'], [1]) : GROUPS,
    objective: objectiveOf(description),
    optimizer: sgd(),
    weightDecay,
    ...(maximumGradientNorm !== null && { maxGradientNorm: maximumGradientNorm }),
    ...(consistencyWeight > 0 && {
      consistency: { divergence: camelConsistency, weight: consistencyWeight },
    }),
  });
}

const cycling = (length: number, period: number, of: (i: number) => number = (i) => i): tf.Tensor1D =>
  tf.tensor1d(
    Array.from({ length }, (_, i) => of(i % period)),
    'int32',
  );

function classifierBatch(network: Network, originals: number, count: number, groups: number): Branch {
  const [, height, width, channels] = network.model.inputs[0]!.shape as [null, number, number, number];
  const classes = network.model.outputs[0]!.shape[1]!;
  return {
    images: images('images', [count, height, width, channels], 0),
    // The class of group 2y + z is y.
    labels: cycling(originals, 4, (i) => Math.floor(i / 2) % classes),
    groups: cycling(originals, groups),
  };
}

/** A row that trains a classifier. */
export function robustRow(network: Network, description: RobustDescription): Row {
  const { originals, groups, learningRate, consistencyWeight } = description;
  const count = consistencyWeight > 0 ? 3 * originals : originals;
  const robust = robustStepOf(network, description);
  const given = network.weights();
  const initial = robust.init(given);
  disposeTensors(given);
  const weights = allWeights({ classifier: network });
  const batch = {
    ...classifierBatch(network, originals, count, groups),
    learningRate: tf.scalar(learningRate),
  };
  return {
    description,
    images: count,
    networks: { classifier: network },
    weights,
    own: {
      initial,
      batch,
      draw: (index) => ({ masks: network.masks(foldKey(KEY, 'dropout', index), count) }),
      step: (state, drawn) =>
        robust.step(state as RobustState<never, ObjectiveState>, drawn as RobustBatch) as {
          state: Branch;
          losses: Branch;
        },
      compared: (losses) => [losses['loss'] as tf.Scalar],
      dispose: () => disposeAll([initial, batch, ...Object.values(weights)], [network]),
    },
  };
}

/** A row that runs a classifier in inference mode. */
export function forwardRow(network: Network, count: number): Row {
  const weights = allWeights({ classifier: network });
  const initial = network.weights();
  const batch = classifierBatch(network, count, count, 1);
  return {
    description: { kind: 'forward' },
    images: count,
    networks: { classifier: network },
    weights,
    own: {
      initial,
      batch,
      draw: () => ({}),
      step: (state, given) =>
        tf.tidy(() => {
          const { output } = network.forward(given['images'] as tf.Tensor, {
            mode: 'infer',
            weights: state as typeof initial,
          });
          const loss = crossEntropy(output as tf.Tensor2D, given['labels'] as tf.Tensor1D).mean();
          return { state: mapTensors(state, (tensor) => tensor.clone()), losses: { loss } };
        }),
      compared: (losses) => [losses['loss'] as tf.Scalar],
      dispose: () => disposeAll([initial, batch, ...Object.values(weights)], [network]),
    },
  };
}

/** A row that trains a CycleGAN of the published networks for 28 × 28 images. */
export function cycleganRow(width: number, batchSize: number): Row {
  const description: CycleganDescription = publishedCyclegan();
  const generator = (seed: number): Network => publishedGenerator([28, 28, 1], { width, seed });
  const discriminator = (seed: number): Network => publishedDiscriminator([28, 28, 1], { width, seed });
  const generators = { toTarget: generator(1), toSource: generator(2) };
  const discriminators = { source: discriminator(3), target: discriminator(4) };
  const networks = { ...generators, ...discriminators };
  const { init, step } = cycleganStep({
    generators,
    discriminators,
    cycleWeight: description.cycleWeight,
    identityWeight: description.identityWeight,
  });
  const given = {
    generators: { toTarget: generators.toTarget.weights(), toSource: generators.toSource.weights() },
    discriminators: { source: discriminators.source.weights(), target: discriminators.target.weights() },
  };
  const initial = init(given, [description.poolSize, 28, 28, 1]) as unknown as Branch;
  disposeTensors(given);
  const weights = allWeights(networks);
  const shape = [batchSize, 28, 28, 1] as const;
  const batch = {
    source: images('source', shape, -1),
    target: images('target', shape, -1),
    generatorLearningRate: tf.scalar(description.generatorLearningRate),
    discriminatorLearningRate: tf.scalar(description.discriminatorLearningRate),
  };
  return {
    description,
    images: 2 * batchSize,
    networks,
    weights,
    own: {
      initial,
      batch,
      // The pools' draws of the first step, over and over: other implementations are given the same.
      draw: () => cycleganDraws({ key: KEY, step: 0, shape, capacity: description.poolSize }) as Branch,
      step: step as unknown as OwnStep['step'],
      compared: (losses) => Object.values(losses) as tf.Scalar[],
      dispose: () => disposeAll([initial, batch, ...Object.values(weights)], Object.values(networks)),
    },
  };
}

const digits = (): Network => smallCnn({ inputShape: [28, 28, 1], classes: 2, seed: 1 });
const photographs = (): Network => resnet50({ inputShape: [224, 224, 3], classes: 1000, seed: 1 });

const SMALL_CNN = {
  erm: () => robustRow(digits(), publishedRobust('erm', 100)),
  gdro: () => robustRow(digits(), publishedRobust('gdro', 100)),
  camel: () => robustRow(digits(), publishedRobust('camel', 100)),
  'erm-300': () => robustRow(digits(), publishedRobust('erm', 300)),
};

const CYCLEGAN = { cyclegan: () => cycleganRow(1, 25), 'cyclegan-quarter': () => cycleganRow(1 / 4, 25) };

/**
 * Rows by name. Those of one family are run in turn with one another; families follow one another. `…-input` is the
 * training loop of the row before the dash, with its data.
 */
export const FAMILIES: Readonly<Record<string, Readonly<Record<string, () => Row>>>> = {
  'small CNN': { ...SMALL_CNN, 'erm-input': SMALL_CNN.erm, 'camel-input': SMALL_CNN.camel },
  CycleGAN: {
    ...CYCLEGAN,
    'cyclegan-input': CYCLEGAN.cyclegan,
    'cyclegan-quarter-input': CYCLEGAN['cyclegan-quarter'],
  },
  'ResNet-50': {
    'resnet50-forward': () => forwardRow(photographs(), 4),
    resnet50: () => robustRow(photographs(), classification(4)),
    'resnet50-input': () => robustRow(photographs(), classification(4)),
  },
};
