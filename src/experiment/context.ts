/** What every part of a running experiment is handed beside its settings. */
import { setImmediate } from 'node:timers/promises';
import { ProgramError } from '../system/program.ts';

/** Output and interruption of a running experiment. */
export interface ExperimentContext {
  /** One line for a person. */
  readonly say: (line: string) => void;
  /** Whether to stop after this step, with a checkpoint. */
  readonly stopRequested: () => boolean;
  /** What the command line says is done about numbers that are not finite, in place of the settings. */
  readonly onNan?: 'stop' | 'rollback';
}

/** Lets signals and output through between two steps. */
export const pause = (): Promise<void> => setImmediate();

/** Thrown when a stop was asked for; everything needed to go on is on disk. */
export function interrupted(): ProgramError {
  return new ProgramError('stopped; run the same command again to go on', 75);
}
