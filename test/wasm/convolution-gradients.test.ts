import { beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../support/backend.ts';
import { type Call, convolutionCalls, expectAgreement, geometry, type Geometry } from './kernel-calls.ts';

describe('kernels against the pure-JavaScript backend', () => {
  beforeAll(() => useBackend('wasm'));

  const holds = async (calls: (g: Geometry) => Call[], seed: number): Promise<void> =>
    fc.assert(
      fc.asyncProperty(geometry, async (g) => {
        for (const call of calls(g)) await expectAgreement(call);
      }),
      { numRuns: 80, seed },
    );

  it('has the gradients of a convolution', () => holds(convolutionCalls, 1));

  it('sums an image of many rows in bands, and many small ones together', async () => {
    for (const [batch, side, channels] of [
      [1, 50, 24],
      [2, 40, 33],
      [70, 3, 9],
    ] as const)
      for (const call of convolutionCalls({
        ...{
          batch,
          size: [side, side + 1],
          kernel: [2, 1],
          strides: [2, 1],
          channels,
          outputs: 3,
          pad: 'same',
        },
      }))
        await expectAgreement(call);
  });

  it('has them where the padding cuts off', async () => {
    for (const call of convolutionCalls({
      ...{ batch: 2, size: [9, 9], kernel: [3, 3], strides: [2, 2], channels: 3, outputs: 5 },
      pad: [
        [0, 0],
        [-1, -2],
        [-1, 0],
        [0, 0],
      ],
    }))
      await expectAgreement(call);
  });

  it('refuses a dy of another size, which would be read beyond its end', async () => {
    await tf.setBackend('wasm');
    const turned = (side: number): tf.Tensor =>
      tf.conv2dTranspose(
        tf.ones<tf.Rank.R4>([1, side, side, 1]),
        tf.ones([2, 2, 1, 1]),
        [1, 5, 5, 1],
        2,
        'same',
      );
    expect(tf.tidy(() => turned(3).shape)).toEqual([1, 5, 5, 1]);
    expect(() => tf.tidy(() => turned(4))).toThrow(
      'Conv2DBackpropInput on wasm: expected dy to have the shape [1,3,3,1], received [1,4,4,1].',
    );
  });
});
