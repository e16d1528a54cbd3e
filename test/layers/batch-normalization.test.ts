import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  batchNormalization,
  batchNormalizationWith,
  movingStatistics,
} from '../../src/layers/batch-normalization.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';

const draw = <T extends tf.Tensor>(name: string, shape: number[], mean = 0): T =>
  tf.tensor(normal(foldKey(randomKey(5), name), tf.util.sizeFromShape(shape), mean), shape) as T;

/** A nonlinearity whose second derivative tfjs has: it loses that of operations which save their output, as tanh. */
const cube = (y: tf.Tensor): tf.Tensor => y.mul(y).mul(y);

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('the finite differences notice a penalty whose moments are taken for constants', () => {
    tf.tidy(() => {
      const x = draw<tf.Tensor4D>('x', [3, 4, 3, 3], 0.5);
      const coefficients = draw<tf.Tensor4D>('coefficients', [3, 4, 3, 3]);
      const penalty =
        (form: (input: tf.Tensor4D) => tf.Tensor) =>
        (a: tf.Tensor): tf.Scalar =>
          tf
            .grad((input: tf.Tensor) =>
              cube(form(input as tf.Tensor4D))
                .mul(coefficients)
                .sum(),
            )(a)
            .square()
            .sum();
      const { mean, variance } = batchNormalization(x, {}, 1e-2);
      const frozen = (input: tf.Tensor4D): tf.Tensor =>
        batchNormalizationWith(input, { mean, variance }, {}, 1e-2);
      const right = penalty((input) => batchNormalization(input, {}, 1e-2).output);
      const wrong = (): tf.Tensor[] => tf.grads(penalty(frozen))([x]);
      expect(directionalError(right, [x], { epsilon: 3e-3 })).toBeLessThanOrEqual(5e-3);
      expect(directionalError(right, [x], { epsilon: 3e-3, gradient: wrong })).toBeGreaterThan(0.05);
    });
  });

  it('moving statistics take the unbiased variance of images and the biased one of vectors', () => {
    tf.tidy(() => {
      const before = { mean: tf.tensor1d([1]), variance: tf.tensor1d([2]) };
      const image = batchNormalization(tf.tensor4d([1, 3], [2, 1, 1, 1]), {});
      const vector = batchNormalization(tf.tensor2d([1, 3], [2, 1]), {});
      const after = movingStatistics(
        [image, vector].map((batch) => ({ moving: before, batch, momentum: 0.5 })),
      );
      expect(after.map(({ mean }) => mean.dataSync()[0])).toEqual([1.5, 1.5]);
      expect(after.map(({ variance }) => variance.dataSync()[0])).toEqual([2, 1.5]);
    });
  });

  it('of batches refuses a scale of other channels', () => {
    tf.tidy(() => {
      const x = tf.zeros<tf.Rank.R4>([2, 2, 2, 3]);
      expect(() => batchNormalization(x, { scale: tf.ones([1]) })).toThrow(
        'scale: expected shape [3], received [1]',
      );
    });
  });
});
