/**
 * State as plain data: nested objects whose leaves are tensors. A training step takes such a tree and returns a
 * new one; these functions walk it.
 */
import type * as tf from '@tensorflow/tfjs';

/** A nested plain object of tensors, or a tensor. */
export type TensorTree = tf.Tensor | { readonly [name: string]: TensorTree };

const isTensor = (tree: TensorTree): tree is tf.Tensor =>
  typeof (tree as { dataId?: unknown }).dataId === 'object' &&
  Array.isArray((tree as { shape?: unknown }).shape);

/**
 * A tree of the same structure with `f` applied to every tensor.
 *
 * @param f Gets the tensor and its path, e.g. `generator/down1/kernel`.
 */
export function mapTensors<T extends TensorTree>(
  tree: T,
  f: (tensor: tf.Tensor, path: string) => tf.Tensor,
  path = '',
): T {
  if (isTensor(tree)) return f(tree, path) as T;
  return Object.fromEntries(
    Object.entries(tree).map(([name, child]) => [
      name,
      mapTensors(child, f, path === '' ? name : `${path}/${name}`),
    ]),
  ) as T;
}

/** Every tensor of a tree with its path, in the order of the object's keys. */
export function flattenTensors(tree: TensorTree): readonly (readonly [path: string, tensor: tf.Tensor])[] {
  const leaves: [string, tf.Tensor][] = [];
  mapTensors(tree, (tensor, path) => (leaves.push([path, tensor]), tensor));
  return leaves;
}

/** Disposes every tensor of a tree. */
export function disposeTensors(tree: TensorTree): void {
  mapTensors(tree, (tensor) => (tensor.dispose(), tensor));
}

/** Copies of every tensor of a tree (sharing data where the backend can), owned by the caller. */
export function cloneTensors<T extends TensorTree>(tree: T): T {
  return mapTensors(tree, (tensor) => tensor.clone());
}
