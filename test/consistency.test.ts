import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  camelConsistency,
  consistencyPenalty,
  jensenShannonConsistency,
  klConsistency,
  reverseKlConsistency,
  type ConsistencyDivergence,
} from '../src/consistency.ts';
import { divergenceOfLogProbabilities, divergenceOfProbabilities } from '../src/divergence.ts';
import { useBackend } from './support/backend.ts';
import { directionalError } from './support/finite-difference.ts';
import { expectClose, readFixture, toTensor, type FixtureTensor } from './support/fixture.ts';

interface ConsistencyCase {
  readonly type: 'camel' | 'triplet-js' | 'kl' | 'reverse-kl' | 'none';
  readonly kind: string;
  readonly scale: number;
  readonly value: number;
  readonly [tensor: string]: FixtureTensor | string | number;
}

const DIVERGENCES = {
  camel: camelConsistency,
  'triplet-js': jensenShannonConsistency,
  kl: klConsistency,
  'reverse-kl': reverseKlConsistency,
} as const;
const kinds = Object.keys(DIVERGENCES) as (keyof typeof DIVERGENCES)[];

type Row = readonly number[];

const softmax = (z: Row): number[] => {
  const largest = Math.max(...z);
  const exponentials = z.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / sum);
};
const kl = (p: Row, q: Row): number => p.reduce((sum, pc, c) => sum + pc * Math.log(pc / q[c]!), 0);
const average = (rows: readonly Row[]): number[] =>
  rows[0]!.map((_, c) => rows.reduce((sum, row) => sum + row[c]!, 0) / rows.length);
const mean = (values: Row): number => values.reduce((a, b) => a + b, 0) / values.length;

/** The divergences of one example in doubles. */
const TWINS: Record<keyof typeof DIVERGENCES, (p0: Row, ps: readonly Row[]) => number> = {
  camel: (p0, ps) => {
    const m = average(ps);
    return kl(p0, m) / 2 + mean(ps.map((p) => kl(p, m))) / 2;
  },
  'triplet-js': (p0, ps) => {
    const m = average([p0, ...ps]);
    return mean([p0, ...ps].map((p) => kl(p, m)));
  },
  kl: (p0, ps) => mean(ps.map((p) => kl(p0, p))),
  'reverse-kl': (p0, ps) => mean(ps.map((p) => kl(p, p0))),
};

const row = (classes: number, size: number) =>
  fc.array(fc.float({ min: -size, max: size, noNaN: true }), { minLength: classes, maxLength: classes });
/** Rows of logits for an original and 1 to 4 translations. */
const rows = (size: number) =>
  fc
    .tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 4 }))
    .chain(([classes, k]) => fc.array(row(classes, size), { minLength: k + 1, maxLength: k + 1 }));

const evaluate = (divergence: ConsistencyDivergence, [z0, ...zs]: readonly Row[]): number =>
  tf.tidy(
    () =>
      divergence(
        tf.tensor2d([[...z0!]]),
        zs.map((z) => tf.tensor2d([[...z]])),
      ).dataSync()[0]!,
  );

describe.each(['wasm', 'cpu'] as const)('consistency on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('reproduces the reference from probabilities, values and gradients', () => {
    const before = tf.memory().numTensors;
    const { cases } = readFixture<ConsistencyCase>('consistency');
    const counted = new Set<string>();
    cases.forEach((golden, i) => {
      if (golden.type === 'none') return;
      counted.add(`${golden.type} ${golden.kind}`);
      const divergence = DIVERGENCES[golden.type];
      const fromLogits = golden.kind === 'logits';
      const names = ['original', 'first', 'second'].map((name) => name + (fromLogits ? 'Logits' : ''));
      const f = (p0: tf.Tensor, p1: tf.Tensor, p2: tf.Tensor): tf.Tensor => {
        const [a, b, c] = [p0, p1, p2].map((p) => (fromLogits ? tf.softmax(p) : p) as tf.Tensor2D);
        return divergence(a!, [b!, c!], { from: 'probabilities' }).mean().mul(golden.scale);
      };
      tf.tidy(() => {
        const inputs = names.map((name) => toTensor(golden[name] as FixtureTensor));
        const { value, grads } = tf.valueAndGrads((...xs: tf.Tensor[]) => f(xs[0]!, xs[1]!, xs[2]!))(inputs);
        const what = `case ${i} ${golden.type} ${golden.kind}`;
        expectClose(value, golden.value, 1e-5, what);
        if (fromLogits) {
          const [z0, z1, z2] = inputs as tf.Tensor2D[];
          const stable = divergence(z0!, [z1!, z2!]).mean().mul(golden.scale);
          expectClose(stable, golden.value, 1e-5, `${what} from logits`);
        }
        ['Original', 'First', 'Second'].forEach((name, j) => {
          const expected = golden[`grad${name}${fromLogits ? 'Logits' : ''}`] ?? golden[`grad${name}`];
          expectClose(grads[j]!, expected as FixtureTensor, 1e-5, `${what} ${name}`);
        });
      });
    });
    expect(counted.size).toBeGreaterThanOrEqual(4 * 7);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('agrees with the formulas in doubles, from logits and from probabilities', () => {
    fc.assert(
      fc.property(rows(6), fc.constantFrom(...kinds), (logits, kind) => {
        const probabilities = logits.map(softmax);
        const expected = TWINS[kind](probabilities[0]!, probabilities.slice(1));
        expectClose(evaluate(DIVERGENCES[kind], logits), expected, 1e-5, `${kind} from logits`);
        const fromProbabilities: ConsistencyDivergence = (p0, ps) =>
          DIVERGENCES[kind](p0, ps, { from: 'probabilities' });
        expectClose(evaluate(fromProbabilities, probabilities), expected, 1e-5, `${kind} from probabilities`);
      }),
      { seed: 11, numRuns: 60 },
    );
  });

  it.each(kinds)('%s has the gradient that its differences show; a halved part is noticed', (kind) => {
    const f = (...zs: tf.Tensor[]) => {
      const [z0, ...translations] = zs as tf.Tensor2D[];
      return DIVERGENCES[kind](z0!, translations).sum().asScalar();
    };
    tf.tidy(() => {
      const zs = [0, 1, 2].map((i) =>
        tf.tensor2d([Math.sin(i), 1.3 - i, i / 2, 0.2, -0.7 * i, Math.cos(3 * i)], [2, 3]).mul(1.5),
      );
      expect(directionalError(f, zs, { seed: 5 })).toBeLessThan(5e-3);
      const wrong = (xs: readonly tf.Tensor[]) =>
        tf
          .grads(f)([...xs])
          .map((g, i) => (i === 0 ? g.div(2) : g));
      expect(directionalError(f, zs, { seed: 5, gradient: wrong })).toBeGreaterThan(2e-2);
    });
  });
});

describe('laws of consistency from logits', () => {
  beforeAll(() => useBackend('wasm'));

  it('is ≥ 0 and finite however sharp the predictions are', () => {
    fc.assert(
      fc.property(rows(300), fc.constantFrom(...kinds), (logits, kind) => {
        const value = evaluate(DIVERGENCES[kind], logits);
        expect(value).toBeGreaterThanOrEqual(-1e-6);
        expect(Number.isFinite(value)).toBe(true);
      }),
      { seed: 12, numRuns: 150 },
    );
  });

  it('is 0 if all agree, whatever is added to the logits, and only then', () => {
    fc.assert(
      fc.property(rows(4), fc.constantFrom(...kinds), (logits, kind) => {
        const shifted = logits.map((_, i) => logits[0]!.map((z) => z + i));
        expect(Math.abs(evaluate(DIVERGENCES[kind], shifted))).toBeLessThan(1e-5);
        const probabilities = logits.map(softmax);
        const others = average(probabilities.slice(1));
        const apart = Math.max(
          ...(kind === 'camel' ? [probabilities[0]!, ...probabilities.slice(1)] : probabilities).map((p) =>
            Math.max(...p.map((pc, c) => Math.abs(pc - others[c]!))),
          ),
        );
        // Pinsker: each KL is at least 2·(total variation)².
        if (apart > 0.05) expect(evaluate(DIVERGENCES[kind], logits)).toBeGreaterThan(1e-5);
      }),
      { seed: 13, numRuns: 60 },
    );
  });

  it('does not depend on the order of the translations', () => {
    fc.assert(
      fc.property(rows(8), fc.constantFrom(...kinds), ([z0, ...zs], kind) => {
        const forwards = evaluate(DIVERGENCES[kind], [z0!, ...zs]);
        expectClose(evaluate(DIVERGENCES[kind], [z0!, ...zs.reverse()]), forwards, 1e-6);
      }),
      { seed: 14, numRuns: 40 },
    );
  });

  it('keeps gradient where probabilities underflow', () => {
    tf.tidy(() => {
      const original = tf.tensor2d([[200, 0]]);
      const gradient = tf.grad((z: tf.Tensor) =>
        klConsistency(z as tf.Tensor2D, [tf.tensor2d([[0, 150]])]).sum(),
      )(tf.tensor2d([[0, 1]]));
      expect(gradient.abs().max().dataSync()[0]!).toBeGreaterThan(1);
      const far = klConsistency(original, [tf.tensor2d([[0, 150]])]).dataSync()[0]!;
      expectClose(far, 150, 1e-6);
    });
  });
});

describe('consistencyPenalty', () => {
  beforeAll(() => useBackend('wasm'));

  it('is the sum of group means, absent groups adding nothing, or the mean of examples', () => {
    tf.tidy(() => {
      const values = tf.tensor1d([1, 3, 5, 8, 10]);
      const groups = tf.tensor1d([0, 0, 3, 3, 3], 'int32');
      expectClose(consistencyPenalty(values, groups, 4, 'sumOfGroupMeans'), 2 + 23 / 3, 1e-6);
      expectClose(consistencyPenalty(values, groups, 4, 'mean'), 27 / 5, 1e-6);
      expectClose(consistencyPenalty(values, null, 1, 'sumOfGroupMeans'), 27 / 5, 1e-6);
      const gradient = tf.grad((x: tf.Tensor) =>
        consistencyPenalty(x as tf.Tensor1D, groups, 4, 'sumOfGroupMeans'),
      )(values);
      expectClose(gradient, [1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3], 1e-6);
    });
  });
});

describe('refusals', () => {
  beforeAll(() => useBackend('wasm'));

  it('never broadcasts', () => {
    tf.tidy(() => {
      const [a, b] = [tf.ones<tf.Rank.R2>([2, 3]), tf.ones<tf.Rank.R2>([1, 3])];
      expect(() => camelConsistency(a, [a, b])).toThrow('translations[1]: expected shape [2,3]');
      expect(() => camelConsistency(a, [])).toThrow(/at least one/);
      expect(() => camelConsistency(tf.ones([3]) as tf.Tensor as tf.Tensor2D, [a])).toThrow(/original/);
      expect(() => divergenceOfProbabilities(a, tf.ones([2, 1]))).toThrow(/\[2,3\] and \[2,1\]/);
      expect(() => divergenceOfLogProbabilities(a, tf.ones([3]))).toThrow(/\[2,3\] and \[3\]/);
      const groups = tf.zeros<tf.Rank.R1>([3], 'int32');
      for (const reduction of ['sumOfGroupMeans', 'mean'] as const) {
        expect(() => consistencyPenalty(tf.ones([2]), groups, 1, reduction)).toThrow(
          'groups: expected shape [2]',
        );
        expect(() => consistencyPenalty(a as tf.Tensor as tf.Tensor1D, null, 1, reduction)).toThrow('[2,3]');
      }
    });
  });
});
