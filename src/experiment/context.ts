/** What every part of a running experiment is handed beside its settings. */
import { setImmediate } from 'node:timers/promises';
import { interrupted } from '../system/interruption.ts';

export { interrupted };

/** Output and interruption of a running experiment. */
export interface ExperimentContext {
  /** One line for a person; a warning says what may be wrong. */
  readonly say: (line: string, kind?: 'warning') => void;
  /** Whether to stop after this step, with a checkpoint. */
  readonly stopRequested: () => boolean;
  /** What the command line says is done about numbers that are not finite, in place of the settings. */
  readonly onNan?: 'stop' | 'rollback';
}

/** Lets signals and output through between two steps. */
export const pause = (): Promise<void> => setImmediate();

/** A measurement that takes less comes to its end, so that stops cannot keep a run from its next checkpoint. */
const SHORT_MILLISECONDS = 1000;

/**
 * Lets signals and output through between two passes of a measurement, and ends one that takes long when a stop is asked
 * for.
 *
 * @throws ProgramError (exit code 75), when what it returns is called.
 */
export function pauseOrStop({
  stopRequested,
}: Pick<ExperimentContext, 'stopRequested'>): () => Promise<void> {
  const began = performance.now();
  return async () => {
    await pause();
    if (performance.now() - began > SHORT_MILLISECONDS && stopRequested()) throw interrupted();
  };
}
