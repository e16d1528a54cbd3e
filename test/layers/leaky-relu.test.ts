import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { leakyRelu } from '../../src/layers/leaky-relu.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';

const draw = <T extends tf.Tensor>(name: string, shape: number[]): T =>
  tf.tensor(normal(foldKey(randomKey(3), name), tf.util.sizeFromShape(shape)), shape) as T;

/** A nonlinearity whose second derivative tfjs has: it loses that of operations which save their output, as tanh. */
const cube = (y: tf.Tensor): tf.Tensor => y.mul(y).mul(y);

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('leaky ReLU: values, and gradients at first and second order', () => {
    tf.tidy(() => {
      expect(Array.from(leakyRelu(tf.tensor1d([-2, 0, 3]), 0.5).dataSync())).toEqual([-1, 0, 3]);
      const x = draw<tf.Tensor2D>('x', [6, 5]);
      const away = x.add(x.sign().mul(0.2));
      const w = draw<tf.Tensor2D>('w', [5, 4]);
      const score = (a: tf.Tensor, b: tf.Tensor): tf.Scalar =>
        cube(leakyRelu(tf.matMul(leakyRelu(a).square() as tf.Tensor2D, b as tf.Tensor2D))).sum();
      const penalty = (a: tf.Tensor, b: tf.Tensor): tf.Scalar =>
        tf
          .grad((input: tf.Tensor) => score(input, b))(a)
          .square()
          .sum();
      expect(directionalError(score, [away, w], { epsilon: 1e-3 })).toBeLessThanOrEqual(5e-3);
      expect(directionalError(penalty, [away, w], { epsilon: 1e-3 })).toBeLessThanOrEqual(5e-3);
      const gradient = tf.grads((a: tf.Tensor, b: tf.Tensor) => {
        const flat = a.relu();
        return cube(tf.matMul(flat.square() as tf.Tensor2D, b as tf.Tensor2D)).sum();
      });
      expect(
        directionalError(score, [away, w], { epsilon: 1e-3, gradient: (xs) => gradient([...xs]) }),
      ).toBeGreaterThan(0.05);
    });
  });
});
