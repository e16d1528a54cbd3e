import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { registerTrainingKernels } from 'model-patching/wasm';
import { show } from '../show.ts';
import { tenSteps } from '../ten-steps.ts';

await show(async () => {
  setWasmPaths(`${import.meta.env.BASE_URL}wasm/`);
  await tf.setBackend('wasm');
  registerTrainingKernels();
  return tenSteps();
});
