/** What must be closed, whatever becomes of the work with it. */

/** Data, runs, translations. */
export interface Closable {
  close(): Promise<void>;
}

/**
 * Works with something and closes it.
 *
 * @param resource Opened.
 * @param work What is done with it.
 * @returns What the work gives.
 */
export async function closing<Resource extends Closable, A>(
  resource: Resource,
  work: (resource: Resource) => Promise<A>,
): Promise<A> {
  try {
    return await work(resource);
  } finally {
    await resource.close();
  }
}
