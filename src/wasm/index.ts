/**
 * Training on the WebAssembly backend of tfjs.
 *
 * @module
 */
export { registerTrainingKernels } from './register-training-kernels.ts';
export { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
