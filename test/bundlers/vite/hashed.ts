/// <reference types="vite/client" />
import * as tf from '@tensorflow/tfjs';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import { registerTrainingKernels, setWasmPaths } from 'model-patching/wasm';
import { lines, show } from '../page.ts';
import { tenSteps } from '../ten-steps.ts';

setWasmPaths({
  'tfjs-backend-wasm.wasm': plain,
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm-threaded-simd.wasm': threaded,
});

tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);

await show(async () => {
  await tf.setBackend('wasm');
  registerTrainingKernels();
  return lines(await tenSteps());
});
