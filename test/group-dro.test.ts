import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { groupDro, type GroupDroOptions } from '../src/group-dro.ts';
import { groupLosses, groupTable, type GroupTable } from '../src/groups.ts';
import { useBackend } from './support/backend.ts';
import { directionalError } from './support/finite-difference.ts';
import { expectClose, flatten, readFixture } from './support/fixture.ts';

interface DroStep {
  readonly losses: number[];
  readonly loss: number;
  readonly logits: number[];
  readonly probabilities: number[];
  readonly gradLosses: number[];
}

type DroCase =
  | { readonly empty: true; readonly loss: number; readonly logits: number[] }
  | {
      readonly empty?: undefined;
      readonly aliases: string[];
      readonly groupCounts: number[];
      readonly superclasses: number[];
      readonly superclassIndices: number[][];
      readonly adjustment: number;
      readonly stepSize: number;
      readonly lossKind: string;
      readonly steps: DroStep[];
    };

/** One step of the published rule in doubles; `present` marks the groups of the batch. */
function twin(
  table: GroupTable,
  { stepSize = 0.01, adjustment = 0, classConditional = false, gradient = 'stopped' }: GroupDroOptions,
  logits: readonly number[],
  losses: readonly number[],
  present: readonly boolean[] = losses.map(() => true),
) {
  const adjusted = losses.map((loss, g) => loss + adjustment / Math.sqrt(table.trainingCounts[g]!));
  const next = logits.map((a, g) => a + (present[g]! ? stepSize * adjusted[g]! : 0));
  const all = next.map((_, g) => g);
  const classes = [...new Set(classConditional ? table.classOf : [0])]
    .map((label) => (classConditional ? all.filter((g) => table.classOf[g] === label) : all))
    .map((members) => ({ size: members.length, members: members.filter((g) => present[g]) }))
    .filter(({ members }) => members.length > 0);
  const total = classes.reduce((sum, { size }) => sum + size, 0);
  const gradients = all.map(() => 0);
  let loss = 0;
  for (const { size, members } of classes) {
    const largest = Math.max(...members.map((g) => next[g]!));
    const exponentials = members.map((g) => Math.exp(next[g]! - largest));
    const sum = exponentials.reduce((a, b) => a + b, 0);
    const value = gradient === 'through' ? adjusted : losses;
    const risk = members.reduce((a, g, i) => a + (exponentials[i]! / sum) * value[g]!, 0);
    loss += (size / total) * risk;
    members.forEach((g, i) => {
      const factor = gradient === 'through' ? 1 + stepSize * (adjusted[g]! - risk) : 1;
      gradients[g] = (size / total) * (exponentials[i]! / sum) * factor;
    });
  }
  return { logits: next, loss, gradients };
}

const run = (
  table: GroupTable,
  options: GroupDroOptions,
  logits: readonly number[],
  losses: readonly number[],
  counts: readonly number[] = losses.map(() => 1),
) => {
  const objective = groupDro(table, options);
  const state = { logits: tf.tensor1d([...logits]) };
  const inputs = { means: tf.tensor1d([...losses]), counts: tf.tensor1d([...counts]) };
  const { value, grad } = tf.valueAndGrad((means: tf.Tensor) =>
    objective.loss(state, { means: means as tf.Tensor1D, counts: inputs.counts }),
  )(inputs.means);
  const next = objective.update(state, inputs);
  const weights = objective.weights!(next);
  const result = {
    loss: value.dataSync()[0]!,
    gradients: Array.from(grad.dataSync()),
    logits: Array.from(next.logits.dataSync()),
    weights: Array.from(weights.dataSync()),
  };
  tf.dispose([state, inputs, value, grad, next, weights]);
  return result;
};

const arbitraryProblem = fc
  .integer({ min: 1, max: 6 })
  .chain((size) =>
    fc.record({
      classes: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: size, maxLength: size }),
      counts: fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: size, maxLength: size }),
      logits: fc.array(fc.float({ min: -5, max: 5, noNaN: true }), { minLength: size, maxLength: size }),
      losses: fc.array(fc.float({ min: 0, max: 6, noNaN: true }), { minLength: size, maxLength: size }),
      present: fc.array(fc.boolean(), { minLength: size, maxLength: size }),
      stepSize: fc.constantFrom(0, 0.01, 0.5),
      adjustment: fc.constantFrom(0, 1, 3),
      classConditional: fc.boolean(),
      gradient: fc.constantFrom('stopped' as const, 'through' as const),
    }),
  )
  .map(({ classes, counts, ...problem }) => ({
    ...problem,
    table: groupTable(
      classes.map((_, g) => `group ${g}`),
      counts,
      classes,
    ),
  }));

describe.each(['wasm', 'cpu'] as const)('groupDro on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('reproduces the reference with gradient through the weights', () => {
    const { cases } = readFixture<DroCase>('group-dro');
    expect(cases.length).toBe(13);
    for (const golden of cases) {
      if (golden.empty) {
        const result = run(groupTable(['a'], [1]), { gradient: 'through' }, [0], [5], [0]);
        expect([result.loss, ...result.logits]).toEqual([golden.loss, ...golden.logits]);
        continue;
      }
      const table = groupTable(golden.aliases, golden.groupCounts);
      const options = {
        stepSize: golden.stepSize,
        adjustment: golden.adjustment,
        classConditional: golden.superclassIndices.length > 1,
        gradient: 'through',
      } as const;
      let logits = golden.aliases.map(() => 0);
      golden.steps.forEach((step, i) => {
        const what = `${golden.lossKind} step ${i}`;
        const result = run(table, options, logits, flatten(step.losses));
        expectClose(result.loss, step.loss, 1e-5, `${what} loss`);
        expectClose(result.logits, flatten(step.logits), 1e-5, `${what} logits`);
        expectClose(result.weights, flatten(step.probabilities), 1e-5, `${what} weights`);
        expectClose(result.gradients, flatten(step.gradLosses), 1e-5, `${what} gradient`);
        logits = result.logits;
      });
    }
  });

  it('agrees with the rule in doubles, absent groups included, and leaks nothing', () => {
    const before = tf.memory().numTensors;
    fc.assert(
      fc.property(arbitraryProblem, ({ table, logits, losses, present, ...options }) => {
        const expected = twin(table, options, logits, losses, present);
        const means = losses.map((loss, g) => (present[g] ? loss : 0));
        const actual = run(
          table,
          options,
          logits,
          means,
          present.map((p) => (p ? 3 : 0)),
        );
        expectClose(actual.loss, expected.loss, 2e-6, 'loss');
        expectClose(actual.logits, expected.logits, 2e-6, 'logits');
        expectClose(actual.gradients, expected.gradients, 2e-6, 'gradients');
      }),
      { seed: 3, numRuns: 60 },
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('through: the gradient is that of the value; the stopped one of it is not', () => {
    const table = groupTable(['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)'], [5, 20, 9]);
    const error = (gradient: 'stopped' | 'through') => {
      const options = { stepSize: 0.5, adjustment: 2, classConditional: true } as const;
      const value = groupDro(table, { ...options, gradient: 'through' });
      const derivative = groupDro(table, { ...options, gradient });
      return tf.tidy(() => {
        const state = { logits: tf.tensor1d([0.3, -0.2, 0]) };
        const counts = tf.ones<tf.Rank.R1>([3]);
        const of = (objective: typeof value) => (means: tf.Tensor) =>
          objective.loss(state, { means: means as tf.Tensor1D, counts });
        return directionalError(of(value), [tf.tensor1d([2, 0.4, 1])], {
          gradient: ([x]) => [tf.grad(of(derivative))(x!)],
        });
      });
    };
    expect(error('through')).toBeLessThan(5e-3);
    expect(error('stopped')).toBeGreaterThan(2e-2);
  });
});

describe('groupDro', () => {
  beforeAll(() => useBackend('wasm'));

  it('weights sum to 1 within each class', () => {
    fc.assert(
      fc.property(arbitraryProblem, ({ table, logits, losses, classConditional, stepSize }) => {
        const { weights } = run(table, { classConditional, stepSize }, logits, losses);
        const labels = new Set(classConditional ? table.classOf : [0]);
        for (const label of labels) {
          const sum = weights.reduce(
            (total, w, g) => total + (!classConditional || table.classOf[g] === label ? w : 0),
            0,
          );
          expect(Math.abs(sum - 1)).toBeLessThan(1e-5);
        }
      }),
      { seed: 4, numRuns: 40 },
    );
  });

  it('from the zero state with equal adjustments, weights order as losses do', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 2, maxLength: 6 }),
        fc.constantFrom(0, 2),
        (losses, adjustment) => {
          const table = groupTable(
            losses.map((_, g) => `${g}`),
            losses.map(() => 50),
          );
          const { weights } = run(
            table,
            { stepSize: 0.1, adjustment },
            losses.map(() => 0),
            losses,
          );
          losses.forEach((a, i) =>
            losses.forEach((b, j) => {
              if (a > b) expect(weights[i]!).toBeGreaterThan(weights[j]!);
              if (a === b) expect(Math.abs(weights[i]! - weights[j]!)).toBeLessThan(1e-6);
            }),
          );
        },
      ),
      { seed: 5, numRuns: 40 },
    );
  });

  it('permuting groups permutes the result', () => {
    fc.assert(
      fc.property(arbitraryProblem, ({ table, logits, losses, present, ...options }) => {
        const turn = <T>(list: readonly T[]): T[] => [...list.slice(1), list[0]!];
        const counts = present.map((p) => (p ? 2 : 0));
        const plain = run(table, options, logits, losses, counts);
        const turned = run(
          groupTable(turn(table.names), turn(table.trainingCounts), turn(table.classOf)),
          options,
          turn(logits),
          turn(losses),
          turn(counts),
        );
        expectClose(turned.loss, plain.loss, 1e-6, 'loss');
        for (const field of ['gradients', 'logits', 'weights'] as const) {
          expectClose(turned[field], turn(plain[field]), 1e-6, field);
        }
      }),
      { seed: 6, numRuns: 40 },
    );
  });

  it('an absent group changes nothing but the shares', () => {
    fc.assert(
      fc.property(arbitraryProblem, ({ table, logits, losses, ...options }) => {
        const last = losses.length - 1;
        if (last === 0) return;
        const counts = losses.map((_, g) => (g === last ? 0 : 4));
        const quiet = run(table, options, logits, [...losses.slice(0, last), 0], counts);
        const loud = run(table, options, logits, [...losses.slice(0, last), 77], counts);
        expect(loud).toEqual(quiet);
        expect(quiet.logits[last]).toBe(logits[last]);
        expect(quiet.gradients[last]).toBe(0);
        const gradientSum = run(table, { ...options, gradient: 'stopped' }, logits, losses, counts).gradients;
        expect(Math.abs(gradientSum.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-5);
      }),
      { seed: 7, numRuns: 40 },
    );
  });

  it("one group gives empirical risk minimisation's gradient", () => {
    for (const gradient of ['stopped', 'through'] as const) {
      const objective = groupDro(groupTable([''], [100]), { stepSize: 0.7, adjustment: 3, gradient });
      tf.tidy(() => {
        const losses = tf.tensor1d([0.3, 2, 1.1, 0.2]);
        const state = { logits: tf.tensor1d([4]) };
        const actual = tf.grad((x: tf.Tensor) =>
          objective.loss(state, groupLosses(x as tf.Tensor1D, tf.zeros([4], 'int32'), 1)),
        )(losses);
        expectClose(actual, [0.25, 0.25, 0.25, 0.25], 1e-6, gradient);
      });
    }
  });

  it('keeps logits bounded over a long run without changing a weight', () => {
    const table = groupTable(['a', 'b', 'c'], [10, 10, 10], [0, 0, 1]);
    const objective = groupDro(table, { stepSize: 40, classConditional: true });
    let state = objective.init();
    let exact = [0, 0, 0];
    for (let step = 0; step < 200; step++) {
      // Powers of two, so that the plain sums are exact too.
      const losses = [1 + (step % 2) / 16, 1 + (step % 3) / 32, 8];
      const inputs = { means: tf.tensor1d(losses), counts: tf.tensor1d([1, 1, 1]) };
      const next = objective.update(state, inputs);
      tf.dispose([state, inputs]);
      state = next;
      exact = exact.map((a, g) => a + 40 * losses[g]!);
      const logits = state.logits.dataSync();
      expect(Math.max(...logits.map(Math.abs))).toBeLessThanOrEqual(1320);
      expect(logits[0]! - logits[1]!).toBe(exact[0]! - exact[1]!);
    }
    expect(exact[2]).toBe(64000);
    expectClose(state.logits.dataSync()[2]!, 0, 1320);
    tf.dispose(state);
  });

  it('refuses what it cannot use', () => {
    const table = groupTable(['a', 'b'], [0, 4]);
    expect(() => groupDro(table, { adjustment: 1 })).toThrow(/positive counts/);
    expect(() => groupDro(table, { stepSize: -1 })).toThrow(/stepSize/);
    expect(() => groupDro(table, { adjustment: NaN })).toThrow(/adjustment/);
    expect(() => groupDro({ ...table, classOf: [0] })).toThrow(/1 classes/);
    tf.tidy(() => {
      const objective = groupDro(table);
      const losses = { means: tf.tensor1d([1]), counts: tf.tensor1d([1]) };
      expect(() => objective.loss(objective.init(), losses)).toThrow(/received \[1\] and \[1\]/);
    });
  });
});
