import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { exponentialMovingAverage } from '../../src/gan/moving-average.ts';
import { useBackend } from '../support/backend.ts';
import { expectClose } from '../support/fixture.ts';

beforeAll(() => useBackend('wasm'));

describe('exponential moving average', () => {
  const value = fc.double({ min: -3, max: 3, noNaN: true });
  const decays = fc.constantFrom(0, 0.5, 0.9, 0.999, 1);

  it('is the weighted sum of all weights so far, in float64', () => {
    fc.assert(
      fc.property(value, fc.array(value, { maxLength: 8 }), decays, (start, weights, decay) => {
        const before = tf.memory().numTensors;
        let averages = { layer: { kernel: tf.tensor1d([start]) } };
        for (const weight of weights) {
          const present = { layer: { kernel: tf.tensor1d([weight]) } };
          const next = exponentialMovingAverage(averages, present, decay);
          tf.dispose([averages, present]);
          averages = next;
        }
        const closed = weights.reduce(
          (sum, weight, i) => sum + (1 - decay) * decay ** (weights.length - 1 - i) * weight,
          decay ** weights.length * start,
        );
        expectClose(averages.layer.kernel, closed, 1e-5);
        tf.dispose(averages);
        expect(tf.memory().numTensors).toBe(before);
      }),
      { seed: 71, numRuns: 60 },
    );
  });

  it('stays between average and weights, and at a fixed point where they agree', () => {
    fc.assert(
      fc.property(value, value, decays, (a, w, decay) => {
        tf.tidy(() => {
          const next = exponentialMovingAverage(
            { x: tf.scalar(a) },
            { x: tf.scalar(w) },
            decay,
          ).x.dataSync()[0]!;
          expect(next).toBeGreaterThanOrEqual(Math.min(a, w) - 1e-6);
          expect(next).toBeLessThanOrEqual(Math.max(a, w) + 1e-6);
          const still = exponentialMovingAverage(
            { x: tf.scalar(a) },
            { x: tf.scalar(a) },
            decay,
          ).x.dataSync()[0];
          expect(still! - Math.fround(a)).toBe(0);
        });
      }),
      { seed: 72, numRuns: 60 },
    );
  });

  it('refuses weights of another structure', () => {
    tf.tidy(() => {
      const averages = { a: tf.zeros([2]) };
      const given = (weights: tf.NamedTensorMap) => () =>
        exponentialMovingAverage<tf.NamedTensorMap>(averages, weights, 0.5);
      expect(given({ a: tf.zeros([1]) })).toThrow("weights: expected 'a' of shape [2], received [1]");
      expect(given({})).toThrow("expected 'a' of shape [2], received none");
      expect(given({ a: tf.zeros([2]), b: tf.zeros([1]) })).toThrow(
        'expected 1 tensors as in averages, received 2',
      );
      expect(() => exponentialMovingAverage(averages, averages, 1.5)).toThrow('decay');
    });
  });
});
