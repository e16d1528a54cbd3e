import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { binaryCrossEntropy, crossEntropy, probabilityCrossEntropy } from '../src/cross-entropy.ts';
import { useBackend } from './support/backend.ts';
import { directionalError } from './support/finite-difference.ts';
import { expectClose, readFixture, toTensor, type FixtureTensor } from './support/fixture.ts';

interface LossCase {
  readonly loss: 'sparse_categorical_crossentropy' | 'binary_crossentropy';
  readonly kind: string;
  readonly targets: FixtureTensor;
  readonly predictions: FixtureTensor;
  readonly value: number;
  readonly gradient: FixtureTensor;
}

const logSumExp = (z: readonly number[]): number => {
  const largest = Math.max(...z);
  return largest + Math.log(z.reduce((sum, value) => sum + Math.exp(value - largest), 0));
};

describe.each(['wasm', 'cpu'] as const)('cross-entropy on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('reproduces the reference from probabilities, values and gradients', () => {
    const before = tf.memory().numTensors;
    const { cases } = readFixture<LossCase>('classification-losses');
    expect(cases.length).toBe(10);
    cases.forEach((golden, i) =>
      tf.tidy(() => {
        const targets = toTensor(golden.targets);
        const f = (p: tf.Tensor) =>
          (golden.loss === 'binary_crossentropy'
            ? binaryCrossEntropy(p as tf.Tensor2D, targets as tf.Tensor2D)
            : probabilityCrossEntropy(p as tf.Tensor2D, targets as tf.Tensor1D)
          ).mean();
        const { value, grad } = tf.valueAndGrad(f)(toTensor(golden.predictions));
        expectClose(value, golden.value, 1e-5, `case ${i} ${golden.loss} ${golden.kind}`);
        expectClose(grad, golden.gradient, 1e-5, `case ${i} ${golden.loss} ${golden.kind} gradient`);
      }),
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('from logits agrees with the formula in doubles, however large they are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: 2, maxLength: 6 }),
        fc.nat(100),
        (logits, draw) => {
          const label = draw % logits.length;
          const [value, gradient] = tf.tidy(() => {
            const labels = tf.tensor1d([label], 'int32');
            const result = tf.valueAndGrad((z: tf.Tensor) => crossEntropy(z as tf.Tensor2D, labels).sum())(
              tf.tensor2d([logits]),
            );
            return [result.value.dataSync(), result.grad.dataSync()];
          });
          const total = logSumExp(logits);
          expectClose(value, [total - logits[label]!], 1e-5, 'value');
          expectClose(
            gradient,
            logits.map((z, c) => Math.exp(z - total) - (c === label ? 1 : 0)),
            2e-4,
            'gradient',
          );
        },
      ),
      { seed: 21, numRuns: 60 },
    );
  });

  it('has the gradients that differences show; a wrong sign is noticed', () => {
    tf.tidy(() => {
      const labels = tf.tensor1d([0, 2], 'int32');
      const rows = tf.tensor2d([0.3, 0.5, 0.2, 0.25, 0.15, 0.6], [2, 3]);
      const losses = [
        (x: tf.Tensor) =>
          crossEntropy(x as tf.Tensor2D, labels)
            .sum()
            .asScalar(),
        (x: tf.Tensor) =>
          probabilityCrossEntropy(x as tf.Tensor2D, labels)
            .sum()
            .asScalar(),
        (x: tf.Tensor) =>
          binaryCrossEntropy(x as tf.Tensor2D, rows)
            .square()
            .sum()
            .asScalar(),
      ];
      for (const f of losses) {
        const x = rows.square().add(0.2);
        expect(directionalError(f, [x], { seed: 2 })).toBeLessThan(5e-3);
        const wrong = { seed: 2, gradient: () => [tf.grad(f)(x).neg()] };
        expect(directionalError(f, [x], wrong)).toBeGreaterThan(1);
      }
    });
  });

  const fromRows = { crossEntropy, probabilityCrossEntropy } as const;
  type FromRows = keyof typeof fromRows;

  /** The losses without a guard, as tfjs writes them: what valid examples must keep to the bit. */
  const unguarded: Record<FromRows, (x: tf.Tensor2D, labels: tf.Tensor1D) => tf.Tensor1D> = {
    crossEntropy: (z, labels) => tf.logSoftmax(z).mul(tf.oneHot(labels, 3)).sum<tf.Tensor1D>(1).neg(),
    probabilityCrossEntropy: (p, labels) => {
      const clipped = tf.clipByValue(p, 1e-7, 1 - 1e-7);
      const ofLabel = clipped.mul(tf.oneHot(labels, 3)).sum(1);
      return ofLabel.div(clipped.sum(1)).log().neg() as tf.Tensor1D;
    },
  };

  const valuesAndRows = (f: (x: tf.Tensor2D) => tf.Tensor, x: tf.Tensor2D) => {
    const { value, grad } = tf.valueAndGrad((rows: tf.Tensor) => f(rows as tf.Tensor2D))(x);
    return { values: Array.from(value.dataSync()), rows: grad.arraySync() as number[][] };
  };

  it.each(['crossEntropy', 'probabilityCrossEntropy'] as const)(
    '%s of valid labels has the bits that it has without a guard, beside labels that are no class as well',
    (name) => {
      fc.assert(
        fc.property(
          fc.array(
            fc.record({
              row: fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 3, maxLength: 3 }),
              label: fc.nat(2),
              wrong: fc.option(fc.constantFrom(-1, 3, 4, -5, 2 ** 31 - 1), { nil: undefined, freq: 3 }),
            }),
            { minLength: 1, maxLength: 6 },
          ),
          (examples) =>
            tf.tidy(() => {
              const logits = tf.tensor2d(examples.map(({ row }) => row));
              const x = name === 'crossEntropy' ? logits : tf.softmax(logits);
              const labels = (of: (typeof examples)[number][]) =>
                tf.tensor1d(
                  of.map(({ label, wrong }) => wrong ?? label),
                  'int32',
                );
              const right = examples.map(({ label }) => ({ row: [], label, wrong: undefined }));
              const expected = valuesAndRows((rows) => unguarded[name](rows, labels(right)), x);
              const actual = valuesAndRows((rows) => fromRows[name](rows, labels(examples)), x);
              examples.forEach(({ wrong }, i) => {
                expect(actual.values[i]).toBe(wrong === undefined ? expected.values[i] : NaN);
                if (wrong === undefined) expect(actual.rows[i]).toEqual(expected.rows[i]);
                else if (name === 'crossEntropy') expect(actual.rows[i]).toEqual([NaN, NaN, NaN]);
              });
            }),
        ),
        { seed: 22, numRuns: 60 },
      );
    },
  );

  it.each(['crossEntropy', 'probabilityCrossEntropy'] as const)(
    '%s takes whole numbers of any type, and 1.5 or NaN for no class',
    (name) =>
      tf.tidy(() => {
        const x = tf.softmax(tf.tensor2d([0.3, 0.5, 0.2, 0.25, 0.15, 0.6, 0.1, 0.2, 0.7], [3, 3]));
        const losses = (labels: number[], dtype: 'int32' | 'float32') =>
          Array.from(fromRows[name](x as tf.Tensor2D, tf.tensor1d(labels, dtype)).dataSync());
        const whole = losses([2, 0, 1], 'int32');
        expect(whole.every(Number.isFinite)).toBe(true);
        expect(losses([2, 0, 1], 'float32')).toEqual(whole);
        expect(losses([1.5, 0, NaN], 'float32')).toEqual([NaN, whole[1], NaN]);
        expect(losses([-0.5, 2.75, 1], 'float32')).toEqual([NaN, NaN, whole[2]]);
      }),
  );

  it('binary: a target outside [0, 1] makes its example NaN and leaves the others their bits', () => {
    tf.tidy(() => {
      const probabilities = tf.tensor2d([0.2, 0.9, 0.5, 0.6, 0.01, 1], [3, 2]);
      const pass = (targets: number[]) =>
        valuesAndRows((p) => binaryCrossEntropy(p, tf.tensor2d(targets, [3, 2])), probabilities);
      const right = pass([0, 1, 0.25, 1, 1, 0]);
      for (const wrong of [-1, 1.001, 2, 255, -0.5, NaN, Infinity]) {
        const actual = pass([0, 1, 0.25, wrong, 1, 0]);
        expect(actual.values).toEqual([right.values[0], NaN, right.values[2]]);
        expect([actual.rows[0], actual.rows[1]![1], actual.rows[2]]).toEqual([
          right.rows[0],
          NaN,
          right.rows[2],
        ]);
      }
    });
  });

  it('refuses shapes that do not match', () => {
    tf.tidy(() => {
      const rows = tf.ones<tf.Rank.R2>([2, 3]);
      const column = tf.ones([2, 1]) as tf.Tensor as tf.Tensor1D;
      expect(() => crossEntropy(rows, column)).toThrow('labels: expected shape [2], received [2,1]');
      expect(() => probabilityCrossEntropy(rows, tf.ones([3]))).toThrow(/labels/);
      expect(() => binaryCrossEntropy(rows, tf.ones([2, 1]))).toThrow(/targets/);
      expect(() => crossEntropy(tf.ones([2]) as tf.Tensor as tf.Tensor2D, tf.ones([2]))).toThrow(/logits/);
    });
  });
});
