import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { registerTrainingKernels } from 'model-patching/wasm';
import { show } from '../show.ts';
import { tenSteps } from '../ten-steps.ts';

await show(async () => {
  setWasmPaths(new URL('wasm/', import.meta.url).href);
  await tf.setBackend('wasm');
  registerTrainingKernels();
  return tenSteps();
});
