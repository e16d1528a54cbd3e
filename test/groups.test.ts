import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  groupExamples,
  groupLosses,
  groupName,
  groupTable,
  parseGroupName,
  withVariants,
} from '../src/groups.ts';
import { useBackend } from './support/backend.ts';
import { directionalError } from './support/finite-difference.ts';
import { expectClose } from './support/fixture.ts';

beforeAll(() => useBackend('wasm'));

describe('group names', () => {
  it('names and parses every combination of parts', () => {
    const part = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    fc.assert(
      fc.property(
        part(fc.integer({ min: -1, max: 9 })),
        part(fc.integer({ min: -1, max: 9 })),
        part(fc.constantFrom('A-F', 'A-G')),
        (y, z, variant) => {
          const identity = {
            ...(y === undefined ? {} : { y }),
            ...(z === undefined ? {} : { z }),
            ...(variant === undefined ? {} : { variant }),
          };
          expect(parseGroupName(groupName(identity))).toEqual(E.right(identity));
        },
      ),
      { seed: 1 },
    );
    expect(groupName({ y: 1, z: 0, variant: 'A-G' })).toBe('(Y=1)(Z=0)(A-G)');
    expect(groupName({})).toBe('');
  });

  it('says what is wrong with another name', () => {
    for (const name of ['Y=0', '(Z=1)(Y=0)', '(Y=x)', '(Y=0)(A-F)(A-G)']) {
      expect(parseGroupName(name)).toMatchObject({
        _tag: 'Left',
        left: expect.stringContaining(`'${name}'`),
      });
    }
  });
});

describe('group tables', () => {
  it('reads classes from names, -1 where none is named', () => {
    expect(groupTable(['(Y=1)(Z=0)', '(Z=1)', 'birds'], [1, 2, 3]).classOf).toEqual([1, -1, -1]);
  });

  it('finds the groups of labelled examples', () => {
    const { table, groups } = groupExamples([1, 0, 1, 1, 0], [0, 1, 0, 1, 1]);
    expect(table).toEqual({
      names: ['(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'],
      classOf: [0, 1, 1],
      trainingCounts: [2, 2, 1],
    });
    expect([...groups]).toEqual([1, 0, 1, 2, 0]);
  });

  it('lists variants in the published order', () => {
    const table = groupTable(['(Y=0)(Z=0)', '(Y=1)(Z=1)'], [30, 4]);
    expect(withVariants(table, ['A-F', 'A-G'], 'original')).toEqual(table);
    expect(withVariants(table, ['A-F', 'A-G'], 'augmented')).toEqual({
      names: ['(Y=0)(Z=0)(A-F)', '(Y=0)(Z=0)(A-G)', '(Y=1)(Z=1)(A-F)', '(Y=1)(Z=1)(A-G)'],
      classOf: [0, 0, 1, 1],
      trainingCounts: [30, 30, 4, 4],
    });
    expect(withVariants(table, ['A-F'], 'both').names[1]).toBe('(Y=0)(Z=0)(A-F)');
  });

  it('refuses a malformed table', () => {
    expect(() => groupTable([], [])).toThrow(/at least one group/);
    expect(() => groupTable(['a', 'b'], [1])).toThrow(/1 counts/);
    expect(() => groupTable(['a', 'a'], [1, 2])).toThrow(/different names/);
    expect(() => groupTable(['a'], [NaN])).toThrow(/finite/);
    expect(() => groupTable(['a'], [1], [0.5])).toThrow(/integers/);
    expect(() => groupExamples([1], [1, 2])).toThrow(/expected 1 attributes/);
  });

  it.each([NaN, 0.5, Infinity])('has no group of a label or attribute of %d', (wrong) => {
    expect(() => groupExamples([0, 1], [0, wrong])).toThrow(
      new RangeError(`z[1]: expected an integer, received ${wrong}`),
    );
    expect(() => groupExamples([wrong, 1], [0, 1])).toThrow(
      new RangeError(`y[0]: expected an integer, received ${wrong}`),
    );
  });
});

describe('groupLosses', () => {
  it('agrees with plain loops, gradient included, and leaks nothing', () => {
    const before = tf.memory().numTensors;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.float({ min: -8, max: 8, noNaN: true }), fc.integer({ min: -1, max: 3 })), {
          minLength: 1,
          maxLength: 30,
        }),
        (examples) => {
          const sums = [0, 0, 0, 0];
          const counts = [0, 0, 0, 0];
          for (const [loss, g] of examples) {
            if (g < 0) continue;
            sums[g] = sums[g]! + loss;
            counts[g] = counts[g]! + 1;
          }
          const losses = tf.tensor1d(examples.map(([loss]) => loss));
          const groups = tf.tensor1d(
            examples.map(([, g]) => g),
            'int32',
          );
          const actual = groupLosses(losses, groups, 4);
          expectClose(actual.counts, counts, 0, 'counts');
          expectClose(
            actual.means,
            sums.map((sum, g) => sum / Math.max(1, counts[g]!)),
            1e-5,
            'means',
          );
          const weights = tf.tensor1d([1, -2, 3, 0.5]);
          const gradient = tf.grad((x: tf.Tensor) =>
            groupLosses(x as tf.Tensor1D, groups, 4)
              .means.mul(weights)
              .sum(),
          )(losses);
          expectClose(
            gradient,
            examples.map(([, g]) => (g < 0 ? 0 : [1, -2, 3, 0.5][g]! / counts[g]!)),
            1e-6,
            'gradient',
          );
          tf.dispose([losses, groups, actual.means, actual.counts, weights, gradient]);
        },
      ),
      { seed: 2, numRuns: 50 },
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ['of a table of 3', [0, 1, 3], 'int32'],
    ['counted from 1', [1, 2, 3], 'int32'],
    ['below −1', [0, -2, 1], 'int32'],
    ['far away', [0, 1, -(2 ** 31)], 'int32'],
    ['no integer', [0, 1.5, 2], 'float32'],
    ['between −1 and 0', [-0.5, 0, 1], 'float32'],
    ['no number', [0, NaN, 1], 'float32'],
  ] as const)('an index that is no group, %s, makes all means NaN', (_, groups, dtype) => {
    tf.tidy(() => {
      const losses = tf.tensor1d([1, 2, 3]);
      const { means } = groupLosses(losses, tf.tensor1d([...groups], dtype), 3);
      expect(Array.from(means.dataSync())).toEqual([NaN, NaN, NaN]);
    });
  });

  it('has the bits that it has without looking for indices that are no group', () => {
    const unguarded = (losses: tf.Tensor1D, groups: tf.Tensor1D): tf.Tensor => {
      const members = tf.oneHot(groups, 4).transpose().toFloat();
      return members.mul(losses.expandDims(0)).sum(1).div(members.sum(1).maximum(1));
    };
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.float({ min: 0, max: 8, noNaN: true }), fc.integer({ min: -1, max: 3 })), {
          minLength: 1,
          maxLength: 40,
        }),
        (examples) =>
          tf.tidy(() => {
            const groups = tf.tensor1d(
              examples.map(([, g]) => g),
              'int32',
            );
            const pass = (means: (x: tf.Tensor1D) => tf.Tensor) => {
              const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => means(x as tf.Tensor1D))(
                tf.tensor1d(examples.map(([loss]) => loss)),
                tf.tensor1d([0.3, -2, 3, 0.7]),
              );
              return [value.dataSync(), grad.dataSync()];
            };
            expect(pass((x) => groupLosses(x, groups, 4).means)).toEqual(pass((x) => unguarded(x, groups)));
          }),
      ),
      { seed: 8, numRuns: 60 },
    );
  });

  it('an example of group −1 changes neither means, counts nor gradients, whatever the type of the indices', () => {
    const pass = (losses: number[], groups: number[], dtype: 'int32' | 'float32') =>
      tf.tidy(() => {
        const { value, grad } = tf.valueAndGrad((x: tf.Tensor) =>
          tf.concat(Object.values(groupLosses(x as tf.Tensor1D, tf.tensor1d(groups, dtype), 3))),
        )(tf.tensor1d(losses));
        return [Array.from(value.dataSync()), Array.from(grad.dataSync())];
      });
    const [values, gradients] = pass([1, 2, 6], [0, 2, 0], 'int32');
    expect(values).toEqual([3.5, 0, 2, 2, 0, 1]);
    for (const dtype of ['int32', 'float32'] as const) {
      expect(pass([1, 9, 2, 6, -7], [0, -1, 2, 0, -1], dtype)).toEqual([
        values,
        [gradients![0], 0, gradients![1], gradients![2], 0],
      ]);
    }
  });

  it('has the gradient that its differences show, and a halved one is noticed', () => {
    tf.tidy(() => {
      const groups = tf.tensor1d([0, 1, 1, 2, 0], 'int32');
      const f = (x: tf.Tensor) =>
        groupLosses(x as tf.Tensor1D, groups, 3)
          .means.square()
          .sum()
          .asScalar();
      const x = tf.tensor1d([0.3, -1.2, 0.8, 2, 1.1]);
      expect(directionalError(f, [x])).toBeLessThan(5e-3);
      expect(directionalError(f, [x], { gradient: () => [tf.grad(f)(x).div(2)] })).toBeGreaterThan(0.1);
    });
  });

  it('refuses shapes that do not match', () => {
    tf.tidy(() => {
      const losses = tf.tensor1d([1, 2]);
      const column = tf.tensor2d([[0], [1]]);
      expect(() => groupLosses(losses, tf.tensor1d([0]), 2)).toThrow(/received \[2\] and \[1\]/);
      expect(() => groupLosses(losses, column as tf.Tensor as tf.Tensor1D, 2)).toThrow(/\[2,1\]/);
      expect(() => groupLosses(losses, tf.tensor1d([0, 1]), 0)).toThrow(/groupCount/);
    });
  });
});
