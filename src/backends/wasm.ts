/** tfjs's WebAssembly backend with our training kernels. */
import { makeCurrent } from './refusal.ts';

/** tfjs's WebAssembly module listens for every unhandled error, to print its own source in front of it; not here. */
export async function startWasm(): Promise<string> {
  // Imported only now: with the import tfjs takes WebAssembly for its default backend, which is not ready at once.
  const { registerTrainingKernels } = await import('../wasm/register-training-kernels.ts');
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
