/**
 * The other process of {@link trainBeside}: it trains what it is sent, gates before runs, and ends with the process that
 * sent them. A run that a gate interrupts goes on from its checkpoint.
 */
import { selectBackend } from '../../backends/backend.ts';
import { listenForInterruption } from '../../system/interruption.ts';
import { expectedFailure } from '../../system/program.ts';
import type { ExperimentContext } from '../context.ts';
import { openExperimentImages } from '../images/open-images.ts';
import { trainGateInRun } from '../stage-one/gate.ts';
import { runStageTwo } from '../stage-two/run-stage-two.ts';
import type { BesideAnswer, BesideMessage, BesideTask } from './beside.ts';
import type { StudyRun } from './study-experiments.ts';

const interruption = listenForInterruption();
let asked = false;
const gates: StudyRun<'stage-1'>[] = [];
const answer = (message: BesideAnswer): void => void process.send?.(message);
const stopping = (): boolean => asked || interruption.requested();
const context = (
  stopRequested: () => boolean,
  saidThere: Pick<ExperimentContext, 'onNan'> = {},
): ExperimentContext => ({ say: () => undefined, stopRequested, ...saidThere });

/** Whether it came to its end. The study does again itself what did not, and says what is wrong. */
const tried = (done: Promise<unknown>): Promise<boolean> =>
  done.then(
    () => true,
    (error: unknown) => {
      if (expectedFailure(error) === null) throw error;
      return false;
    },
  );

async function trainGates(): Promise<void> {
  for (let run = gates.shift(); run !== undefined && !stopping(); run = gates.shift()) {
    const { seed, name, out, toRun } = run;
    const done = await tried(trainGateInRun(toRun.experiment, out, openExperimentImages, context(stopping)));
    if (done) answer({ kind: 'line', line: `seed-${seed}/${name}: the gate is trained beside it` });
    answer({ kind: 'gate', out });
  }
}

async function trainRun(run: StudyRun<'stage-2'>, task: Omit<BesideTask, 'runs'>): Promise<void> {
  const { seed, name, out, toRun } = run;
  const asLong = context(() => stopping() || gates.length > 0, task.asked);
  const done = await tried(runStageTwo(toRun, { ...task.options, out }, asLong));
  if (done) answer({ kind: 'line', line: `seed-${seed}/${name}: done beside stage 1` });
  if (done || gates.length === 0) return;
  await trainGates();
  if (!stopping()) await trainRun(run, task);
}

async function trainAll({ runs, ...task }: BesideTask): Promise<void> {
  await selectBackend({ name: 'wasm' });
  for (const run of runs) {
    await trainGates();
    if (!stopping()) await trainRun(run, task);
  }
  await trainGates();
}

process.once('disconnect', () => process.exit(75));
process.on('message', (message: BesideMessage) => {
  if (message.kind === 'stop') asked = true;
  else if (message.kind === 'gate') gates.push(message.run);
  else
    void trainAll(message.task).then(
      () => process.exit(0),
      () => process.exit(1),
    );
});
