import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs';
import { blocksOf, type BackendWasm } from '../../src/wasm/backend.ts';
import type { MultiplyAccumulate } from '../../src/wasm/multiply-accumulate.ts';
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

describe('the memory of the loops', () => {
  const operands: MultiplyAccumulate = {
    ...{ a: 0, b: 4, out: 8, counts: [1, 1, 1], aStrides: [0, 0, 0], bStrides: [0, 0, 0] },
    ...{ aStrideOfM: 4, outStrideOfM: 4 },
  };
  const newMemory = (shared: boolean) => new WebAssembly.Memory({ initial: 1, maximum: 1, shared });

  /** What one product leaves in a module's memory; plain loops would leave it in its view, which is another one here. */
  function productIn(memory: WebAssembly.Memory, module: object): number {
    const numbers = new Float32Array(memory.buffer);
    numbers.set([3, 7]);
    blocksOf({ wasm: { ...module, HEAPF32: new Float32Array(4) } } as unknown as BackendWasm)(
      1,
      1,
      1,
      operands,
    );
    return numbers[2]!;
  }

  it("is the module's own, whatever it is called", () => {
    const memory = newMemory(false);
    expect(productIn(memory, { asm: { x: () => 0, y: memory } })).toBe(21);
  });

  it('is what the module with threads was given', () => {
    const memory = newMemory(true);
    expect(productIn(memory, { asm: { x: () => 0 }, wasmMemory: memory })).toBe(21);
  });
});
