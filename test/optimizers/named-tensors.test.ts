import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { sgd } from '../../src/optimizers/sgd.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('wasm'));

describe('names of weights', () => {
  it('that every object has are missed where they are missing', () => {
    tf.tidy(() => {
      const weights = { constructor: tf.zeros([2]) } as unknown as tf.NamedTensorMap;
      const rule = sgd();
      expect(() => rule.update({}, rule.init(weights), weights, tf.scalar(1))).toThrow(
        "gradients: expected 'constructor' of shape [2], received none",
      );
    });
  });
});

describe('misuse', () => {
  it('is refused with the argument, the expected and the received shape', () => {
    tf.tidy(() => {
      const weights = { w: tf.zeros([2, 3]) };
      const rule = sgd();
      const state = rule.init(weights);
      const rate = tf.scalar(1);
      expect(() => rule.update({ w: tf.zeros([3]) }, state, weights, rate)).toThrow(
        "gradients: expected 'w' of shape [2, 3], received [3]",
      );
      expect(() => rule.update({}, state, weights, rate)).toThrow(
        "expected 'w' of shape [2, 3], received none",
      );
    });
  });
});
