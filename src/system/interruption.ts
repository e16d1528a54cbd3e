/** Stopping in good order: the first signal asks, the second one ends the process at once. */

/** Says whether a stop has been asked for. */
export interface Interruption {
  /** True from the first signal on. */
  readonly requested: () => boolean;
  /** Gives the signals back to Node. */
  dispose(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Listens for Ctrl-C and termination; the second signal ends the process with exit code 75.
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
