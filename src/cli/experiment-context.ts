/** What every program that trains does around its work: the backend first, and Ctrl-C means a checkpoint. */
import { describeBackend, selectBackend, type SelectedBackend } from '../backends/backend.ts';
import type { ExperimentContext } from '../experiment/context.ts';
import { listenForInterruption } from '../system/interruption.ts';
import { sayLine, warnLine } from '../system/standard-error.ts';

const say: ExperimentContext['say'] = (line, kind) => (kind === 'warning' ? warnLine : sayLine)(line);

/**
 * Starts a backend, says which, and works on it until it is done or interrupted. Signals are the work's until it ends,
 * however it ends.
 *
 * @param backend Its name; `auto` or undefined takes the fastest that is installed.
 * @param work Handed the backend, output and interruption.
 * @param asked What the command line says in place of settings.
 * @returns What the work gives.
 * @throws What the work throws; ProgramError (exit code 2) if the backend cannot be started.
 */
export async function onBackend<A>(
  backend: string | undefined,
  work: (backend: SelectedBackend, context: ExperimentContext) => Promise<A>,
  asked: Pick<ExperimentContext, 'onNan'> = {},
): Promise<A> {
  const interruption = listenForInterruption(() =>
    sayLine('stopping in good order; once more to stop at once'),
  );
  try {
    const named = backend === undefined || backend === 'auto' ? {} : { name: backend };
    const selected = await selectBackend(named);
    sayLine(describeBackend(selected));
    return await work(selected, { say, stopRequested: interruption.requested, ...asked });
  } finally {
    interruption.dispose();
  }
}
