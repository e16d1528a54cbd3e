import { beforeAll, describe, it } from 'vitest';
import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../support/backend.ts';
import { expectClose } from '../support/fixture.ts';
import {
  type Call,
  depthwiseCalls,
  expectAgreement,
  geometry,
  type Geometry,
  pad,
  rounding,
  values,
} from './kernel-calls.ts';

describe('kernels against the pure-JavaScript backend', () => {
  beforeAll(() => useBackend('wasm'));

  const holds = async (calls: (g: Geometry) => Call[], seed: number): Promise<void> =>
    fc.assert(
      fc.asyncProperty(geometry, async (g) => {
        for (const call of calls(g)) await expectAgreement(call);
      }),
      { numRuns: 80, seed },
    );

  it('has the gradients of a depthwise convolution', () => holds(depthwiseCalls, 2));
});

describe('dilated depthwise gradients', () => {
  beforeAll(() => useBackend('wasm'));

  /** y = Σ over taps in doubles; tfjs's own gradient refuses dilation, and its JavaScript kernel ignores it. */
  it('are the adjoints of the dilated convolution', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        pad,
        async (rows, columns, p) => {
          await tf.setBackend('wasm');
          tf.tidy(() => {
            const x = tf.tensor4d(values([2, 11, 9, 3], 1), [2, 11, 9, 3]);
            const w = tf.tensor4d(values([3, 3, 3, 2], 2), [3, 3, 3, 2]);
            const dilations: [number, number] = [rows, typeof p === 'number' ? rows : columns];
            const y = tf.depthwiseConv2d(x, w, 1, p, 'NHWC', dilations, rounding(p));
            const dy = tf.tensor4d(values(y.shape, 3), y.shape);
            const attrs = { strides: [1, 1], pad: p, dilations, dimRoundingMode: rounding(p) };
            const adjoint = (kernel: string, inputs: tf.NamedTensorMap, more: object): tf.Tensor =>
              tf.engine().runKernel(kernel, inputs, { ...attrs, ...more } as unknown as tf.NamedAttrMap);
            const name = 'DepthwiseConv2dNativeBackprop';
            const dx = adjoint(`${name}Input`, { dy, filter: w }, { inputShape: x.shape });
            const dw = adjoint(`${name}Filter`, { x, dy }, { filterShape: w.shape });
            const expected = y.mul(dy).sum();
            expectClose(dx.mul(x).sum(), expected, 1e-4);
            expectClose(dw.mul(w).sum(), expected, 1e-4);
          });
        },
      ),
      { numRuns: 40, seed: 8 },
    );
  });
});
