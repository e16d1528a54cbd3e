/**
 * Values that a loss uses but does not differentiate. tfjs has no stop-gradient, and comparisons have no gradient at
 * all, so that a weight found by comparing losses could not stand inside a differentiated loss without this.
 */
import * as tf from '@tensorflow/tfjs';

/**
 * f(x) as a constant of the surrounding gradient: ∂/∂x is zero.
 *
 * @param f Computes a new tensor (not `x` itself) from `x`; operations without a gradient are allowed.
 * @param x Any tensor.
 * @returns What `f` returns, owned by the caller.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { withoutGradient } from 'model-patching';
 * const gradient = tf.tidy(() =>
 *   tf.grad((x: tf.Tensor) => x.mul(withoutGradient((y) => y.square(), x)))(tf.scalar(3)).dataSync()[0],
 * );
 * if (gradient !== 9) throw new Error('the square was differentiated');
 * ```
 */
export function withoutGradient<T extends tf.Tensor>(f: (x: tf.Tensor) => T, x: tf.Tensor): T {
  const shape = x.shape;
  return tf.customGrad<T>((input) => ({
    value: f(input as tf.Tensor),
    gradFunc: () => tf.zeros(shape),
  }))(x);
}
