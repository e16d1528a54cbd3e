import { beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { registerTrainingKernels } from '../../src/wasm/register-training-kernels.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';
import {
  type Call,
  convolutionCalls,
  expectAgreement,
  geometry,
  type Geometry,
  poolCall,
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

  it('finds the gradient of average pooling in the backend', () =>
    holds((g) => [poolCall('AvgPoolGrad', g)], 4));

  it.each(['Conv2DBackpropFilter', 'Conv2DBackpropInput', 'MaxPoolGrad'])(
    'would catch a wrong %s',
    async (kernel) => {
      const right = tf.getKernel(kernel, 'wasm');
      const g: Geometry = {
        batch: 2,
        size: [5, 7],
        kernel: [3, 3],
        strides: [2, 1],
        channels: 4,
        outputs: 5,
        pad: 'same',
      };
      const call = [...convolutionCalls(g), poolCall('MaxPoolGrad', g)].find((one) => one.kernel === kernel)!;
      const wrong: tf.KernelFunc = (parameters) => {
        const output = right.kernelFunc(parameters) as tf.TensorInfo;
        const numbers = (
          parameters.backend as { typedArrayFromHeap(t: tf.TensorInfo): Float32Array }
        ).typedArrayFromHeap(output);
        numbers[numbers.length - 1]! += 0.05;
        return output;
      };
      tf.unregisterKernel(kernel, 'wasm');
      tf.registerKernel({ ...right, kernelFunc: wrong });
      try {
        await expect(expectAgreement(call)).rejects.toThrow(/largest difference/);
      } finally {
        tf.unregisterKernel(kernel, 'wasm');
        tf.registerKernel(right);
      }
      await expectAgreement(call);
    },
  );
});

describe('registration', () => {
  it('is harmless a second time and lets finite differences agree', async () => {
    await useBackend('wasm');
    const before = tf.getKernelsForBackend('wasm').map(({ kernelFunc }) => kernelFunc);
    registerTrainingKernels();
    expect(tf.getKernelsForBackend('wasm').map(({ kernelFunc }) => kernelFunc)).toEqual(before);
    const f = (x: tf.Tensor, w: tf.Tensor): tf.Scalar =>
      tf
        .conv2d(x as tf.Tensor4D, w as tf.Tensor4D, [2, 1], 'same')
        .square()
        .mean();
    const [x, w] = [
      tf.tensor(values([2, 7, 5, 3], 1), [2, 7, 5, 3]),
      tf.tensor(values([3, 2, 3, 9], 2), [3, 2, 3, 9]),
    ];
    expect(directionalError(f, [x, w])).toBeLessThan(5e-3);
    const flipped = directionalError(f, [x, w], {
      gradient: (xs) =>
        tf
          .grads((a: tf.Tensor, b: tf.Tensor) => f(a, b))([...xs])
          .map((g) => tf.neg(g)),
    });
    expect(flipped).toBeGreaterThan(0.5);
    tf.dispose([x, w]);
  });
});
