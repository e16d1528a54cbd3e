/** tfjs's WebAssembly backend with our training kernels. */
import { registerTrainingKernels } from '../wasm/register-training-kernels.ts';
import { makeCurrent } from './refusal.ts';

/** tfjs's WebAssembly module listens for every unhandled error, to print its own source in front of it; not here. */
export async function startWasm(): Promise<string> {
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = new Set<unknown>(events.flatMap((event) => process.listeners(event as 'exit')));
  await makeCurrent('wasm');
  for (const event of events) {
    for (const listener of process.listeners(event as 'exit'))
      if (!before.has(listener)) process.off(event, listener);
  }
  registerTrainingKernels();
  return 'CPU, WebAssembly';
}
