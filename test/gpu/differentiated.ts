/** Values and gradients of a function at random places, as a tree of tensors to be compared between backends. */
import * as tf from '@tensorflow/tfjs';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import type { TensorTree } from '../../src/tensor-tree.ts';

/** Normal numbers, the same on every backend. */
export const draw = <T extends tf.Tensor>(name: string, shape: readonly number[], mean = 0): T =>
  tf.tensor(normal(foldKey(randomKey(8), name), tf.util.sizeFromShape([...shape]), mean), [...shape]) as T;

type Differentiable = (...xs: tf.Tensor[]) => tf.Tensor;

const named = (gradients: readonly tf.Tensor[]): tf.NamedTensorMap =>
  Object.fromEntries(gradients.map((gradient, i) => [`of ${i}`, gradient]));

/** A tree of tensors without the temporaries on the way to it. */
export const tidied = (compute: () => TensorTree): TensorTree =>
  tf.tidy(compute as () => tf.TensorContainerObject) as TensorTree;

/** Value and gradients under a random upstream gradient. */
export const firstOrder = (f: Differentiable, xs: readonly tf.Tensor[]): TensorTree =>
  tidied(() => {
    const value = f(...xs);
    const upstream = draw('upstream', value.shape);
    const scored = (...inputs: tf.Tensor[]): tf.Scalar =>
      f(...inputs)
        .mul(upstream)
        .sum();
    return { value, first: named(tf.grads(scored)([...xs])) };
  });

/**
 * The same of Σ c·f³ with random c, so that every number counts and tfjs has the second derivative, and the gradients of
 * the sum of squares of its gradient in the first argument.
 */
export const secondOrder = (f: Differentiable, xs: readonly tf.Tensor[]): TensorTree =>
  tidied(() => {
    const value = f(...xs);
    const coefficients = draw('coefficients', value.shape);
    const scored = (...inputs: tf.Tensor[]): tf.Scalar => {
      const y = f(...inputs);
      return y.mul(y).mul(y).mul(coefficients).sum();
    };
    const penalty = (first: tf.Tensor, ...others: tf.Tensor[]): tf.Scalar =>
      tf
        .grad((x: tf.Tensor) => scored(x, ...others))(first)
        .square()
        .sum();
    return {
      value,
      first: named(tf.grads(scored)([...xs])),
      second: named(tf.grads((...inputs: tf.Tensor[]) => penalty(inputs[0]!, ...inputs.slice(1)))([...xs])),
    };
  });
