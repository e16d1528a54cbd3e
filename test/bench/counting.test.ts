import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { useBackend } from '../support/backend.ts';
import { observe } from './counting.ts';

beforeAll(() => useBackend('wasm'));

it('a convolution with its gradients and a matrix product, by hand', () => {
  const x = tf.ones<tf.Rank.R4>([2, 8, 8, 3]);
  const filter = tf.ones<tf.Rank.R4>([3, 3, 3, 5]);
  // 2 · (2 · 4 · 4 · 5 outputs) · (3 · 3 · 3 products each)
  const convolution = 2 * 160 * 27;
  const forward = observe(() => tf.conv2d(x, filter, 2, 'same'), { x, filter });
  expect(forward).toMatchObject({ operations: 1, flops: convolution });
  // x, filter and the output, four bytes each
  expect(forward.peakBytes).toBe(4 * (384 + 135 + 160));
  const gradients = observe(
    () =>
      tf.tidy(() =>
        tf.grads((a, f) => tf.conv2d(a as tf.Tensor4D, f as tf.Tensor4D, 2, 'same'))([x, filter]),
      ),
    { x, filter },
  );
  expect(gradients.flops).toBe(3 * convolution);
  const [a, b] = [tf.ones<tf.Rank.R2>([7, 2]), tf.ones<tf.Rank.R2>([7, 3])];
  const product = observe(() => tf.matMul(a, b, true), { a, b });
  expect(product).toMatchObject({ operations: 1, flops: 2 * 2 * 3 * 7 });
  tf.dispose([x, filter, forward.value, gradients.value, a, b, product.value]);
  expect(observe(() => null, {}).operations).toBe(0);
});

it('the peak counts what is disposed before the end', () => {
  const { value, peakBytes } = observe(() => tf.tidy(() => tf.ones([100]).add(1).sum()), {});
  expect(peakBytes).toBeGreaterThanOrEqual(4 * 201);
  value.dispose();
});

it('counting ends also when the step throws', () => {
  const fail = (): never => {
    throw new Error('no');
  };
  expect(() => observe(fail, {})).toThrow('no');
  const x = tf.scalar(1);
  const { operations, value } = observe(() => x.add(1), {});
  expect(operations).toBe(1);
  tf.dispose([x, value]);
});
