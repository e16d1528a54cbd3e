/** Programs that are asked to stop again and again, and gone on with until they are done. */
import type { ExperimentContext } from '../../src/experiment/context.ts';

/** Ends the names of cases that are stopped and resumed; what stands before it is the case without a stop. */
export const STOPPED = ', stopped and resumed';

/** Folders in place of the names in paths. */
export type Roots = Readonly<Record<string, string>>;

/**
 * Runs to the end.
 *
 * @param run What is run; it goes on where it was stopped.
 * @param stopEvery After so many questions whether to stop, the answer is yes. Default never.
 */
export async function untilDone<A>(
  run: (context: ExperimentContext) => Promise<A>,
  stopEvery = Infinity,
): Promise<A> {
  for (let stops = 0; ; stops++) {
    let asked = 0;
    const context = { say: () => undefined, stopRequested: () => ++asked >= stopEvery };
    try {
      const outcome = await run(context);
      if (stopEvery < Infinity && stops < 2)
        throw new Error(`stopped ${stops} times only: this case tests nothing`);
      return outcome;
    } catch (error) {
      if (!(error instanceof Error && 'exitCode' in error && error.exitCode === 75)) throw error;
    }
  }
}
