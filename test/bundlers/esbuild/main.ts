import * as tf from '@tensorflow/tfjs';
import { registerTrainingKernels, setWasmPaths } from 'model-patching/wasm';
import { lines, show } from '../page.ts';
import { tenSteps } from '../ten-steps.ts';

setWasmPaths(new URL('.', import.meta.url).href);

await show(async () => {
  await tf.setBackend('wasm');
  registerTrainingKernels();
  return lines(await tenSteps());
});
