/** TensorFlow's own library behind tfjs: `@tensorflow/tfjs-node`, and `@tensorflow/tfjs-node-gpu` for NVIDIA's GPUs. */
import util from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { commandLine } from '../system/command-line.ts';
import { registerFusedKernels } from './native-kernels.ts';
import { forget, importInstalled, makeCurrent, Refusal } from './refusal.ts';

/** tfjs-node 4.22 calls a function that Node removed in version 23. */
function restoreIsNullOrUndefined(): void {
  if (!('isNullOrUndefined' in util))
    Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
}

/** TensorFlow tells of every graph that it loads; warnings and errors stay. */
function hideInformation(): void {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1';
}

/**
 * This takes oneDNN's convolutions instead of Eigen's. TensorFlow does so by itself only on processors
 * with AVX-512's instructions for neural networks. A training step is 1.2 to 1.4 times as fast with AVX2 as well.
 */
function preferOneDnn(): void {
  process.env['TF_ENABLE_ONEDNN_OPTS'] ??= '1';
}

async function load(packageName: string, cure: string): Promise<void> {
  restoreIsNullOrUndefined();
  hideInformation();
  preferOneDnn();
  await importInstalled(packageName, cure);
  await makeCurrent('tensorflow');
}

export async function startNative(): Promise<string> {
  await load('@tensorflow/tfjs-node', commandLine('native'));
  registerFusedKernels({ gpu: false });
  return 'CPU, native';
}

interface NativeBinding {
  readonly isUsingGpuDevice?: boolean;
}

export async function startNativeGpu(): Promise<string> {
  await load('@tensorflow/tfjs-node-gpu', `with an NVIDIA GPU: ${commandLine('native', '--gpu')}`);
  if ((tf.backend() as NativeBinding).isUsingGpuDevice !== true) {
    forget('tensorflow');
    throw new Refusal(
      '@tensorflow/tfjs-node-gpu finds no GPU',
      'install the CUDA libraries that its TensorFlow wants, see docs/guide/native-backend.md',
    );
  }
  registerFusedKernels({ gpu: true });
  return 'NVIDIA GPU';
}
