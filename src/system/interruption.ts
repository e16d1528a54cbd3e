/**
 * Stopping in good order: the first signal asks, the second one ends the process at once. Clusters send SIGTERM or
 * SIGUSR2 some time before the end of a job.
 */
import { constants } from 'node:os';
import { ProgramError } from './program.ts';

/** Says whether a stop has been asked for. */
export interface Interruption {
  /** True from the first signal on. */
  readonly requested: () => boolean;
  /** Gives the signals back to Node. */
  dispose(): void;
}

/** Those that ask for a stop, where the system has them. */
const SIGNALS = (['SIGINT', 'SIGTERM', 'SIGUSR2'] as const).filter((name) =>
  Object.hasOwn(constants.signals, name),
);

/** Thrown when a stop was asked for; everything needed to go on is on disk. */
export function interrupted(): ProgramError {
  return new ProgramError('stopped; run the same command again to go on', 75);
}

/** Whether an error is a stop that was asked for. */
export const isStop = (error: unknown): boolean => error instanceof ProgramError && error.exitCode === 75;

/**
 * Listens for Ctrl-C, termination and SIGUSR2; the second signal ends the process with exit code 75.
 *
 * @param onRequest Called at the first signal, e.g. to say that a checkpoint is being written.
 */
export function listenForInterruption(onRequest: (signal: string) => void = () => undefined): Interruption {
  let requested = false;
  const listener = (signal: NodeJS.Signals): void => {
    if (requested) process.exit(75);
    requested = true;
    onRequest(signal);
  };
  SIGNALS.forEach((signal) => process.on(signal, listener));
  return {
    requested: () => requested,
    dispose: () => SIGNALS.forEach((signal) => process.off(signal, listener)),
  };
}
