/** The other process of {@link trainBeside}: it trains the runs that it is sent, and ends with the one that sent them. */
import { selectBackend } from '../../backends/backend.ts';
import { listenForInterruption } from '../../system/interruption.ts';
import { expectedFailure } from '../../system/program.ts';
import { runStageTwo } from '../stage-two/run-stage-two.ts';
import { STOP, type BesideTask } from './beside.ts';

const interruption = listenForInterruption();
let asked = false;
const say = (line: string): void => void process.send?.(line);

async function trainAll({ runs, options }: BesideTask): Promise<void> {
  await selectBackend({ name: 'wasm' });
  for (const { seed, name, out, toRun } of runs)
    await runStageTwo(
      toRun,
      { ...options, out },
      { say: () => undefined, stopRequested: () => asked || interruption.requested() },
    ).then(
      () => say(`seed-${seed}/${name}: done beside stage 1`),
      // The study runs it again itself, and says what is wrong.
      (error: unknown) => {
        if (expectedFailure(error) === null) throw error;
      },
    );
}

process.once('disconnect', () => process.exit(75));
process.on('message', (message: BesideTask | typeof STOP) => {
  if (message === STOP) asked = true;
  else
    void trainAll(message).then(
      () => process.exit(0),
      () => process.exit(1),
    );
});
