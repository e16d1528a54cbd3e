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
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { disposeTensors, mapTensors } from 'model-patching/training';
 * const state = { generator: { kernel: tf.tensor1d([1, 2]) }, step: tf.scalar(3) };
 * const doubled = mapTensors(state, (tensor) => tensor.mul(2));
 * if (doubled.generator.kernel.dataSync().join() !== '2,4') throw new Error('twice the values');
 * disposeTensors({ state, doubled });
 * ```
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

/**
 * Every tensor of a tree with its path, in the order of the object's keys.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { disposeTensors, flattenTensors } from 'model-patching/training';
 * const state = { generator: { kernel: tf.scalar(1), bias: tf.scalar(0) } };
 * const paths = flattenTensors(state).map(([path]) => path);
 * if (paths.join() !== 'generator/kernel,generator/bias') throw new Error(`received ${paths.join()}`);
 * disposeTensors(state);
 * ```
 */
export function flattenTensors(tree: TensorTree): readonly (readonly [path: string, tensor: tf.Tensor])[] {
  const leaves: [string, tf.Tensor][] = [];
  mapTensors(tree, (tensor, path) => (leaves.push([path, tensor]), tensor));
  return leaves;
}

/**
 * Disposes every tensor of a tree.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { disposeTensors } from 'model-patching/training';
 * const state = { optimizer: { step: tf.scalar(0) } };
 * disposeTensors(state);
 * if (!state.optimizer.step.isDisposed) throw new Error('disposed');
 * ```
 */
export function disposeTensors(tree: TensorTree): void {
  mapTensors(tree, (tensor) => (tensor.dispose(), tensor));
}

/**
 * Copies of every tensor of a tree (sharing data where the backend can), owned by the caller.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { cloneTensors, disposeTensors } from 'model-patching/training';
 * const state = { w: tf.tensor1d([1, 2]) };
 * const kept = cloneTensors(state);
 * disposeTensors(state);
 * if (kept.w.dataSync().join() !== '1,2') throw new Error('the copy is its own');
 * disposeTensors(kept);
 * ```
 */
export function cloneTensors<T extends TensorTree>(tree: T): T {
  return mapTensors(tree, (tensor) => tensor.clone());
}
