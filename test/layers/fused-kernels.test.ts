import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs';
import { fused, hasFused } from '../../src/layers/fused-kernels.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('wasm'));

describe('the fused kernels', () => {
  it('are not asked for where the backend has none', async () => {
    await tf.setBackend('cpu');
    expect(hasFused('ReluGradient')).toBe(false);
    const x = tf.tensor1d([1]);
    expect(fused('ReluGradient', { dy: x, y: x })).toBeUndefined();
    x.dispose();
    await tf.setBackend('wasm');
  });

  it('are asked for with the inputs that there are', () => {
    expect(hasFused('ReluGradient')).toBe(true);
    tf.tidy(() => {
      const [dy, y] = [tf.tensor1d([3, 5]), tf.tensor1d([0, 2])];
      expect([...fused('ReluGradient', { dy, y, x: undefined })![0]!.dataSync()]).toEqual([0, 5]);
    });
  });
});
