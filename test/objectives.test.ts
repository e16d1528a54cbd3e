import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { consistencyPenalty } from '../src/consistency.ts';
import { crossEntropy } from '../src/cross-entropy.ts';
import { chiSquare, cvar } from '../src/distributional-risk.ts';
import { groupDro } from '../src/group-dro.ts';
import { groupLosses, groupTable, type GroupTable } from '../src/groups.ts';
import { invarianceRiskPenalty } from '../src/invariance.ts';
import { erm, groupBalanced, vrex, worstGroup, type GroupObjective } from '../src/objectives.ts';
import { useBackend } from './support/backend.ts';
import { directionalError } from './support/finite-difference.ts';
import { expectClose } from './support/fixture.ts';

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

interface Objective {
  readonly build: (table: GroupTable) => GroupObjective;
  /** Over the groups that are present: means and counts in doubles. */
  readonly twin: (means: readonly number[], counts: readonly number[]) => number;
}

const OBJECTIVES: Record<string, Objective> = {
  erm: {
    build: erm,
    twin: (means, counts) =>
      means.reduce((sum, loss, g) => sum + loss * counts[g]!, 0) / counts.reduce((a, b) => a + b, 0),
  },
  groupBalanced: { build: groupBalanced, twin: (means) => mean(means) },
  worstGroup: { build: worstGroup, twin: (means) => Math.max(...means) },
  vrex: {
    build: (table) => vrex(table, { weight: 3 }),
    twin: (means) => mean(means) + 3 * mean(means.map((loss) => (loss - mean(means)) ** 2)),
  },
};

const tableOf = (size: number): GroupTable =>
  groupTable(
    Array.from({ length: size }, (_, g) => `${g}`),
    Array.from({ length: size }, () => 10),
  );

const groupsOfBatch = fc.array(
  fc.tuple(fc.float({ min: -3, max: 6, noNaN: true }), fc.integer({ min: 0, max: 5 })),
  {
    minLength: 1,
    maxLength: 6,
  },
);

describe.each(['wasm', 'cpu'] as const)('objectives on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each(Object.keys(OBJECTIVES))('%s agrees with its formula over the groups that are present', (name) => {
    const { build, twin } = OBJECTIVES[name]!;
    const before = tf.memory().numTensors;
    fc.assert(
      fc.property(groupsOfBatch, (groups) => {
        const present = groups.filter(([, count]) => count > 0);
        const objective = build(tableOf(groups.length));
        const losses = {
          means: tf.tensor1d(groups.map(([loss, count]) => (count > 0 ? loss : 0))),
          counts: tf.tensor1d(groups.map(([, count]) => count)),
        };
        const loss = objective.loss(objective.init(), losses);
        const expected =
          present.length === 0
            ? 0
            : twin(
                present.map(([value]) => value),
                present.map(([, count]) => count),
              );
        expectClose(loss, expected, 1e-5, name);
        tf.dispose([losses, loss]);
      }),
      { seed: 41, numRuns: 40 },
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(Object.keys(OBJECTIVES))('%s has the gradient that its differences show', (name) => {
    const objective = OBJECTIVES[name]!.build(tableOf(4));
    tf.tidy(() => {
      const counts = tf.tensor1d([3, 0, 1, 5]);
      const f = (means: tf.Tensor) => objective.loss({}, { means: means as tf.Tensor1D, counts });
      const x = tf.tensor1d([0.5, 9, 2, -0.4]);
      expect(directionalError(f, [x], { seed: 3 })).toBeLessThan(5e-3);
      const wrong = { seed: 3, gradient: () => [tf.grad(f)(x).mul(0.9)] };
      expect(directionalError(f, [x], wrong)).toBeGreaterThan(5e-2);
    });
  });

  it('groups that share the maximum share its gradient', () => {
    tf.tidy(() => {
      const counts = tf.ones<tf.Rank.R1>([3]);
      const gradient = tf.grad((means: tf.Tensor) =>
        worstGroup(tableOf(3)).loss({}, { means: means as tf.Tensor1D, counts }),
      )(tf.tensor1d([2, 1, 2]));
      expectClose(gradient, [0.5, 0, 0.5], 1e-6);
    });
  });

  it('refuse a negative weight and counts of other groups', () => {
    tf.tidy(() => {
      const means = tf.tensor1d([1, 2]);
      expect(() => vrex(tableOf(2), { weight: -1 })).toThrow(/weight/);
      expect(() => erm(tableOf(2)).loss({}, { means, counts: tf.ones([3]) })).toThrow(/\[2\] and \[3\]/);
    });
  });

  it("one group gives empirical risk minimisation's value and gradient under every objective", () => {
    tf.tidy(() => {
      const counts = tf.tensor1d([7]);
      const objectives = [...Object.values(OBJECTIVES).map(({ build }) => build(tableOf(1)))];
      const losses = [
        ...objectives.map((objective) => (means: tf.Tensor1D) => objective.loss({}, { means, counts })),
        (means: tf.Tensor1D) => {
          const objective = groupDro(tableOf(1));
          return objective.loss(objective.init(), { means, counts });
        },
      ];
      for (const loss of losses) {
        const { value, grad } = tf.valueAndGrad((means: tf.Tensor) => loss(means as tf.Tensor1D))(
          tf.tensor1d([1.7]),
        );
        expectClose(value, 1.7, 1e-6);
        expectClose(grad, [1], 1e-6);
      }
    });
  });
});

/** Every way from losses of examples to one number. */
const ROBUST_LOSSES: Record<string, (losses: tf.Tensor1D, groups: tf.Tensor1D) => tf.Scalar> = {
  ...Object.fromEntries(
    Object.entries(OBJECTIVES).map(([name, { build }]) => [
      name,
      (losses: tf.Tensor1D, groups: tf.Tensor1D) =>
        build(tableOf(3)).loss({}, groupLosses(losses, groups, 3)),
    ]),
  ),
  ...Object.fromEntries(
    (['stopped', 'through'] as const).flatMap((gradient) =>
      [false, true].map((classConditional) => [
        `groupDro ${gradient}${classConditional ? ' within classes' : ''}`,
        (losses: tf.Tensor1D, groups: tf.Tensor1D) => {
          const table = groupTable(['a', 'b', 'c'], [4, 5, 6], [0, 0, 1]);
          const objective = groupDro(table, { adjustment: 1, classConditional, gradient });
          return objective.loss(objective.init(), groupLosses(losses, groups, 3));
        },
      ]),
    ),
  ),
  'sum of group means': (losses, groups) => consistencyPenalty(losses, groups, 3, 'sumOfGroupMeans'),
};

const RISKS: Record<string, (losses: tf.Tensor1D) => tf.Scalar> = {
  cvar: (losses) => cvar(losses, { alpha: 0.3 }),
  chiSquare: (losses) => chiSquare(losses, { radius: 0.5 }),
};

describe.each(['wasm', 'cpu'] as const)('a label or a group that does not exist, on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  const losses = (labels: readonly number[]) =>
    crossEntropy(tf.tensor2d([1, -2, 0.5, 3, 0, 0, -1, 2], [4, 2]), tf.tensor1d([...labels], 'int32'));
  const valueOf = (name: string, labels: readonly number[], groups: readonly number[]) =>
    tf.tidy(
      () =>
        ({ ...ROBUST_LOSSES, ...RISKS })[name]!(
          losses(labels),
          tf.tensor1d([...groups], 'int32'),
        ).dataSync()[0]!,
    );

  it.each([...Object.keys(ROBUST_LOSSES), ...Object.keys(RISKS)])(
    '%s is NaN where it would have hidden a label',
    (name) => {
      expect(valueOf(name, [0, 1, 1, 0], [0, 1, 2, 0])).toBeGreaterThan(0);
      for (const wrong of [-1, 2, 3]) {
        for (const at of [0, 1, 2, 3]) {
          const labels = [0, 1, 1, 0].map((label, i) => (i === at ? wrong : label));
          expect(valueOf(name, labels, [0, 1, 2, 0])).toBeNaN();
        }
      }
    },
  );

  it.each(Object.keys(ROBUST_LOSSES))('%s is NaN where it would have left out a group', (name) => {
    expect(valueOf(name, [0, 1, 1, 0], [0, 1, -1, 0])).toBeGreaterThan(0);
    for (const wrong of [-2, 3, 4]) {
      for (const at of [0, 1, 2, 3]) {
        const groups = [0, 1, 2, 0].map((group, i) => (i === at ? wrong : group));
        expect(valueOf(name, [0, 1, 1, 0], groups)).toBeNaN();
      }
    }
  });

  it.each(['irmv1', 'reference'] as const)('the invariance penalty %s is NaN', (form) => {
    const penalty = (labels: number[]) =>
      tf.tidy(
        () =>
          invarianceRiskPenalty(tf.tensor2d([1, -2, 0.5, 3], [2, 2]), tf.tensor1d(labels, 'int32'), {
            form,
          }).dataSync()[0]!,
      );
    expect(penalty([0, 1])).toBeGreaterThan(0);
    expect([penalty([0, 2]), penalty([-1, 1])]).toEqual([NaN, NaN]);
  });
});
