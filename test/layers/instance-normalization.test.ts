import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { instanceNormalization } from '../../src/layers/instance-normalization.ts';
import { useBackend } from '../support/backend.ts';
import { expectClose } from '../support/fixture.ts';

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('of images refuses misshapen arguments', () => {
    tf.tidy(() => {
      const x = tf.zeros<tf.Rank.R4>([2, 2, 2, 3]);
      expect(() => instanceNormalization(x, { offset: tf.ones([2, 3]) })).toThrow(
        'offset: expected shape [3]',
      );
      expect(() => instanceNormalization(tf.zeros([2, 3]) as tf.Tensor as tf.Tensor4D, {})).toThrow(
        'x: expected [batch',
      );
    });
  });

  it('of images gives each channel of each image mean 0 and variance 1, by hand', () => {
    tf.tidy(() => {
      const x = tf.tensor4d([1, 10, 3, 20, 5, 0, 5, 8], [2, 1, 2, 2]);
      const y = instanceNormalization(x, { scale: tf.tensor1d([1, 2]), offset: tf.tensor1d([0, 1]) }, 0.5625);
      // Image 1 has variances 1 and 25, image 2 has 0 and 16; each is 0.5625 larger under the root.
      const [a, b, c] = [1 / 1.25, 10 / Math.sqrt(25.5625), 8 / Math.sqrt(16.5625)];
      expectClose(y, [-a, 1 - b, a, 1 + b, 0, 1 - c, 0, 1 + c], 1e-6);
    });
  });
});
