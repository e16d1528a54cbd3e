import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { operation, protectedInput, protectedOutput } from '../../src/layers/operation.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('cpu'));

/** a·b², with gradients b² and 2ab that count how often they are asked for. */
function product(a: tf.Tensor, b: tf.Tensor, asked: string[] = []): tf.Tensor {
  return operation({ a, b }, () => ({
    output: a.mul(b.square()),
    held: [a, b],
    gradients: (dy) => ({
      a: () => (asked.push('a'), dy.mul(b.square())),
      b: () => (asked.push('b'), dy.mul(a).mul(b).mul(2)),
    }),
  }));
}

describe('operation', () => {
  it('computes only the gradients that are asked for, and leaves no tensor behind', () => {
    const [a, b] = [tf.scalar(3), tf.scalar(5)];
    const before = tf.memory().numTensors;
    const asked: string[] = [];
    const gradient = tf.grad((x: tf.Tensor) => product(x.mul(2), b, asked))(a);
    expect(gradient.dataSync()[0]).toBe(50);
    expect(asked).toEqual(['a']);
    gradient.dispose();
    product(a, b).dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(a.isDisposed || b.isDisposed).toBe(false);
    tf.dispose([a, b]);
  });

  it('is differentiated twice through its inputs', () => {
    tf.tidy(() => {
      const slope = tf.grad((x: tf.Tensor) => product(tf.scalar(3), x.square()));
      // 3x⁴ has the second derivative 36x².
      expect(tf.grad(slope)(tf.scalar(2)).dataSync()[0]).toBe(144);
    });
  });

  it('protects what a caller keeps or disposes inside the gradient', () => {
    const x = tf.scalar(2);
    const before = tf.memory().numTensors;
    let seen: tf.Tensor | undefined;
    const gradient = tf.grad((input: tf.Tensor) => {
      const made = input.mul(3);
      const held = protectedInput(made);
      const first = product(held, held);
      const second = product(first, tf.scalar(1));
      seen = tf.keep(protectedOutput(first));
      made.dispose();
      return second;
    })(x);
    expect(gradient.dataSync()[0]).toBe(3 * 27 * 4);
    expect(seen?.dataSync()[0]).toBe(216);
    tf.dispose([gradient, seen!]);
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
  });
});
