import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { orderTape } from '../../src/gan/tape-order.ts';
import { useBackend } from '../support/backend.ts';
import { expectClose } from '../support/fixture.ts';

beforeAll(() => useBackend('cpu'));

/** The derivative of f′(x) + x, with or without the tape put in order between the two gradients. */
const second = (f: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, ordered: boolean): tf.Tensor =>
  tf.grad((y) => {
    const slope = tf.grad((z) => f(z).sum())(y);
    if (ordered) orderTape();
    return slope.add(y).sum();
  })(x);

const VALUES = [-1.5, -0.2, 0, 0.7, 2];
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
const SECOND: Readonly<Record<string, [(x: tf.Tensor) => tf.Tensor, (v: number) => number]>> = {
  tanh: [tf.tanh, (v) => -2 * Math.tanh(v) * (1 - Math.tanh(v) ** 2)],
  sigmoid: [tf.sigmoid, (v) => sigmoid(v) * (1 - sigmoid(v)) * (1 - 2 * sigmoid(v))],
  exp: [tf.exp, Math.exp],
};

it.each(Object.entries(SECOND))(
  'gives %s its second derivative, which tfjs alone loses',
  (_, [f, expected]) => {
    tf.tidy(() => {
      const x = tf.tensor1d(VALUES);
      expectClose(
        second(f, x, true),
        VALUES.map((v) => expected(v) + 1),
        1e-5,
      );
      expectClose(second(f, x, false), [1, 1, 1, 1, 1], 0);
    });
  },
);

it('leaves the second derivative of operations that save no output as it is', () => {
  tf.tidy(() => {
    const x = tf.tensor1d(VALUES);
    const cube = (y: tf.Tensor): tf.Tensor => y.mul(y).mul(y);
    for (const ordered of [false, true])
      expectClose(
        second(cube, x, ordered),
        VALUES.map((v) => 6 * v + 1),
        1e-6,
      );
  });
});

it('does nothing outside of a gradient', () => {
  const before = tf.memory().numTensors;
  orderTape();
  expect(tf.memory().numTensors).toBe(before);
});
