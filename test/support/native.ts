import { selectBackend } from '../../src/node/backend.ts';

/**
 * Makes the native backend current.
 *
 * @param what What will be left out where it is not installed; printed with the reason.
 * @returns Whether it is.
 */
export async function useNativeBackend(what: string): Promise<boolean> {
  try {
    await selectBackend({ name: 'tensorflow' });
    return true;
  } catch (error) {
    console.log(`Skipped: ${what}; ${(error as Error).message}`);
    return false;
  }
}
