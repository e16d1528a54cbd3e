/**
 * What a kernel of ours needs of tfjs's WebAssembly backend: the tensors as views of its memory, room for results, and
 * its own kernels. Those run on `TensorInfo`s. No tape or `tf.tidy` sees their temporaries, so they are given back by
 * data id.
 */
import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { compileBlocks, plainBlocks, type BlockFunction } from './multiply-accumulate.ts';
import { compileWindowLoop, plainWindowLoop, type WindowLoop } from './window-loop.ts';
import { compileRowLoops, plainRowLoops, type RowLoops } from './row-loops.ts';

export type { BackendWasm };

/** A kernel of ours: its inputs and attributes by name, and the backend. */
export type WasmKernel<Result = tf.TensorInfo, Attributes extends object = tf.NamedAttrMap> = (parameters: {
  readonly inputs: tf.NamedTensorInfoMap;
  readonly attrs: Attributes;
  readonly backend: BackendWasm;
}) => Result;

/** The float values of a tensor, as a view. A view is stale once anything has been allocated: take it last. */
export function floats(backend: BackendWasm, tensor: tf.TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}

/** A new float tensor of zeros. */
export function zeros(backend: BackendWasm, shape: readonly number[]): tf.TensorInfo {
  const output = backend.makeOutput([...shape], 'float32');
  floats(backend, output).fill(0);
  return output;
}

/** Where a tensor begins in the backend's memory, in bytes. */
export function address(backend: BackendWasm, tensor: tf.TensorInfo): number {
  return backend.getMemoryOffset(tensor.dataId);
}

/** The input called `name`; throws if the kernel was called without it. */
export function input(inputs: tf.NamedTensorInfoMap, name: string): tf.TensorInfo {
  const tensor = inputs[name];
  if (!tensor) throw new Error(`The kernel lacks its input '${name}'.`);
  return tensor;
}

/** Throws unless the tensors that are given hold floats, the only numbers that these kernels know. */
export function requireFloats(
  kernel: string,
  tensors: Readonly<Record<string, tf.TensorInfo | undefined>>,
): void {
  for (const [name, tensor] of Object.entries(tensors))
    if (tensor && tensor.dtype !== 'float32')
      throw new Error(`${kernel} on wasm: expected ${name} to be float32, received ${tensor.dtype}.`);
}

/** Runs one of the backend's own kernels with a single result, which the caller disposes. */
export function runKernel(
  backend: BackendWasm,
  name: string,
  inputs: tf.NamedTensorInfoMap,
  attrs: tf.NamedAttrMap,
): tf.TensorInfo {
  return tf.getKernel(name, 'wasm').kernelFunc({ inputs, attrs, backend }) as tf.TensorInfo;
}

interface Loops {
  readonly blocks: BlockFunction;
  readonly rows: RowLoops;
  readonly windows: WindowLoop;
}

interface BackendModule {
  readonly asm?: Readonly<Record<string, unknown>>;
  /** The threaded binary, which browsers get on pages that are cross-origin isolated, imports its memory. */
  readonly wasmMemory?: WebAssembly.Memory;
  readonly HEAPF32: Float32Array;
}

const loopsOfModule = new WeakMap<BackendModule, Loops>();

function loopsOf(backend: BackendWasm): Loops {
  const wasm = backend.wasm as BackendWasm['wasm'] & BackendModule;
  const known = loopsOfModule.get(wasm);
  if (known) return known;
  const memory =
    wasm.wasmMemory ?? Object.values(wasm.asm ?? {}).find((value) => value instanceof WebAssembly.Memory);
  const heap = (): Float32Array => wasm.HEAPF32;
  const loops = {
    blocks: (memory && compileBlocks(memory)) ?? plainBlocks(heap),
    rows: (memory && compileRowLoops(memory)) ?? plainRowLoops(heap),
    windows: (memory && compileWindowLoop(memory)) ?? plainWindowLoop(heap),
  };
  loopsOfModule.set(wasm, loops);
  return loops;
}

/** The inner loop of the convolution gradients on this backend's memory, compiled once. */
export const blocksOf = (backend: BackendWasm): BlockFunction => loopsOf(backend).blocks;

/** The loops over rows on this backend's memory, compiled once. */
export const rowLoopsOf = (backend: BackendWasm): RowLoops => loopsOf(backend).rows;

/** The loop of max pooling's gradient on this backend's memory, compiled once. */
export const windowLoopOf = (backend: BackendWasm): WindowLoop => loopsOf(backend).windows;
