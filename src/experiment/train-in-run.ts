/** Training in a run folder: it logs, saves, goes on where it was, and says how far it is. */
import { disposeTensors, type TensorTree } from '../tensor-tree.ts';
import { keptStateOr, type Reached } from '../training/kept-state.ts';
import {
  checkFiniteState,
  NonFiniteLossError,
  train,
  type Recurring,
  type TrainOptions,
} from '../training/loop.ts';
import { compileStep } from '../compile/compile-step.ts';
import { isStop } from '../system/interruption.ts';
import { orExit, ProgramError } from '../system/program.ts';
import { durationInWords, startProgress } from '../system/progress.ts';
import type { MetricsRecord, Run } from '../runs/run-directory.ts';
import { interrupted, pause, type ExperimentContext } from './context.ts';
import type { Course } from './outcomes.ts';
import { onNanOf, rollingBack, type OnNan } from './rolling-back.ts';

/** A training run that logs, saves and resumes in a run folder. */
export interface TrainInRunOptions<State extends TensorTree, Batch extends TensorTree> extends Pick<
  TrainOptions<State, Batch>,
  'steps' | 'step'
> {
  /** As that of `train`, with what learning rates are multiplied with: 1, and less behind a rollback. */
  batchAt(index: number, rateFactor: number): Batch | Promise<Batch>;
  /** What is done when numbers are not finite, unless the command line says otherwise. */
  readonly onNan: OnNan;
  readonly label: string;
  readonly run: Run;
  readonly context: ExperimentContext;
  /** State before step 0, which is handed over: it is disposed however the training ends. */
  readonly initial: State;
  /** A checkpoint is written every so many steps. */
  readonly checkpointEvery: number;
  /** Steps from one evaluation to the next, each with a checkpoint of its score; default as often as checkpoints. */
  readonly evaluateEvery?: number;
  /** What a step's record has beside its losses; `index` counts from 0, and learning rates are times `rateFactor`. */
  readonly alsoLogged?: (index: number, rateFactor: number) => Readonly<Record<string, unknown>>;
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
  /**
   * Why training ends before its steps are done; null to go on. It is told the records of all evaluations, those of
   * earlier processes among them, and nothing else, so that a run that is gone on with ends at the same step.
   */
  readonly stopEarly?: (evaluations: readonly MetricsRecord[]) => string | null;
}

/** What a training came to. */
export interface Trained<State> extends Reached<State> {
  /** Why it ended before its steps were done; null if they are. */
  readonly stoppedEarly: string | null;
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

/** The evaluations of a run, and what they say of its end. */
function evaluationsOf(run: Pick<Run, 'records'>, stopEarly: TrainInRunOptions<never, never>['stopEarly']) {
  let evaluations: readonly MetricsRecord[] = [];
  let reason: string | null = null;
  const judge = (records: readonly MetricsRecord[]): void => {
    evaluations = records;
    reason = stopEarly?.(evaluations) ?? null;
  };
  return {
    reason: () => reason,
    /** As a log would hold it, so that what is judged is the same for those who read it there. */
    add: (record: MetricsRecord): void =>
      judge([...evaluations, JSON.parse(JSON.stringify(record)) as MetricsRecord]),
    /** To be called whenever the log was cut back. */
    async resumed(): Promise<void> {
      if (stopEarly !== undefined) judge((await run.records()).filter(({ kind }) => kind === 'evaluation'));
    },
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
 * @returns The state after the last step, owned by the caller, and why there were no more of them.
 * @throws ProgramError with exit code 75 when a stop was asked for (after a checkpoint), with exit code 1 when a loss
 *   is no longer finite, naming step, parts and the last good checkpoint.
 */
export async function trainInRun<State extends TensorTree, Batch extends TensorTree>(
  options: TrainInRunOptions<State, Batch>,
): Promise<Trained<State>> {
  const { label, run, context, initial, steps, step, batchAt, checkpointEvery, evaluate } = options;
  const { evaluateEvery = checkpointEvery, also = [], alsoLogged = () => ({}) } = options;
  const onNan = onNanOf(options.onNan, context.onNan);
  // A checkpoint that a stop left is not gone back to, so that a run which was stopped ends like one that was not.
  if (onNan.kind === 'rollback')
    run.keepAlso((done) => done % evaluateEvery === 0 || done % checkpointEvery === 0);
  const { step: stepsDone, state } = await keptStateOr({ step: 0, state: initial }, async (expected) =>
    orExit(
      await run.resume(expected, ({ where, found, cure }) =>
        context.say(`${where}: ${found}; ${cure}`, 'warning'),
      ),
    ),
  );
  if (stepsDone > 0 && stepsDone < steps) context.say(`${label}: goes on from step ${stepsDone}`);
  const rolling = rollingBack(run, { onNan, say: context.say, label });
  const evaluations = evaluationsOf(run, options.stopEarly);
  await keepingOrDisposing(state, async () => {
    await rolling.resumed(stepsDone);
    await evaluations.resumed();
    if (onNan.kind === 'rollback' && stepsDone === 0) await run.checkpoint(0, state);
  });
  const progress = startProgress(label, steps, stepsDone);
  const announce = announceLongRun(label, steps - stepsDone, context);
  let note = '';
  let saved = -1;
  const assess: Recurring<State> = {
    every: evaluateEvery,
    run: async (state, done) => {
      await checkFiniteState(state, done);
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
      const evaluation = { step: done, kind: 'evaluation', ...record };
      await run.log([evaluation]);
      await run.checkpoint(done, state, score);
      saved = done;
      evaluations.add(evaluation);
    },
  };
  const save: Recurring<State> = {
    every: checkpointEvery,
    run: async (state, done) => {
      if (saved === done) return;
      await checkFiniteState(state, done);
      await run.checkpoint(done, state);
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
        return batchAt(index, rolling.factorAt(index));
      },
      compile: compileStep,
      onLosses: (records) =>
        run.log(
          rolling.between(
            records.map(({ step: done, losses }) => ({
              step: done,
              losses: { ...losses, ...alsoLogged(done - 1, rolling.factorAt(done - 1)) },
            })),
          ),
        ),
      recurring: [...also, assess, save],
      stopRequested: context.stopRequested,
      ended: () => evaluations.reason() !== null,
      recover: async (error, reached) => {
        const kept = await rolling.recover(error, reached);
        saved = -1;
        if (kept !== null) await evaluations.resumed();
        return kept;
      },
      pause,
    });
    if (!end.interrupted) {
      const stoppedEarly = end.stepsDone < steps ? evaluations.reason() : null;
      progress.update(end.stepsDone, note);
      if (stoppedEarly !== null)
        context.say(`${label}: stopped early at step ${end.stepsDone} of ${steps}: ${stoppedEarly}`);
      return { state: end.state, step: end.stepsDone, stoppedEarly };
    }
    try {
      // A state that is not finite is left to the same command, which meets it again.
      const fault = await checkFiniteState(end.state, end.stepsDone).then(
        () => null,
        (error: unknown) => error,
      );
      if (fault instanceof NonFiniteLossError)
        context.say(`${label}: ${fault.message}; the checkpoint before it stays the newest`, 'warning');
      else if (fault !== null) throw fault;
      else if (saved !== end.stepsDone) await run.checkpoint(end.stepsDone, end.state);
    } finally {
      disposeTensors(end.state);
    }
    throw interrupted();
  } catch (error) {
    if (!(error instanceof NonFiniteLossError)) throw error;
    const last = await run.latestFile();
    const count = run.rollbacks.all().length;
    const tried = count === 0 ? '' : ` after ${count} rollback${count === 1 ? '' : 's'}`;
    throw new ProgramError(
      `${label}: ${error.message}${tried}; the last good checkpoint is ${last ?? 'none'}`,
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

/**
 * What an outcome says of how the training went.
 *
 * @param run That has been trained.
 * @param end Its end.
 * @param planned Number of steps that it was to take.
 */
export const courseOf = (
  run: Pick<Run, 'rollbacks'>,
  { step, stoppedEarly }: Pick<Trained<unknown>, 'step' | 'stoppedEarly'>,
  planned: number,
): Omit<Course, 'chosen'> => ({
  stoppedEarly: stoppedEarly === null ? null : `at step ${step} of ${planned}: ${stoppedEarly}`,
  rollbacks: run.rollbacks.all(),
});
