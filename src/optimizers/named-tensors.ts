/**
 * Tensors by name: the form in which weights, gradients and optimizer slots go about.
 */
import * as tf from '@tensorflow/tfjs';

/** `f` of every tensor, under its name. */
export function mapNamed(
  tensors: tf.NamedTensorMap,
  f: (tensor: tf.Tensor, name: string) => tf.Tensor,
): tf.NamedTensorMap {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, f(tensor, name)]));
}

/**
 * The sum of squares of all elements of all tensors.
 *
 * @param tensors Any shapes; at least one.
 * @throws Error if there is no tensor.
 */
export function sumOfSquares(tensors: readonly tf.Tensor[]): tf.Scalar {
  if (tensors.length === 0) throw new Error('tensors: expected at least one, received none');
  return tf.tidy(() =>
    tf
      .concat1d(tensors.map((tensor) => (tensor.rank === 1 ? (tensor as tf.Tensor1D) : tensor.flatten())))
      .square()
      .sum()
      .asScalar(),
  );
}

/**
 * Checks that `tensors` has the names and shapes of `weights`.
 *
 * @param argument The name of the argument in the message.
 * @throws Error naming the first tensor that differs, its expected and received shape.
 */
export function assertSameShapes(
  argument: string,
  tensors: tf.NamedTensorMap,
  weights: tf.NamedTensorMap,
): void {
  for (const name of new Set([...Object.keys(weights), ...Object.keys(tensors)])) {
    const [expected, received] = [weights, tensors].map((map) => describe(map, name));
    if (expected !== received)
      throw new Error(`${argument}: expected '${name}' of shape ${expected}, received ${received}`);
  }
}

/** Every object has a `constructor`: only a name of its own counts. */
const describe = (tensors: tf.NamedTensorMap, name: string): string =>
  Object.hasOwn(tensors, name) ? `[${tensors[name]!.shape.join(', ')}]` : 'none';
