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
