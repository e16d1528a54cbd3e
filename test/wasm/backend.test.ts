import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../support/backend.ts';
import { convolutionCalls, run } from './kernel-calls.ts';

describe('kernels against the pure-JavaScript backend', () => {
  beforeAll(() => useBackend('wasm'));

  it('refuses what it cannot do, by name', async () => {
    await tf.setBackend('wasm');
    const [call] = convolutionCalls({
      ...{ batch: 1, size: [4, 4], kernel: [2, 2], strides: [1, 1], channels: 1, outputs: 1, pad: 'valid' },
    });
    const channelsFirst = { ...call!, attrs: { ...call!.attrs, dataFormat: 'NCHW' } };
    await expect(run('wasm', channelsFirst)).rejects.toThrow(/Conv2DBackpropFilter.*NHWC.*NCHW/);
    const integers = {
      ...call!,
      inputs: { ...call!.inputs, x: { shape: [1, 4, 4, 1], values: new Int32Array(16) } },
    };
    await expect(run('wasm', integers)).rejects.toThrow(/x to be float32, received int32/);
  });
});
