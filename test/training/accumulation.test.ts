/**
 * Accumulated gradients are those of the whole batch: the independent source is the step without parts, which fixtures
 * and finite differences hold elsewhere.
 */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { camelConsistency } from '../../src/consistency.ts';
import { groupDro } from '../../src/group-dro.ts';
import { groupTable, withVariants, type AugmentationTraining } from '../../src/groups.ts';
import { multilayerPerceptron } from '../../src/models/small-classifiers.ts';
import {
  erm,
  groupBalanced,
  vrex,
  worstGroup,
  type GroupObjective,
  type ObjectiveState,
} from '../../src/objectives.ts';
import { adam } from '../../src/optimizers/adam.ts';
import type { Optimizer } from '../../src/optimizers/optimizer.ts';
import { sgd } from '../../src/optimizers/sgd.ts';
import { foldKey, randomKey, uniform } from '../../src/random/random.ts';
import { disposeTensors, flattenTensors, type TensorTree } from '../../src/tensor-tree.ts';
import { rowsOfPart } from '../../src/training/accumulation.ts';
import { robustStep, type RobustBatch, type RobustStepOptions } from '../../src/training/robust-step.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('wasm'));

const TABLE = groupTable(['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'], [40, 4, 8, 30]);
const SIZE = 12;
const STEPS = 4;

type AnyObjective = GroupObjective<ObjectiveState>;
type AnyOptions = RobustStepOptions<TensorTree, ObjectiveState>;

const network = () => multilayerPerceptron({ inputShape: [3, 2, 1], classes: 2, hidden: [5, 4], seed: 3 });

/** Unequal groups in every part, some of them absent, and one example of no group. */
function batchAt(step: number, translations: number): RobustBatch {
  const key = foldKey(randomKey(7), step);
  const rows = (1 + translations) * SIZE;
  const groups = Array.from(uniform(foldKey(key, 'groups'), SIZE), (u, i) =>
    i === 5 ? -1 : Math.floor(3.9 * u * u),
  );
  return {
    images: tf.tensor(uniform(foldKey(key, 'images'), rows * 6), [rows, 3, 2, 1]),
    labels: tf.tensor1d(
      groups.map((group) => (group > 1 ? 1 : 0)),
      'int32',
    ),
    groups: tf.tensor1d(groups, 'int32'),
    learningRate: tf.scalar(0.2 / (1 + step)),
  };
}

function run(options: Partial<AnyOptions>, translations: number) {
  const classifier = network();
  const { init, step } = robustStep({
    network: classifier,
    table: TABLE,
    objective: erm(TABLE) as unknown as AnyObjective,
    optimizer: sgd({ momentum: 0.9, nesterov: true }) as unknown as Optimizer<TensorTree>,
    weightDecay: 0.01,
    ...options,
  });
  const weights = classifier.weights();
  let state = init(weights);
  disposeTensors(weights);
  const losses: Record<string, number[]>[] = [];
  for (let index = 0; index < STEPS; index++) {
    const batch = batchAt(index, translations);
    const next = step(state, batch);
    disposeTensors({ state, batch });
    state = next.state;
    losses.push(numbersOf(next.losses));
    disposeTensors(next.losses);
  }
  const numbers = numbersOf(state);
  disposeTensors(state);
  classifier.model.dispose();
  return { numbers, losses };
}

const numbersOf = (tree: TensorTree): Record<string, number[]> =>
  Object.fromEntries(flattenTensors(tree).map(([path, tensor]) => [path, Array.from(tensor.dataSync())]));

/** Within rounding. A divergence of nearly equal predictions is a small difference of larger numbers. */
function expectSame(found: Record<string, number[]>, expected: Record<string, number[]>): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [path, values] of Object.entries(expected)) {
    const largest = Math.max(0.02, ...values.map(Math.abs));
    values.forEach((value, i) =>
      expect(Math.abs(found[path]![i]! - value), `${path}[${i}]`).toBeLessThan(2e-5 * largest),
    );
  }
}

const consistency = { divergence: camelConsistency, weight: 5 } as const;
const camel = (trainOn: AugmentationTraining, more: Partial<AnyOptions> = {}): Partial<AnyOptions> => {
  const table = withVariants(TABLE, ['A', 'B'], trainOn);
  const objective = groupDro(table, { stepSize: 0.5, classConditional: true });
  return {
    table,
    objective: objective as unknown as AnyObjective,
    augmentationTraining: trainOn,
    consistency,
    ...more,
  };
};
const robust = (objective: unknown): Partial<AnyOptions> => ({ objective: objective as AnyObjective });

const CASES: readonly (readonly [string, Partial<AnyOptions>, number])[] = [
  ['ERM with momentum and weight decay', {}, 0],
  ['ERM with Adam and clipping', { optimizer: adam() as never, maxGradientNorm: 0.05 }, 0],
  ['balanced ERM', robust(groupBalanced(TABLE)), 0],
  ['group DRO', robust(groupDro(TABLE, { stepSize: 0.5, adjustment: 1 })), 0],
  ['group DRO, differentiated through', robust(groupDro(TABLE, { stepSize: 0.5, gradient: 'through' })), 0],
  ['the worst group', robust(worstGroup(TABLE)), 0],
  ['V-REx, which is not linear', robust(vrex(TABLE, { weight: 3 })), 0],
  ['CAMEL', camel('original'), 2],
  ['CAMEL on translations alone', camel('augmented'), 2],
  ['CAMEL on all', camel('both'), 2],
  ['CAMEL, mean', camel('original', { consistency: { ...consistency, reduction: 'mean' } }), 2],
];

describe('a batch in parts', () => {
  it.each(CASES)('moves as the whole one: %s', (_, options, translations) => {
    const whole = run(options, translations);
    const tensors = tf.memory().numTensors;
    for (const accumulate of [3, 4]) {
      const parts = run({ ...options, accumulate }, translations);
      expectSame(parts.numbers, whole.numbers);
      parts.losses.forEach((losses, i) => expectSame(losses, whole.losses[i]!));
    }
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('takes the dropout masks of its own rows', () => {
    const seen: number[][] = [];
    const forward = (
      x: tf.Tensor,
      { weights, masks }: Parameters<ReturnType<typeof network>['forward']>[1],
    ) => {
      seen.push(Array.from(masks!.drop!.dataSync()));
      const output = x
        .flatten()
        .expandDims(1)
        .mul(masks!.drop!)
        .matMul(weights!.trainable.kernel as tf.Tensor2D);
      return { output, statistics: {} };
    };
    const objective = erm(TABLE) as unknown as AnyObjective;
    const { init, step } = robustStep({
      network: { forward },
      table: TABLE,
      objective,
      optimizer: sgd() as unknown as Optimizer<TensorTree>,
      accumulate: 2,
    });
    tf.tidy(() => {
      const state = init({ trainable: { kernel: tf.ones([1, 2]) }, statistics: {} });
      step(state, {
        images: tf.tensor([1, 2, 3, 4], [4, 1]),
        labels: tf.tensor1d([0, 1, 0, 1], 'int32'),
        groups: tf.tensor1d([0, 0, 1, 1], 'int32'),
        learningRate: tf.scalar(1),
        masks: { drop: tf.tensor2d([10, 20, 30, 40], [4, 1]) },
      });
    });
    expect(seen).toEqual([
      [10, 30],
      [20, 40],
    ]);
  });

  it('hands the moving statistics from part to part', () => {
    const forward = (x: tf.Tensor, { weights }: Parameters<ReturnType<typeof network>['forward']>[1]) => ({
      output: x.matMul(weights!.trainable.kernel as tf.Tensor2D),
      statistics: { mean: weights!.statistics.mean!.mul(0.5).add(x.mean().mul(0.5)) },
    });
    const { init, step } = robustStep({
      network: { forward },
      table: TABLE,
      objective: groupDro(TABLE),
      optimizer: sgd(),
      accumulate: 2,
    });
    const mean = tf.tidy(() => {
      const state = init({ trainable: { kernel: tf.ones([1, 2]) }, statistics: { mean: tf.scalar(0) } });
      const batch = {
        images: tf.tensor([2, 8, 4, 10], [4, 1]),
        labels: tf.tensor1d([0, 1, 0, 1], 'int32'),
        groups: tf.tensor1d([0, 0, 1, 1], 'int32'),
        learningRate: tf.scalar(1),
      };
      return step(state, batch).state.statistics.mean!.dataSync()[0];
    });
    // ½ (½ · 3) + ½ · 9: examples 2 and 4, then 8 and 10, once each although there are two passes.
    expect(mean).toBe(5.25);
  });

  it('is refused where no parts make it up', () => {
    const options = { network: network(), table: TABLE, objective: erm(TABLE), optimizer: sgd() };
    expect(() => robustStep({ ...options, accumulate: 0 })).toThrow('accumulate: expected an integer ≥ 1');
    expect(() => robustStep({ ...options, accumulate: 2, invariance: 'irmv1' })).toThrow(
      'accumulate: expected 1 with the penalty of invariance',
    );
    const { init, step } = robustStep({ ...options, accumulate: 5 });
    const weights = options.network.weights();
    const [state, batch] = [init(weights), batchAt(0, 0)];
    expect(() => step(state, batch)).toThrow('expected a multiple of 5 originals, received 12');
    disposeTensors({ weights, state, batch });
    options.network.model.dispose();
  });
});

it('parts of a batch hold every n-th example of every block', () => {
  expect(rowsOfPart(1, 3, 6, 2)).toEqual([1, 4, 7, 10]);
});
