import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { weightDecayPenalty } from '../../src/optimizers/weight-decay.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';
import { expectClose, flatten } from '../support/fixture.ts';

beforeAll(() => useBackend('wasm'));

describe('weight decay', () => {
  it.each(['wasm', 'cpu'] as const)(
    'has the gradient of its value on %s, which a wrong factor has not',
    async (name) => {
      await useBackend(name);
      const w = tf.tensor2d([0.3, -0.7, 0.2, 1.1, 0.5, -0.4], [2, 3]);
      const b = tf.tensor1d([0.9, -0.2]);
      const penalty = (...xs: tf.Tensor[]): tf.Scalar => weightDecayPenalty({ w: xs[0]!, b: xs[1]! }, 0.3);
      expect(directionalError(penalty, [w, b])).toBeLessThan(5e-3);
      expect(
        directionalError(penalty, [w, b], { gradient: (xs) => xs.map((x) => x.mul(0.6)) }),
      ).toBeGreaterThan(0.1);
      tf.dispose([w, b]);
      await useBackend('wasm');
    },
  );

  it('is rate · ½ of the sum of squares', () => {
    tf.tidy(() => {
      const w = { a: tf.tensor1d([1, -2]), b: tf.scalar(3) };
      expectClose(weightDecayPenalty(w, 0.1), 0.7, 1e-6);
      expect(flatten([...weightDecayPenalty(w, 0).dataSync()])).toEqual([0]);
    });
  });
});

describe('misuse', () => {
  it('of weight decay is refused by its rate', () => {
    const weights = { w: tf.zeros([2, 3]) };
    expect(() => weightDecayPenalty(weights, -1)).toThrow('rate');
    tf.dispose(weights);
  });
});
