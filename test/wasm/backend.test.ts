import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs';
import { rowLoopsOf, type BackendWasm } from '../../src/wasm/backend.ts';
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

it("finds the memory of the threaded binary, which imports it, so that loops are compiled and not JavaScript's", () => {
  const wasmMemory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const wasm = {
    wasmMemory,
    asm: {},
    get HEAPF32(): Float32Array {
      throw new Error('plain JavaScript reads the heap');
    },
  };
  const numbers = new Float32Array(wasmMemory.buffer);
  numbers.set([1, 2, 3, 4]);
  rowLoopsOf({ wasm } as unknown as BackendWasm).slope({ dy: 0, x: 0, out: 64, slope: 32, count: 4 });
  expect(Array.from(numbers.subarray(16, 20))).toEqual([1, 2, 3, 4]);
});
