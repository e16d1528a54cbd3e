import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { withoutGradient } from '../src/stop-gradient.ts';
import { useBackend } from './support/backend.ts';

beforeAll(() => useBackend('cpu'));

it('is a constant factor of the surrounding gradient: d(x · stop(x²)) = x², d(x · x²) = 3x²', () => {
  tf.tidy(() => {
    const x = tf.tensor1d([1, -2, 3]);
    const stopped = tf.grad((y) => y.mul(withoutGradient((z) => z.square(), y)).sum())(x);
    const through = tf.grad((y) => y.mul(y.square()).sum())(x);
    expect([...stopped.dataSync()]).toEqual([1, 4, 9]);
    expect([...through.dataSync()]).toEqual([3, 12, 27]);
  });
});

it('lets a loss use a comparison, which tfjs cannot differentiate', () => {
  tf.tidy(() => {
    const x = tf.tensor1d([1, -2, 3]);
    const positive = (y: tf.Tensor): tf.Tensor => y.greater(0).cast('float32');
    expect(() => tf.grad((y) => positive(y).sum())(x)).toThrow();
    const gradient = tf.grad((y) => y.mul(withoutGradient(positive, y)).sum())(x);
    expect([...gradient.dataSync()]).toEqual([1, 0, 1]);
  });
});

it('has zeros of the shape of x for a result of another shape', () => {
  tf.tidy(() => {
    const gradient = tf.grad((y) => withoutGradient((z) => z.sum().asScalar(), y))(tf.ones([2, 3]));
    expect(gradient.shape).toEqual([2, 3]);
    expect([...gradient.dataSync()]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
