/**
 * What a step asks of the backend: number of operations, arithmetic, memory. Arithmetic is that of convolutions, their
 * gradients and matrix products, two operations for each multiply-add:
 *
 *   convolution, gradient of its filter, gradient of its input: 2 · (elements of y or dy) · kernel height · width · input channels,
 *   product of [m, k] and [k, n]: 2 · m · k · n,
 *
 * with products at padded borders counted; everything else counts nothing. A transposed convolution is a gradient of
 * an input.
 */
import * as tf from '@tensorflow/tfjs';
import { flattenTensors, type TensorTree } from '../../src/tensor-tree.ts';

/** What one step asked for. */
export interface Work {
  /** Calls of a native kernel on a native backend, of a tfjs kernel on the others. */
  readonly operations: number;
  /** Bytes of all tensors alive at the fullest moment, those given to the step included. */
  readonly peakBytes: number;
  /** Floating point operations of convolutions and matrix products. */
  readonly flops: number;
}

type Attributes = Readonly<Record<string, unknown>> | undefined;

/** Floating point operations of one kernel call. */
export function kernelFlops(
  kernel: string,
  inputs: Readonly<Record<string, Pick<tf.Tensor, 'shape'> | undefined>>,
  attributes: Attributes,
  output: Pick<tf.Tensor, 'shape'>,
): number {
  const perOutput = (filterShape: readonly number[], of: Pick<tf.Tensor, 'shape'>): number =>
    2 * tf.util.sizeFromShape([...of.shape]) * filterShape[0]! * filterShape[1]! * filterShape[2]!;
  switch (kernel) {
    case 'Conv2D':
    case 'FusedConv2D':
      return perOutput(inputs['filter']!.shape, output);
    case 'Conv2DBackpropInput':
      return perOutput(inputs['filter']!.shape, inputs['dy']!);
    case 'Conv2DBackpropFilter':
      return perOutput(attributes?.['filterShape'] as number[], inputs['dy']!);
    case 'BatchMatMul':
    case '_FusedMatMul': {
      const shape = inputs['a']!.shape;
      const inner = shape[shape.length - (attributes?.['transposeA'] === true ? 2 : 1)]!;
      return 2 * tf.util.sizeFromShape([...output.shape]) * inner;
    }
    default:
      return 0;
  }
}

type Call = (...given: unknown[]) => unknown;

/** A native backend's library; its functions cannot be replaced, the object can. */
interface WithBinding {
  binding?: { readonly executeOp: Call; readonly runSavedModel: Call };
}

/** Calls of the native library made by `run`; undefined where there is none. */
function countNativeCalls<T>(run: () => T): { value: T; calls: number | undefined } {
  const backend = tf.backend() as unknown as WithBinding;
  const { binding } = backend;
  if (binding === undefined) return { value: run(), calls: undefined };
  let calls = 0;
  const counted = (call: Call): { value: Call } => ({
    value: (...given) => {
      calls += 1;
      return call.apply(binding, given);
    },
  });
  try {
    backend.binding = Object.create(binding, {
      executeOp: counted(binding.executeOp),
      runSavedModel: counted(binding.runSavedModel),
    }) as typeof binding;
    return { value: run(), calls };
  } finally {
    backend.binding = binding;
  }
}

/**
 * Runs `run` and tells what it asked of the backend.
 *
 * @param run Synchronous; what it makes is its own.
 * @param given Tensors that the step is given, a part of its memory.
 */
export function observe<T>(run: () => T, given: TensorTree): Work & { readonly value: T } {
  const kernels: Pick<ReturnType<typeof tf.engine>, 'runKernel'> = tf.engine();
  const { runKernel } = kernels;
  const start = tf.memory().numBytes;
  let [kernelCalls, flops, peak] = [0, 0, start];
  kernels.runKernel = function counted<Output extends tf.Tensor | tf.Tensor[]>(
    kernel: string,
    inputs: tf.NamedTensorMap,
    attributes?: tf.NamedAttrMap,
  ): Output {
    const output = runKernel.call(kernels, kernel, inputs, attributes) as Output;
    kernelCalls += 1;
    flops += kernelFlops(kernel, inputs, attributes, [output].flat()[0]!);
    peak = Math.max(peak, tf.memory().numBytes);
    return output;
  };
  try {
    const { value, calls } = countNativeCalls(run);
    const own = flattenTensors(given).reduce((sum, [, tensor]) => sum + 4 * tensor.size, 0);
    return { value, operations: calls ?? kernelCalls, peakBytes: peak - start + own, flops };
  } finally {
    kernels.runKernel = runKernel;
  }
}
