import { selectBackend } from '../../src/backends/backend.ts';

/** The backend of a GPU that is tested: WebGPU, or TensorFlow if MODEL_PATCHING_TEST_BACKEND says so. */
export const gpuBackend =
  process.env['MODEL_PATCHING_TEST_BACKEND'] === 'tensorflow-gpu' ? 'tensorflow-gpu' : 'webgpu';

/**
 * Makes the native backend current, on the processor, or on a GPU if that is tested.
 *
 * @param what What will be left out where it is not installed; printed with the reason.
 * @returns Whether it is.
 */
export async function useNativeBackend(what: string): Promise<boolean> {
  try {
    await selectBackend({ name: gpuBackend === 'webgpu' ? 'tensorflow' : gpuBackend });
    return true;
  } catch (error) {
    console.log(`Skipped: ${what}; ${(error as Error).message}`);
    return false;
  }
}
