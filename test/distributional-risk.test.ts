import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { chiSquare, cvar } from '../src/distributional-risk.ts';
import { useBackend } from './support/backend.ts';
import { directionalError } from './support/finite-difference.ts';
import { expectClose } from './support/fixture.ts';

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** The value by definition: the best of a fine search over the dual variable η. */
function chiSquareTwin(losses: readonly number[], radius: number): number {
  const dual = (eta: number): number =>
    eta + Math.sqrt((1 + 2 * radius) * mean(losses.map((loss) => Math.max(0, loss - eta) ** 2)));
  let [low, high] = [Math.min(...losses) - 1e4, Math.max(...losses)];
  for (let i = 0; i < 300; i++) {
    const [a, b] = [low + (high - low) * 0.382, low + (high - low) * 0.618];
    if (dual(a) < dual(b)) high = b;
    else low = a;
  }
  return dual((low + high) / 2);
}

function cvarTwin(losses: readonly number[], alpha: number): number {
  let left = alpha * losses.length;
  let sum = 0;
  for (const loss of [...losses].sort((a, b) => b - a)) {
    const taken = Math.min(1, left);
    sum += taken * loss;
    left -= taken;
  }
  return sum / (alpha * losses.length);
}

const batchOfLosses = fc.array(
  fc.oneof(fc.integer({ min: 0, max: 4 }), fc.float({ min: 0, max: 8, noNaN: true })),
  {
    minLength: 1,
    maxLength: 12,
  },
);

describe.each(['wasm', 'cpu'] as const)('risks over examples on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  const evaluate = (f: (losses: tf.Tensor1D) => tf.Scalar, losses: readonly number[]) =>
    tf.tidy(() => {
      const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => f(x as tf.Tensor1D))(
        tf.tensor1d([...losses]),
      );
      return { value: value.dataSync()[0]!, weights: Array.from(grad.dataSync()) };
    });

  it('cvar is the mean of the worst share, and its gradient a distribution', () => {
    const before = tf.memory().numTensors;
    fc.assert(
      fc.property(batchOfLosses, fc.double({ min: 0.05, max: 1, noNaN: true }), (losses, alpha) => {
        const { value, weights } = evaluate((x) => cvar(x, { alpha }), losses);
        expectClose(value, cvarTwin(losses, alpha), 1e-5);
        expectClose(mean(weights) * losses.length, 1, 1e-5);
        expect(Math.max(...weights)).toBeLessThanOrEqual(1 / Math.min(1, alpha * losses.length) + 1e-6);
      }),
      { seed: 51, numRuns: 60 },
    );
    expect(evaluate((x) => cvar(x, { alpha: 0.4 }), [5, 1, 2, 9, 3]).weights).toEqual([0.5, 0, 0, 0.5, 0]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('chiSquare is the dual minimum; its gradient is a distribution within the radius', () => {
    const before = tf.memory().numTensors;
    fc.assert(
      fc.property(batchOfLosses, fc.constantFrom(0, 0.02, 0.3, 1, 2.7, 20), (losses, radius) => {
        const { value, weights } = evaluate((x) => chiSquare(x, { radius }), losses);
        const expected = radius === 0 ? mean(losses) : chiSquareTwin(losses, radius);
        expectClose(value, expected, 1e-4);
        expectClose(mean(weights) * losses.length, 1, 1e-5);
        const divergence = mean(weights.map((q) => (losses.length * q - 1) ** 2)) / 2;
        expect(divergence).toBeLessThanOrEqual(radius * 1.001 + 1e-4);
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(0);
      }),
      { seed: 52, numRuns: 80 },
    );
    expectClose(
      evaluate((x) => chiSquare(x, { radius: 1 }), [2, 2, 2, 2]).weights,
      [0.25, 0.25, 0.25, 0.25],
      0,
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('have the gradients that their differences show; uniform weights are noticed', () => {
    tf.tidy(() => {
      const x = tf.tensor1d([0.3, 2.5, 1.1, 4, 0.9, 3.2]);
      const risks = [
        (y: tf.Tensor) => cvar(y as tf.Tensor1D, { alpha: 0.4 }),
        (y: tf.Tensor) => chiSquare(y as tf.Tensor1D, { radius: 0.8 }),
      ];
      for (const f of risks) {
        expect(directionalError(f, [x], { seed: 1 })).toBeLessThan(5e-3);
        const uniform = { seed: 1, gradient: () => [tf.fill([6], 1 / 6)] };
        expect(directionalError(f, [x], uniform)).toBeGreaterThan(5e-2);
      }
    });
  });

  it('refuse what is out of range', () => {
    tf.tidy(() => {
      const losses = tf.tensor1d([1, 2]);
      expect(() => cvar(losses, { alpha: 0 })).toThrow(/alpha/);
      expect(() => cvar(losses, { alpha: 1.1 })).toThrow(/alpha/);
      expect(() => chiSquare(losses, { radius: -1 })).toThrow(/radius/);
      expect(() => cvar(tf.ones([2, 1]) as tf.Tensor as tf.Tensor1D, { alpha: 1 })).toThrow(/\[2,1\]/);
    });
  });
});
