import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { selectBackend } from '../../src/backends/backend.ts';
import { missingCapabilities } from '../../src/backends/preflight.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Runs `body` while the cpu backend's kernel is another one, or none. */
async function withKernel(
  kernelName: string,
  kernelFunc: tf.KernelFunc | null,
  body: () => Promise<void>,
): Promise<void> {
  const stock = tf.getKernel(kernelName, 'cpu');
  tf.unregisterKernel(kernelName, 'cpu');
  if (kernelFunc !== null) tf.registerKernel({ ...stock, kernelFunc });
  try {
    await body();
  } finally {
    if (kernelFunc !== null) tf.unregisterKernel(kernelName, 'cpu');
    tf.registerKernel(stock);
  }
}

describe('the preflight', () => {
  it.each(['cpu', 'wasm'])('passes on %s and leaves no tensor', async (name) => {
    await selectBackend({ name });
    const before = tf.memory().numTensors;
    expect(await missingCapabilities()).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [
      'Conv2DBackpropFilter',
      ['gradient of a convolution with respect to its filter', 'gradient of the square of a gradient'],
    ],
    [
      'Conv2DBackpropInput',
      [
        'gradient of a convolution with respect to its input',
        'transposed convolution',
        'gradient of the square of a gradient',
      ],
    ],
    ['MaxPoolGrad', ['gradient of max pooling']],
    ['UnsortedSegmentSum', ['gradient of gather']],
    ['Exp', ['gradient of softmax']],
    ['Reverse', ['slices, reversal and concatenation']],
  ])('names what is lost with %s', async (kernel, capabilities) => {
    await selectBackend({ name: 'cpu' });
    await withKernel(kernel, null, async () => {
      const missing = await missingCapabilities();
      expect(missing.map((text) => text.split(':')[0])).toEqual(capabilities);
      expect(missing[0]).toContain(kernel);
    });
    expect(await missingCapabilities()).toEqual([]);
  });

  it('notices a kernel that computes something else', async () => {
    await selectBackend({ name: 'cpu' });
    const reverse: tf.KernelFunc = ({ inputs, backend }) =>
      tf.getKernel('Identity', 'cpu').kernelFunc({ inputs, backend, attrs: {} });
    await withKernel('Reverse', reverse, async () => {
      expect(await missingCapabilities()).toEqual([
        'slices, reversal and concatenation: expected 1 at 0, found 0',
      ]);
    });
  });
});
