import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { registerTrainingKernels } from '../../src/wasm/register-training-kernels.ts';

/** Makes `name` the backend of this test file; wasm with our training kernels. Await it in `beforeAll`. */
export async function useBackend(name: 'wasm' | 'cpu'): Promise<void> {
  await tf.setBackend(name);
  await tf.ready();
  if (name === 'wasm') registerTrainingKernels();
}
