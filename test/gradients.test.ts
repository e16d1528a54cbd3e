import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { valueAndGradients } from '../src/gradients.ts';
import { useBackend } from './support/backend.ts';

beforeAll(() => useBackend('cpu'));

describe('valueAndGradients', () => {
  // f(a, b) = Σ a·b: ∂f/∂a = b, ∂f/∂b = a.
  it('gives loss, aux and gradients, all owned by the caller', () => {
    const before = tf.memory().numTensors;
    const [a, b, unused] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 5]), tf.tensor1d([7])];
    const { loss, aux, gradients } = valueAndGradients(
      () => {
        const product = a.mul(b);
        return { loss: product.sum().asScalar(), aux: { product, nested: { input: a } } };
      },
      { a, b, unused },
    );
    expect(loss.dataSync()[0]).toBe(13);
    expect([...aux.product.dataSync()]).toEqual([3, 10]);
    expect([
      ...gradients['a']!.dataSync(),
      ...gradients['b']!.dataSync(),
      ...gradients['unused']!.dataSync(),
    ]).toEqual([3, 5, 1, 2, 0]);
    tf.dispose([loss, aux, gradients]);
    expect([...a.dataSync()], 'a tensor of the caller that was passed through').toEqual([1, 2]);
    tf.dispose([a, b, unused]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('a surrounding tidy disposes the results, as of any operation', () => {
    const a = tf.tensor1d([2]);
    const before = tf.memory().numTensors;
    tf.tidy(
      () =>
        void valueAndGradients(
          () => ({ loss: a.square().sum().asScalar(), aux: { a, square: a.square() } }),
          { a },
        ),
    );
    expect(tf.memory().numTensors).toBe(before);
    a.dispose();
  });

  it('takes variables, under their names', () => {
    const variable = tf.tidy(() => tf.variable(tf.tensor1d([3]), true, 'gradients-test'));
    const { loss, gradients } = valueAndGradients(
      () => ({ loss: variable.square().sum().asScalar(), aux: {} }),
      [variable],
    );
    expect([...gradients['gradients-test']!.dataSync()]).toEqual([6]);
    tf.dispose([loss, gradients, variable]);
  });

  it.each([
    [
      'a loss that is no scalar',
      (a: tf.Tensor) => ({ loss: a.square() as tf.Scalar, aux: {} }),
      'loss: expected a scalar, received shape [2]',
    ],
    [
      'a loss of none of the variables',
      () => ({ loss: tf.scalar(1), aux: {} }),
      'loss: depends on none of the variables',
    ],
    [
      'an error inside',
      () => {
        throw new Error('inside');
      },
      'inside',
    ],
  ])('%s throws and leaves nothing behind', (_, f, message) => {
    const a = tf.tensor1d([1, 2]);
    const before = tf.memory().numTensors;
    expect(() => valueAndGradients(() => f(a), { a })).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
    a.dispose();
  });
});
