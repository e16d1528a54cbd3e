/**
 * Training on the WebAssembly backend of tfjs: the gradient kernels that it lacks, and faster ones for some that it has.
 * What that makes trainable and what is still lacking: `docs/guide/backends.md`. How fast: `docs/notebook/backends.md`.
 */
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import type { BackendWasm, WasmKernel } from './backend.ts';
import { convolutionFilterGradient, convolutionInputGradient } from './convolution-gradients.ts';
import { concat, slice, split, tile } from './copies.ts';
import { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise-gradients.ts';
import { FUSED_KERNELS } from './fused-kernels.ts';
import { failedStart, watchStart } from './failed-start.ts';
import { maxPoolGradient } from './max-pool-gradient.ts';
import { fusedBatchNorm } from './normalization.ts';
import { batchMatMul, mean, sum, unsortedSegmentSum } from './sums-and-products.ts';

watchStart();

const ours = new WeakSet<tf.KernelFunc>();

/** Registers a kernel, in the place of the backend's own if there is one, whose set-up is still run. */
function register<Attributes extends object>(
  kernelName: string,
  kernel: WasmKernel<tf.TensorInfo | tf.TensorInfo[], Attributes>,
): void {
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs, backend }) =>
    kernel({ inputs, attrs: attrs as object as Attributes, backend: backend as BackendWasm });
  const stock = tf.getKernel(kernelName, 'wasm') as tf.KernelConfig | undefined;
  if (stock) tf.unregisterKernel(kernelName, 'wasm');
  ours.add(kernelFunc);
  tf.registerKernel({ ...stock, kernelName, backendName: 'wasm', kernelFunc });
}

/**
 * Gives tfjs's WebAssembly backend the kernels that training needs. The backend lacks the gradients of convolutions,
 * depthwise convolutions and lookups. It gets faster kernels of transposed convolution, max pooling, transposed matrix
 * products and products of several pairs, sums and means over axes before the last, normalisation by given moments,
 * joining, cutting and repeating.
 *
 * Call it once, before or after the backend starts; calling it again changes nothing. Importing the module registers
 * the backend itself and none of these kernels.
 *
 * @throws Error if '@tensorflow/tfjs-backend-wasm' has registered its kernels with another copy of tfjs, or if that
 *   backend was tried and did not start. The message then names the file that was not found, and the cure. A page that
 *   falls back to another backend calls this only if `tf.getBackend()` is `wasm`.
 * @see Dumoulin & Visin, "A guide to convolution arithmetic for deep learning", 2016
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { registerTrainingKernels } from 'model-patching/wasm';
 *
 * await tf.setBackend('wasm');
 * registerTrainingKernels();
 * const gradient = tf.tidy(() => {
 *   const image = tf.ones<tf.Rank.R4>([1, 4, 4, 1]);
 *   const filterGradient = tf.grad((filter: tf.Tensor4D) => tf.sum(tf.conv2d(image, filter, 1, 'valid')));
 *   return filterGradient(tf.ones<tf.Rank.R4>([3, 3, 1, 1])).arraySync() as number[][][][];
 * });
 * if (gradient[0]![0]![0]![0] !== 4) throw new Error('each tap of the filter meets four pixels');
 * ```
 */
export function registerTrainingKernels(): void {
  // tf.ready() goes on to another backend without a word, so that the current one does not matter.
  const failure = failedStart();
  if (failure !== undefined) throw new Error(failure);
  if (!(tf.getKernel('BatchMatMul', 'wasm') as tf.KernelConfig | undefined))
    throw new Error(
      "The wasm backend has no kernels here: expected '@tensorflow/tfjs-backend-wasm' and this package to share one '@tensorflow/tfjs'; remove the second copy (npm ls @tensorflow/tfjs-core).",
    );
  const stock = (kernelName: string): tf.KernelFunc => tf.getKernel(kernelName, 'wasm').kernelFunc;
  if (ours.has(stock('BatchMatMul'))) return;
  register('Conv2DBackpropFilter', convolutionFilterGradient);
  register('Conv2DBackpropInput', convolutionInputGradient);
  register('DepthwiseConv2dNativeBackpropFilter', depthwiseFilterGradient);
  register('DepthwiseConv2dNativeBackpropInput', depthwiseInputGradient);
  register('UnsortedSegmentSum', unsortedSegmentSum);
  register('MaxPoolGrad', maxPoolGradient);
  register('BatchMatMul', batchMatMul(stock('BatchMatMul')));
  register('Sum', sum(stock('Sum')));
  register('Mean', mean(stock('Mean')));
  register('FusedBatchNorm', fusedBatchNorm(stock('FusedBatchNorm')));
  register('Concat', concat(stock('Concat')));
  register('Slice', slice(stock('Slice')));
  register('SplitV', split(stock('SplitV')));
  register('Tile', tile(stock('Tile')));
  for (const [name, kernel] of Object.entries(FUSED_KERNELS)) register(name, kernel);
}
