import { selectBackend, type BackendName } from '../../src/node/backend.ts';

const asked = process.env['MODEL_PATCHING_TEST_BACKEND'] as BackendName | undefined;

/** What is tested beside wasm as a GPU's backend. */
export const gpuBackend = asked ?? 'webgpu';

/**
 * Makes the native backend current, TensorFlow on the processor or, if MODEL_PATCHING_TEST_BACKEND is tensorflow-gpu, on
 * a GPU.
 *
 * @param what What will be left out where it is not installed; printed with the reason.
 * @returns Whether it is.
 */
export async function useNativeBackend(what: string): Promise<boolean> {
  try {
    await selectBackend({ name: asked === 'tensorflow-gpu' ? asked : 'tensorflow' });
    return true;
  } catch (error) {
    console.log(`Skipped: ${what}; ${(error as Error).message}`);
    return false;
  }
}
