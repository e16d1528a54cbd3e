/** What the backends have in common when they are tried: a refusal is a reason and what would change it. */
import * as tf from '@tensorflow/tfjs';

/** Cure of what cannot be mended here. */
export const OTHER_CURE = 'use another backend';

/** End of the reason of a backend whose package is not there. */
export const NOT_INSTALLED = 'is not installed';

/** A backend that is not used: the message is the reason. */
export class Refusal extends Error {
  readonly cure: string;
  constructor(reason: string, cure: string) {
    super(reason);
    this.cure = cure;
  }
}

export const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

/** A package that the user may have installed. */
export async function importInstalled(
  name: string,
  cure: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(name)) as Record<string, unknown>;
  } catch (error) {
    const absent =
      error instanceof Error &&
      'code' in error &&
      error.code === 'ERR_MODULE_NOT_FOUND' &&
      error.message.includes(`'${name}'`);
    throw new Refusal(
      absent ? `${name} ${NOT_INSTALLED}` : `${name} does not load: ${firstLine(error)}`,
      cure,
    );
  }
}

/** tfjs answers a backend that fails to start with `false` and goes on with the one before. */
export async function makeCurrent(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Refusal('it does not start', OTHER_CURE);
  await tf.ready();
}

/** Takes a backend that was tried and refused out of tfjs, so that another package can bring one of the same name. */
export function forget(name: string): void {
  for (const { kernelName } of tf.getKernelsForBackend(name)) tf.unregisterKernel(kernelName, name);
  tf.removeBackend(name);
}
