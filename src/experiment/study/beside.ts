/**
 * What another process trains while stage 1 has this one: the gate's classifiers, and the runs of a study that need no
 * translations. A step on WebAssembly keeps one core busy. What the other process does not finish, the study does itself
 * afterwards: a run has the same bits wherever it is trained.
 */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stepsOf } from '../../config/schema/durations.ts';
import type { GateBeside } from '../stage-one/stage-one.ts';
import type { RunStageTwoOptions } from '../stage-two/run-stage-two.ts';
import type { ExperimentContext } from '../context.ts';
import type { SeedRuns, StudyRun } from './study-experiments.ts';

/** What the other process trains after all gates. */
export interface BesideTask {
  readonly runs: readonly StudyRun<'stage-2'>[];
  readonly options: Pick<RunStageTwoOptions, 'backend' | 'labels'>;
  /** What the command line says. */
  readonly asked?: Pick<ExperimentContext, 'onNan'>;
}

/** What the other process is sent. */
export type BesideMessage =
  | { readonly kind: 'runs'; readonly task: BesideTask }
  | { readonly kind: 'gate'; readonly run: StudyRun<'stage-1'> }
  /** Asks it to stop after a checkpoint. */
  | { readonly kind: 'stop' };

/** What it answers. */
export type BesideAnswer =
  | { readonly kind: 'line'; readonly line: string }
  /** The gate of the run in this folder is trained, or will not be. */
  | { readonly kind: 'gate'; readonly out: string };

/** The other process. */
export interface Beside {
  /** Its part in a run of stage 1. */
  gateOf(run: StudyRun<'stage-1'>): GateBeside;
  /** When it has ended, however. A stop that is asked for here is asked for there. */
  ended(): Promise<void>;
  /** Asks it to stop after a checkpoint. */
  stop(): void;
}

/** Steps below which a process is not worth its start. */
const WORTH_A_PROCESS = 500;

/** The runs of a seed that can be trained beside its stage 1; none if that is not worth a process. */
export function runsBeside(
  { stageOne, methods }: SeedRuns,
  { backend }: Pick<RunStageTwoOptions, 'backend'>,
  processors = availableParallelism(),
): readonly StudyRun<'stage-2'>[] {
  if (stageOne.length === 0 || backend.name !== 'wasm' || processors < 2) return [];
  const free = methods.filter(({ needs }) => needs.length === 0);
  const steps = free.reduce((sum, { toRun }) => sum + stepsOf(toRun.experiment.training, 1), 0);
  return steps < WORTH_A_PROCESS ? [] : free;
}

/**
 * Trains runs in another process, and before them the gates that it is asked for.
 *
 * @param task The runs, at least one.
 * @param context Told of each line of the other process, and whether a stop was asked for.
 * @param execArgv Of Node in the other process; default: as here.
 */
export function trainBeside(
  task: BesideTask,
  { say, stopRequested }: ExperimentContext,
  execArgv: readonly string[] = process.execArgv,
): Beside {
  say(`beside stage 1, in another process: ${task.runs.map(({ name }) => name).join(', ')}`);
  const program = fileURLToPath(new URL(`./beside-program${extname(import.meta.url)}`, import.meta.url));
  const child = fork(program, { execArgv: [...execArgv], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  let running = true;
  const gatesDone = new Set<string>();
  const end = (): void => void (running = false);
  child.once('error', end).once('exit', end);
  child.on('message', (answer: BesideAnswer) => {
    if (answer.kind === 'line') say(answer.line);
    else gatesDone.add(answer.out);
  });
  const send = (message: BesideMessage): void => {
    if (child.connected) child.send(message);
  };
  const stop = (): void => send({ kind: 'stop' });
  const until = async (done: () => boolean): Promise<void> => {
    while (running && !done()) {
      if (stopRequested()) stop();
      await setTimeout(100);
    }
  };
  send({ kind: 'runs', task });
  return {
    stop,
    gateOf: (run) => ({
      begin: () => send({ kind: 'gate', run }),
      ended: () => until(() => gatesDone.has(run.out)),
    }),
    ended: () => until(() => false),
  };
}
