/** Training in a run folder: it logs, saves, goes on where it was, and says how far it is. */
import { disposeTensors, type TensorTree } from '../tensor-tree.ts';
import { keptStateOr, type Reached } from '../training/kept-state.ts';
import { NonFiniteLossError, train, type Recurring, type TrainOptions } from '../training/loop.ts';
import { compileStep } from '../compile/compile-step.ts';
import { isStop } from '../system/interruption.ts';
import { orExit, ProgramError } from '../system/program.ts';
import { durationInWords, startProgress } from '../system/progress.ts';
import type { Run } from '../runs/run-directory.ts';
import { interrupted, pause, type ExperimentContext } from './context.ts';

/** A training run that logs, saves and resumes in a run folder. */
export interface TrainInRunOptions<State extends TensorTree, Batch extends TensorTree> extends Pick<
  TrainOptions<State, Batch>,
  'steps' | 'step' | 'batchAt'
> {
  readonly label: string;
  readonly run: Run;
  readonly context: ExperimentContext;
  /** State before step 0, which is handed over: it is disposed however the training ends. */
  readonly initial: State;
  /** A checkpoint is written every so many steps. */
  readonly checkpointEvery: number;
  /** Steps from one evaluation to the next, each with a checkpoint of its score; default as often as checkpoints. */
  readonly evaluateEvery?: number;
  /** What is done beside that, before it. */
  readonly also?: readonly Recurring<State>[];
  /** Its records are logged; its score, if any, marks the best checkpoint. */
  readonly evaluate: (
    state: State,
    step: number,
  ) => Promise<{
    readonly record: Readonly<Record<string, unknown>>;
    readonly score?: number;
    readonly note: string;
  }>;
}

const TRACED_STEPS = 2;
const TIMED_STEPS = 5;
const LONG = 3600;

/** After the first steps, says how long the whole run will take if that is more than an hour. */
function announceLongRun(label: string, steps: number, { say }: ExperimentContext): (done: number) => void {
  let began = performance.now();
  return (done) => {
    // The first two steps are also traced, where steps are compiled.
    if (done === TRACED_STEPS) began = performance.now();
    if (done !== TRACED_STEPS + TIMED_STEPS) return;
    const seconds = (performance.now() - began) / 1000 / TIMED_STEPS;
    if (seconds * steps < LONG) return;
    say(
      `${label}: ${steps} steps at ${seconds.toFixed(2)} s would take about ${durationInWords(seconds * steps)} here; Ctrl-C stops with a checkpoint, and the same command goes on`,
    );
  };
}

/** Whether a stop has ended the evaluation that belongs to the step of the newest checkpoint. */
async function lacksEvaluation(
  run: Run,
  done: number,
  { every, steps }: { readonly every: number; readonly steps: number },
): Promise<boolean> {
  if (done === 0 || !(done % every === 0 || done === steps)) return false;
  const records = await run.records();
  return !records.some(({ step, kind }) => step === done && kind === 'evaluation');
}

/** Works with a state, which is disposed if that fails. */
async function keepingOrDisposing(state: TensorTree, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    disposeTensors(state);
    throw error;
  }
}

/**
 * Trains from the newest checkpoint of the run to the end.
 *
 * @returns The state after the last step, owned by the caller.
 * @throws ProgramError with exit code 75 when a stop was asked for (after a checkpoint), with exit code 1 when a loss
 *   is no longer finite, naming step, parts and the last good checkpoint.
 */
export async function trainInRun<State extends TensorTree, Batch extends TensorTree>(
  options: TrainInRunOptions<State, Batch>,
): Promise<State> {
  const { label, run, context, initial, steps, step, batchAt, checkpointEvery, evaluate } = options;
  const { evaluateEvery = checkpointEvery, also = [] } = options;
  const { step: stepsDone, state } = await keptStateOr({ step: 0, state: initial }, async (expected) =>
    orExit(
      await run.resume(expected, ({ where, found, cure }) => context.say(`${where}: ${found}; ${cure}`)),
    ),
  );
  if (stepsDone > 0 && stepsDone < steps) context.say(`${label}: goes on from step ${stepsDone}`);
  const progress = startProgress(label, steps, stepsDone);
  const announce = announceLongRun(label, steps - stepsDone, context);
  let note = '';
  let saved = -1;
  const assess: Recurring<State> = {
    every: evaluateEvery,
    run: async (state, done) => {
      const {
        record,
        score,
        note: latest,
      } = await evaluate(state, done).catch(async (error: unknown) => {
        // A stop may come in the middle. The steps are kept, and the evaluation is done when the run goes on.
        if (isStop(error)) await run.checkpoint(done, state);
        throw error;
      });
      note = latest;
      await run.log([{ step: done, kind: 'evaluation', ...record }]);
      await run.checkpoint(done, state, score);
      saved = done;
    },
  };
  const save: Recurring<State> = {
    every: checkpointEvery,
    run: async (state, done) => {
      if (saved !== done) await run.checkpoint(done, state);
    },
  };
  try {
    await keepingOrDisposing(state, async () => {
      const lacks = await lacksEvaluation(run, stepsDone, { every: evaluateEvery, steps });
      if (lacks) await assess.run(state, stepsDone);
    });
    const end = await train({
      state,
      stepsDone,
      steps,
      step,
      batchAt: (index) => {
        progress.update(index, note);
        announce(index - stepsDone);
        return batchAt(index);
      },
      compile: compileStep,
      onLosses: (records) =>
        run.log(records.map(({ step: done, losses }) => ({ step: done, kind: 'training', ...losses }))),
      recurring: [...also, assess, save],
      stopRequested: context.stopRequested,
      pause,
    });
    if (!end.interrupted) {
      progress.update(steps, note);
      return end.state;
    }
    try {
      await run.checkpoint(end.stepsDone, end.state);
    } finally {
      disposeTensors(end.state);
    }
    throw interrupted();
  } catch (error) {
    if (!(error instanceof NonFiniteLossError)) throw error;
    const last = await run.latestFile();
    throw new ProgramError(
      `${label}: ${error.message}; the last good checkpoint is ${last ?? 'none, the run had not got to its first one'}`,
      1,
    );
  } finally {
    progress.stop();
  }
}

/**
 * What a training came to: its checkpoint of the highest score.
 *
 * @param run With its checkpoints.
 * @param end The state after the last step, which is handed over; it is returned where no checkpoint has a score.
 * @returns The state, owned by the caller.
 * @throws ProgramError (exit code 2) if the file of the best one is damaged.
 */
export const bestState = <State extends TensorTree>(run: Run, end: Reached<State>): Promise<Reached<State>> =>
  keptStateOr(end, async (expected) => orExit(await run.best(expected)));
