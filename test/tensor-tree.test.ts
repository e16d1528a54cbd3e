import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { cloneTensors, disposeTensors, flattenTensors, mapTensors } from '../src/tensor-tree.ts';
import { useBackend } from './support/backend.ts';

beforeAll(() => useBackend('cpu'));

describe('trees of tensors', () => {
  it('are mapped and flattened in the order of their keys, with paths', () => {
    const tree = { b: tf.scalar(1), a: { c: tf.scalar(2), d: tf.scalar(3) } };
    expect(flattenTensors(tree).map(([path]) => path)).toEqual(['b', 'a/c', 'a/d']);
    const doubled = mapTensors(tree, (tensor) => tensor.mul(2));
    expect(flattenTensors(doubled).map(([, tensor]) => tensor.dataSync()[0])).toEqual([2, 4, 6]);
    const copies = cloneTensors(tree);
    disposeTensors(tree);
    expect(copies.a.d.dataSync()[0]).toBe(3);
    const before = tf.memory().numTensors;
    disposeTensors(doubled);
    disposeTensors(copies);
    expect(tf.memory().numTensors).toBe(before - 6);
  });
});
