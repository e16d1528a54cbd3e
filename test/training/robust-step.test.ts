import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageBatch } from '../../src/augmentation/images.ts';
import {
  camelConsistency,
  jensenShannonConsistency,
  klConsistency,
  reverseKlConsistency,
} from '../../src/consistency.ts';
import { groupDro } from '../../src/group-dro.ts';
import { groupTable, withVariants, type AugmentationTraining } from '../../src/groups.ts';
import { invarianceRiskPenalty } from '../../src/invariance.ts';
import { multilayerPerceptron } from '../../src/models/small-classifiers.ts';
import type { Network, NetworkWeights } from '../../src/models/network.ts';
import { erm, groupBalanced, type ObjectiveState } from '../../src/objectives.ts';
import { adam } from '../../src/optimizers/adam.ts';
import type { Optimizer } from '../../src/optimizers/optimizer.ts';
import { constantSchedule } from '../../src/optimizers/schedules.ts';
import { sgd } from '../../src/optimizers/sgd.ts';
import { disposeTensors, flattenTensors, type TensorTree } from '../../src/tensor-tree.ts';
import { train } from '../../src/training/loop.ts';
import { robustStep, type RobustBatch, type RobustState } from '../../src/training/robust-step.ts';
import { stageTwoBatches } from '../../src/training/stage-two.ts';
import { useBackend } from '../support/backend.ts';
import { expectClose, readFixture, toTensor, type FixtureTensor } from '../support/fixture.ts';

type NamedFixtureTensor = FixtureTensor & { readonly name: string; readonly trainable: boolean };

interface RobustCase {
  readonly what: string;
  readonly title: string;
  readonly aliases: string[];
  readonly groupCounts: number[];
  readonly adjustment: number;
  readonly stepSize: number;
  readonly classConditional: boolean;
  readonly augmentationTraining: AugmentationTraining;
  readonly consistencyType: keyof typeof DIVERGENCES | 'none';
  readonly consistencyWeight: number;
  readonly weightDecayRate: number;
  readonly maxGlobalGradNorm: number;
  readonly optimizer: 'SGD' | 'Adam';
  readonly momentum: number;
  readonly consistencyTriplets: number[][];
  readonly trainingGroupsMask: boolean[];
  readonly initialWeights: NamedFixtureTensor[];
  readonly finalWeights: NamedFixtureTensor[];
  readonly steps: {
    readonly inputs: FixtureTensor[];
    readonly targets: number[][];
    readonly learningRate: number;
    readonly irmWeight: number;
    readonly robustLoss: number;
    readonly consistencyLoss: number;
    readonly decayLoss: number;
    readonly groupLosses: number[];
    readonly adversaryLogits: number[];
    readonly globalGradientNorm: number;
    readonly weightsAfter?: NamedFixtureTensor[];
  }[];
}

const DIVERGENCES = {
  camel: camelConsistency,
  'triplet-js': jensenShannonConsistency,
  kl: klConsistency,
  'reverse-kl': reverseKlConsistency,
} as const;

/** The fixtures' network: dense, batch norm if it has weights for one, relu, dense. */
const network: Pick<Network, 'forward'> = {
  forward(x, { weights }) {
    const { trainable: w, statistics } = weights!;
    const hidden = tf.matMul(x as tf.Tensor2D, w['dense/kernel:0'] as tf.Tensor2D);
    const gamma = w['batch_normalization/gamma:0'];
    const output = (activations: tf.Tensor) =>
      tf
        .matMul(activations.relu() as tf.Tensor2D, w['dense_1/kernel:0'] as tf.Tensor2D)
        .add(w['dense_1/bias:0']!);
    if (gamma === undefined) return { output: output(hidden.add(w['dense/bias:0']!)), statistics: {} };
    const { mean, variance } = tf.moments(hidden, 0);
    const normal = hidden.sub(mean).div(variance.add(1e-3).sqrt());
    const moved = (name: string, value: tf.Tensor) =>
      statistics[`batch_normalization/${name}:0`]!.mul(0.99).add(value.mul(0.01));
    return {
      output: output(normal.mul(gamma).add(w['batch_normalization/beta:0']!)),
      statistics: {
        'batch_normalization/moving_mean:0': moved('moving_mean', mean),
        'batch_normalization/moving_variance:0': moved('moving_variance', variance),
      },
    };
  },
};

const weightsOf = (tensors: readonly NamedFixtureTensor[]): NetworkWeights => {
  const select = (trainable: boolean) =>
    Object.fromEntries(
      tensors.filter((w) => w.trainable === trainable).map((w) => [w.name, toTensor(w)] as const),
    );
  return { trainable: select(true), statistics: select(false) };
};

function stepOf(golden: RobustCase, gradient: 'stopped' | 'through' = 'through') {
  const original = golden.aliases.map((alias, i) => ({ alias, count: golden.groupCounts[i]! }));
  const bases = original.filter(({ alias }) => !alias.includes('(A-'));
  const table = withVariants(
    groupTable(
      bases.map(({ alias }) => alias),
      bases.map(({ count }) => count),
    ),
    ['A-F', 'A-G'],
    golden.augmentationTraining,
  );
  const { stepSize, adjustment, classConditional, consistencyType } = golden;
  const build = <Slots extends TensorTree, Adversary extends ObjectiveState>(
    optimizer: Optimizer<Slots>,
    objective: Parameters<typeof robustStep<Slots, Adversary>>[0]['objective'],
  ) =>
    robustStep<Slots, Adversary>({
      network,
      table,
      objective,
      optimizer,
      ...(consistencyType !== 'none' && {
        consistency: { divergence: DIVERGENCES[consistencyType], weight: golden.consistencyWeight },
      }),
      weightDecay: golden.weightDecayRate,
      ...(golden.maxGlobalGradNorm > 0 && { maxGradientNorm: golden.maxGlobalGradNorm }),
      invariance: 'reference',
      augmentationTraining: golden.augmentationTraining,
    });
  const dro = groupDro(table, { stepSize, adjustment, classConditional, gradient });
  return { table, dro, build };
}

/** Originals of all groups, then the first translations, then the second. */
function batchOf(golden: RobustCase, index: number): RobustBatch {
  const step = golden.steps[index]!;
  const blocks =
    golden.consistencyTriplets.length > 0
      ? [0, 1, 2].map((v) => golden.consistencyTriplets.map((triplet) => triplet[v]!))
      : [golden.aliases.map((_, i) => i)];
  const originals = blocks[0]!;
  const labels = originals.flatMap((i) => step.targets[i]!);
  const groups = originals.flatMap((i, g) => step.targets[i]!.map(() => g));
  return tf.tidy(() => ({
    images: tf.concat(blocks.flat().map((i) => toTensor(step.inputs[i]!))),
    labels: tf.tensor1d(labels, 'int32'),
    groups: tf.tensor1d(groups, 'int32'),
    learningRate: tf.scalar(step.learningRate),
    invarianceWeight: tf.scalar(step.irmWeight),
  }));
}

const { cases } = readFixture<RobustCase>('train-step');
const robust = cases.filter(({ what }) => what === 'robust');
const caseOf = (title: string): RobustCase => robust.find((golden) => golden.title === title)!;

function expectWeights(
  state: RobustState<TensorTree, ObjectiveState>,
  expected: readonly NamedFixtureTensor[],
  what: string,
): void {
  for (const weight of expected) {
    const actual = { ...state.trainable, ...state.statistics }[weight.name]!;
    expectClose(actual, weight, 5e-5, `${what} ${weight.name}`);
  }
}

describe.each(['wasm', 'cpu'] as const)('robustStep on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('has ten golden runs', () => expect(robust.length).toBe(10));

  function replay<Slots extends TensorTree>(golden: RobustCase, optimizer: Optimizer<Slots>): void {
    const { build, dro } = stepOf(golden);
    const { init, step } = build(optimizer, dro);
    let state = init(weightsOf(golden.initialWeights));
    golden.steps.forEach((expected, i) => {
      const { state: next, losses } = step(state, batchOf(golden, i));
      const what = `${golden.title} step ${i}`;
      expectClose(losses.loss, expected.robustLoss, 2e-5, `${what} loss`);
      expectClose(losses.consistency, expected.consistencyLoss, 2e-5, `${what} consistency`);
      expectClose(losses.decay, expected.decayLoss, 2e-5, `${what} decay`);
      const masked = expected.groupLosses.filter((_, g) => golden.trainingGroupsMask[g]);
      expectClose(losses.groupMeans, masked, 2e-5, `${what} groups`);
      expectClose(next.adversary.logits, expected.adversaryLogits, 2e-5, `${what} adversary`);
      const norm = losses.gradientNorm.dataSync()[0]!;
      const clipped = golden.maxGlobalGradNorm > 0 ? Math.min(norm, golden.maxGlobalGradNorm) : norm;
      expectClose(clipped, expected.globalGradientNorm, 5e-5, `${what} norm`);
      if (expected.weightsAfter) expectWeights(next, expected.weightsAfter, what);
      state = next;
    });
    expectWeights(state, golden.finalWeights, `${golden.title} at the end`);
  }

  it.each(robust.map((golden) => [golden.title, golden] as const))('reproduces: %s', (_, golden) => {
    tf.tidy(() =>
      golden.optimizer === 'Adam'
        ? replay(golden, adam())
        : replay(golden, sgd({ momentum: golden.momentum })),
    );
  });

  it('misses the reference where the gradient does not pass through the weights', () => {
    const golden = caseOf('GDRO large step size, tight clipping');
    tf.tidy(() => {
      const { build, dro } = stepOf(golden, 'stopped');
      const { init, step } = build(sgd(), dro);
      const { state } = step(init(weightsOf(golden.initialWeights)), batchOf(golden, 0));
      expect(() => expectWeights(state, golden.steps[0]!.weightsAfter!, 'stopped')).toThrow();
    });
  });

  it('with empirical risk minimisation equals group DRO over one group', () => {
    const golden = caseOf('ERM clipped, MNIST-like');
    tf.tidy(() => {
      const { build, table } = stepOf(golden);
      const { init, step } = build(sgd(), erm(table));
      let state = init(weightsOf(golden.initialWeights));
      golden.steps.forEach((_, i) => (state = step(state, batchOf(golden, i)).state));
      expectWeights(state, golden.finalWeights, 'ERM');
      expect(state.adversary).toEqual({});
    });
  });
});

describe('robustStep', () => {
  beforeAll(() => useBackend('wasm'));
  const golden = caseOf('CAMEL with batch norm');

  const run = (steps: number) => {
    const { build, dro } = stepOf(golden);
    const { init, step } = build(sgd(), dro);
    const weights = weightsOf(golden.initialWeights);
    let state = init(weights);
    disposeTensors(weights);
    const counts: number[] = [];
    for (let i = 0; i < steps; i++) {
      const batch = batchOf(golden, i % golden.steps.length);
      const { state: next, losses } = step(state, batch);
      disposeTensors(state);
      tf.dispose([batch, losses]);
      state = next;
      counts.push(tf.memory().numTensors);
    }
    return { state, counts };
  };

  it('leaks nothing, and leaves state and batch as they are', () => {
    const before = tf.memory().numTensors;
    const { state, counts } = run(6);
    expect(new Set(counts).size).toBe(1);
    expect(counts[0]! - before).toBe(flattenTensors(state).length);
    disposeTensors(state);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives bit-equal weights when repeated', () => {
    const [first, second] = [run(5).state, run(5).state];
    const read = (state: TensorTree) => flattenTensors(state).map(([path, t]) => [path, [...t.dataSync()]]);
    expect(read(first)).toEqual(read(second));
    [first, second].forEach(disposeTensors);
  });

  it("hands the state's weights and the batch's masks to the pass, in training mode", () => {
    const contexts: unknown[] = [];
    const table = groupTable([''], [4]);
    const { init, step } = robustStep({
      network: {
        forward: (x, context) => (contexts.push(context), network.forward(x, context)),
      },
      table,
      objective: erm(table),
      optimizer: sgd(),
    });
    tf.tidy(() => {
      const plain = caseOf('ERM');
      const masks = { dropout: tf.ones([16, 6]) };
      const state = init(weightsOf(plain.initialWeights));
      step(state, { ...batchOf(plain, 0), masks });
      const { trainable, statistics } = state;
      expect(contexts).toEqual([{ mode: 'train', masks, weights: { trainable, statistics } }]);
    });
  });

  it('irmv1 adds the square of the derivative of each group by the scale of its logits', () => {
    const irm = caseOf('IRM from step 2');
    tf.tidy(() => {
      const table = groupTable(irm.aliases, irm.groupCounts);
      const shared = { network, table, objective: groupBalanced(table), optimizer: sgd() };
      const [plain, penalised] = [robustStep(shared), robustStep({ ...shared, invariance: 'irmv1' })];
      const weights = weightsOf(irm.initialWeights);
      const batch = { ...batchOf(irm, 0), invarianceWeight: tf.scalar(7) };
      const logits = network.forward(batch.images, { mode: 'train', weights }).output as tf.Tensor2D;
      const penalties = [0, 4].map(
        (from) =>
          invarianceRiskPenalty(logits.slice([from, 0], [4, 2]), batch.labels.slice(from, 4)).dataSync()[0]!,
      );
      const means = ({ init, step }: NonNullable<typeof plain>) =>
        step(init(weights), batch).losses.groupMeans.dataSync();
      const expected = Array.from(means(plain!), (mean, g) => mean + 7 * penalties[g]!);
      expectClose(means(penalised!), expected, 1e-5);
      expect(Math.min(...penalties)).toBeGreaterThan(1e-3);
    });
  });

  it("'mean' weighs examples, 'sumOfGroupMeans' groups: four times as much for four equal groups", () => {
    const { table, dro } = stepOf(golden);
    tf.tidy(() => {
      const consistencyWith = (reduction: 'mean' | 'sumOfGroupMeans') => {
        const { init, step } = robustStep({
          network,
          table,
          objective: dro,
          optimizer: sgd(),
          consistency: { divergence: camelConsistency, weight: 1, reduction },
        });
        return step(
          init(weightsOf(golden.initialWeights)),
          batchOf(golden, 0),
        ).losses.consistency.dataSync()[0]!;
      };
      expectClose(consistencyWith('sumOfGroupMeans') / consistencyWith('mean'), 4, 1e-5);
    });
  });

  describe('with a label or a group that does not exist', () => {
    /** Rows of the table for each group of originals, of which there are two translations. */
    const variants = [
      ['original', 1],
      ['augmented', 2],
      ['both', 3],
    ] as const;
    /** A classifier of two features with two translations of each original; the loss and what the objective saw. */
    const lossesOf = (
      training: AugmentationTraining,
      { labels, groups }: { readonly labels?: number[]; readonly groups?: number[] },
      dtype: 'int32' | 'float32' = 'int32',
    ) =>
      tf.tidy(() => {
        const table = withVariants(
          groupTable(['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)'], [3, 1, 2]),
          ['A-F', 'A-G'],
          training,
        );
        const { init, step } = robustStep({
          network: {
            forward: (x, { weights }) => ({
              output: x.matMul(weights!.trainable['kernel']!),
              statistics: {},
            }),
          },
          table,
          objective: groupDro(table),
          optimizer: sgd(),
          augmentationTraining: training,
        });
        const state = init({
          trainable: { kernel: tf.tensor2d([0.3, -0.2, 0.1, 0.4], [2, 2]) },
          statistics: {},
        });
        const { losses } = step(state, {
          images: tf.tensor2d(
            Array.from({ length: 24 }, (_, i) => Math.sin(i)),
            [12, 2],
          ),
          labels: tf.tensor1d(labels ?? [0, 0, 1, 0], dtype),
          groups: tf.tensor1d(groups ?? [0, 1, 2, 0], dtype),
          learningRate: tf.scalar(0.1),
        });
        return { loss: losses.loss.dataSync()[0]!, counts: Array.from(losses.groupCounts.dataSync()) };
      });

    it.each(variants)('is NaN, trained on %s', (training) => {
      expect(lossesOf(training, {}).loss).toBeGreaterThan(0);
      expect(lossesOf(training, {}, 'float32')).toEqual(lossesOf(training, {}));
      for (const labels of [
        [0, 0, 2, 0],
        [-1, 0, 1, 0],
      ]) {
        expect(lossesOf(training, { labels }).loss).toBeNaN();
      }
      // 1431655766 · 3 is 2 for integers of 32 bits, and 0.5 · 2 a whole number.
      for (const wrong of [3, -2, 1431655766, 2 ** 31 - 1]) {
        expect(lossesOf(training, { groups: [0, 1, 2, wrong] }).loss).toBeNaN();
      }
      for (const wrong of [0.5, 1 / 3, NaN, 9]) {
        expect(lossesOf(training, { groups: [0, 1, 2, wrong] }, 'float32').loss).toBeNaN();
        expect(lossesOf(training, { labels: [0, 1, 1, wrong] }, 'float32').loss).toBeNaN();
      }
    });

    it.each(variants)('leaves out an example of group −1, trained on %s', (training, rows) => {
      const { loss, counts } = lossesOf(training, { groups: [0, -1, 2, 0] });
      expect(loss).toBeGreaterThan(0);
      expect(counts).toEqual([2, 0, 1].flatMap((count) => Array<number>(rows).fill(count)));
    });
  });

  it.each([
    ['labels counted from 1', { labels: Int32Array.of(1, 2, 1, 2), groups: Int32Array.of(0, 1, 0, 1) }],
    ['a missing label', { labels: Int32Array.of(0, 1, 0, -1), groups: Int32Array.of(0, 1, 0, 1) }],
    ['a group outside the table', { labels: Int32Array.of(0, 1, 0, 1), groups: Int32Array.of(0, 1, 2, 1) }],
  ])('%s: a run stops at its first step and says what may be the cause', async (_, wrong) => {
    const table = groupTable(['(Y=0)', '(Y=1)'], [2, 2]);
    const classifier = multilayerPerceptron({ inputShape: [1, 1, 1], classes: 2, hidden: [], seed: 1 });
    const { init, step } = robustStep({
      network: classifier,
      table,
      objective: groupDro(table),
      optimizer: sgd(),
    });
    const weights = classifier.weights();
    const run = train({
      state: init(weights),
      stepsDone: 0,
      steps: 30,
      step,
      batchAt: stageTwoBatches({
        network: classifier,
        examples: { images: imageBatch(Uint8Array.of(0, 51, 204, 255), [4, 1, 1, 1]), ...wrong },
        translations: [],
        batchSize: 4,
        balanced: false,
        learningRate: constantSchedule(0.1),
        seed: 1,
      }),
    });
    await expect(run).rejects.toThrow(
      /^loss is not finite at step 1: loss NaN, .*labels or groups out of range$/,
    );
    disposeTensors(weights);
    classifier.model.dispose();
  });

  it('refuses batches that do not fit', () => {
    tf.tidy(() => {
      const { build, dro } = stepOf(golden);
      const { init, step } = build(sgd(), dro);
      const state = init(weightsOf(golden.initialWeights));
      const batch = batchOf(golden, 0);
      const originals = batch.images.slice([0, 0], [12, -1]);
      expect(() => step(state, { ...batch, images: originals })).toThrow(/expected translations after 12/);
      expect(() => step(state, { ...batch, images: batch.images.slice([0, 0], [13, -1]) })).toThrow(
        /multiple of 12 images/,
      );
      expect(() => step(state, { ...batch, groups: tf.zeros([3], 'int32') })).toThrow(/\[12\] and \[3\]/);
      const odd = groupTable(['a', 'b'], [1, 1]);
      const both = robustStep({
        network,
        table: odd,
        objective: erm(odd),
        optimizer: sgd(),
        augmentationTraining: 'both',
      });
      expect(() => both.step(both.init(weightsOf(golden.initialWeights)), batch)).toThrow(
        /3 groups for each/,
      );
    });
  });
});
