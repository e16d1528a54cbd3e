/// <reference types="vite/client" />
import * as tf from '@tensorflow/tfjs';
import { registerTrainingKernels, setWasmPaths } from 'model-patching/wasm';
import { lines, show } from '../page.ts';
import { tenSteps } from '../ten-steps.ts';

setWasmPaths(import.meta.env.BASE_URL);

await show(async () => {
  await tf.setBackend('wasm');
  registerTrainingKernels();
  return lines(await tenSteps());
});
