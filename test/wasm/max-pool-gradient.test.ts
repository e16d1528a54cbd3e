import { beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../support/backend.ts';
import { type Call, expectAgreement, geometry, type Geometry, poolCall } from './kernel-calls.ts';

describe('kernels against the pure-JavaScript backend', () => {
  beforeAll(() => useBackend('wasm'));

  const holds = async (calls: (g: Geometry) => Call[], seed: number): Promise<void> =>
    fc.assert(
      fc.asyncProperty(geometry, async (g) => {
        for (const call of calls(g)) await expectAgreement(call);
      }),
      { numRuns: 80, seed },
    );

  it('has the gradient of max pooling', () => holds((g) => [poolCall('MaxPoolGrad', g)], 3));

  it('gives all of the gradient to the first of equal pixels', async () => {
    await tf.setBackend('wasm');
    const gradient = tf.tidy(() => {
      const pooled = tf.grad((x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'));
      return pooled(tf.ones<tf.Rank.R4>([1, 2, 2, 1])).dataSync();
    });
    expect([...gradient]).toEqual([1, 0, 0, 0]);
  });
});
