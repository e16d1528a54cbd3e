import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { crossEntropy } from '../src/cross-entropy.ts';
import { invarianceRiskPenalty, type InvarianceForm } from '../src/invariance.ts';
import { useBackend } from './support/backend.ts';
import { directionalError } from './support/finite-difference.ts';
import { expectClose, readFixture, toTensor, type FixtureTensor } from './support/fixture.ts';

interface IrmCase {
  readonly kind: 'logits' | 'log-probabilities' | 'disabled';
  readonly weight: number;
  readonly targets: number[];
  readonly logits?: FixtureTensor;
  readonly probabilities?: FixtureTensor;
  readonly penalty: number;
  readonly gradient: FixtureTensor;
}

/** Both forms in doubles, as the published formulas read. */
function twin(rows: readonly (readonly number[])[], labels: readonly number[], form: InvarianceForm): number {
  const terms = rows.map((z, b) => {
    const largest = Math.max(...z);
    const exponentials = z.map((value) => Math.exp(value - largest));
    const sum = exponentials.reduce((a, e) => a + e, 0);
    const expected = z.reduce((a, value, c) => a + (exponentials[c]! / sum) * value, 0);
    const own = z[labels[b]!]!;
    return form === 'irmv1' ? expected - own : 2 * (largest + Math.log(sum)) - own - expected;
  });
  const total = (values: readonly number[]) => values.reduce((a, d) => a + d, 0);
  return form === 'irmv1' ? (total(terms) / terms.length) ** 2 : total(terms.map((d) => d * d));
}

describe.each(['wasm', 'cpu'] as const)('invarianceRiskPenalty on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it("reproduces the published code's form, values and gradients", () => {
    const before = tf.memory().numTensors;
    const { cases } = readFixture<IrmCase>('irm');
    cases.forEach((golden, i) =>
      tf.tidy(() => {
        const input = golden.logits ?? golden.probabilities;
        if (input === undefined) {
          expect([golden.kind, golden.weight, golden.penalty]).toEqual(['disabled', 0, 0]);
          return;
        }
        const labels = tf.tensor1d(golden.targets, 'int32');
        const { value, grad } = tf.valueAndGrad((x: tf.Tensor) =>
          invarianceRiskPenalty((golden.logits ? x : x.add(1e-6).log()) as tf.Tensor2D, labels, {
            form: 'reference',
          }).mul(golden.weight),
        )(toTensor(input));
        expectClose(value, golden.penalty, 1e-5, `case ${i} ${golden.kind}`);
        expectClose(grad, golden.gradient, 1e-5, `case ${i} ${golden.kind} gradient`);
      }),
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('agrees with both formulas in doubles', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(...[0, 1, 2].map(() => fc.float({ min: -6, max: 6, noNaN: true }))), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.nat(2),
        fc.constantFrom('irmv1' as const, 'reference' as const),
        (rows, first, form) => {
          const labels = rows.map((_, b) => (first + b) % 3);
          const value = tf.tidy(
            () =>
              invarianceRiskPenalty(tf.tensor2d(rows), tf.tensor1d(labels, 'int32'), { form }).dataSync()[0]!,
          );
          expectClose(value, twin(rows, labels, form), 1e-5, form);
        },
      ),
      { seed: 31, numRuns: 60 },
    );
  });

  it('irmv1 is the squared derivative of the risk by the scale of the logits, reference is not', () => {
    tf.tidy(() => {
      const logits = tf.tensor2d([1, -0.5, 0.3, 2, 0.1, -1], [2, 3]);
      const labels = tf.tensor1d([1, 0], 'int32');
      const derivative = tf.grad((w: tf.Tensor) => crossEntropy(logits.mul(w), labels).mean())(tf.scalar(1));
      const squared = derivative.dataSync()[0]! ** 2;
      expectClose(invarianceRiskPenalty(logits, labels), squared, 1e-6);
      expect(
        Math.abs(invarianceRiskPenalty(logits, labels, { form: 'reference' }).dataSync()[0]! - squared),
      ).toBeGreaterThan(0.1);
    });
  });

  it.each(['irmv1', 'reference'] as const)('%s has the gradient that its differences show', (form) => {
    tf.tidy(() => {
      const labels = tf.tensor1d([1, 0], 'int32');
      const f = (z: tf.Tensor) => invarianceRiskPenalty(z as tf.Tensor2D, labels, { form });
      const x = tf.tensor2d([1, -0.5, 0.3, 0.2, 0.1, -1], [2, 3]);
      expect(directionalError(f, [x])).toBeLessThan(5e-3);
      expect(directionalError(f, [x], { gradient: () => [tf.grad(f)(x).mul(1.1)] })).toBeGreaterThan(5e-2);
    });
  });
});
