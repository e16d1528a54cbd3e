/**
 * The effectful loop around a pure training step. It is handed everything it touches: how a step is made, where
 * losses go, what happens every so many steps, and how to know that it should stop.
 */
import { disposeTensors, flattenTensors, type TensorTree } from '../tensor-tree.ts';
import type { Reached } from './kept-state.ts';
import { eagerStep, type CompileStep, type PureStep } from './step-runner.ts';

/** The losses of one step, read back: a number for a scalar, a list for a vector. */
export interface LossRecord {
  /** Number of steps done, this one included. */
  readonly step: number;
  readonly losses: Readonly<Record<string, number | readonly number[]>>;
}

/** Something to do after every `every` steps, and after the last of `steps`. */
export interface Recurring<State> {
  /** Number of steps. */
  readonly every: number;
  /** Gets the state after `step` steps; it may read the tensors but not keep or dispose them. */
  run(state: State, step: number): void | Promise<void>;
}

/** What {@link train} is handed. */
export interface TrainOptions<State extends TensorTree, Batch extends TensorTree> {
  /** State after `stepsDone` steps; the loop owns it from here on. */
  readonly state: State;
  readonly stepsDone: number;
  /** Number of steps of the whole run. */
  readonly steps: number;
  readonly step: PureStep<State, Batch, TensorTree>;
  /** Everything that differs between steps, random draws included; `index` counts from 0 and is all it depends on. */
  batchAt(index: number): Batch | Promise<Batch>;
  /** How the step is run: {@link eagerStep} unless given, or `compileStep` of `model-patching/node`. */
  readonly compile?: CompileStep;
  /** Losses stay on the device and are read back together, every so many steps (default 10). */
  readonly readLossesEvery?: number;
  /** Called with the losses of one or more steps that have been read, in order and all finite. */
  onLosses?(records: readonly LossRecord[]): void | Promise<void>;
  readonly recurring?: readonly Recurring<State>[];
  /** Asked after every step; `true` ends the loop in good order. */
  readonly stopRequested?: () => boolean;
  /** Asked before every step; `true` ends the training there, and only what is due after that step has been done. */
  readonly ended?: () => boolean;
  /**
   * Asked when numbers are no longer finite: what to go on from, which the loop owns from here on, or null to give up.
   * `state` is the one that was reached; it may be read but neither kept nor disposed. Without it the loop gives up.
   */
  recover?(error: NonFiniteLossError, state: State): Promise<Reached<State> | null>;
  /** Lets the host do its other work (signals, output) between two steps. */
  readonly pause?: () => Promise<void>;
}

const CAUSES =
  'among the causes are too high a learning rate, inputs that are no numbers, and labels or groups out of range';

/**
 * A run whose loss is no longer a number: nothing after this step is worth keeping. Its message names the step, all
 * parts of the loss and what may be the cause.
 *
 * @example
 * ```ts
 * import { NonFiniteLossError } from 'model-patching';
 * const { message, record } = new NonFiniteLossError({ step: 7, losses: { cycle: NaN, gradients: [1, 2] } });
 * if (record.step !== 7) throw new Error('step 7 expected');
 * if (!message.startsWith('loss is not finite at step 7: cycle NaN, gradients [1, 2];')) throw new Error(message);
 * ```
 */
export class NonFiniteLossError extends Error {
  readonly record: LossRecord;
  constructor(record: LossRecord) {
    const parts = Object.entries(record.losses).map(
      ([name, value]) => `${name} ${typeof value === 'number' ? value : `[${value.join(', ')}]`}`,
    );
    super(`loss is not finite at step ${record.step}: ${parts.join(', ')}; ${CAUSES}`);
    this.name = 'NonFiniteLossError';
    this.record = record;
  }
}

/**
 * A state that is no longer finite although the losses before it were: the update itself went beyond all numbers. Its
 * message names the step and the first tensor.
 *
 * @example
 * ```ts
 * import { NonFiniteStateError } from 'model-patching/training';
 * const { message } = new NonFiniteStateError({ step: 7, losses: {} }, 'trainable/dense/kernel');
 * if (!message.startsWith('trainable/dense/kernel is not finite after step 7;')) throw new Error(message);
 * ```
 */
export class NonFiniteStateError extends NonFiniteLossError {
  constructor(record: LossRecord, path: string) {
    super(record);
    this.message = `${path} is not finite after step ${record.step}; ${CAUSES}`;
    this.name = 'NonFiniteStateError';
  }
}

/**
 * Checks that every number of a state is finite.
 *
 * @param state Its float32 tensors are read back.
 * @param step Number of steps done, for the error.
 * @throws NonFiniteStateError naming the first tensor that holds another number.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { checkFiniteState } from 'model-patching/training';
 * const state = { weight: tf.tensor1d([1, NaN]) };
 * const error = await checkFiniteState(state, 3).catch((reason: Error) => reason.message);
 * if (!error?.startsWith('weight is not finite after step 3')) throw new Error('NaN');
 * state.weight.dispose();
 * ```
 */
export async function checkFiniteState(state: TensorTree, step: number): Promise<void> {
  for (const [path, tensor] of flattenTensors(state)) {
    if (tensor.dtype !== 'float32') continue;
    const values = (await tensor.data()) as Float32Array;
    if (!values.every(Number.isFinite)) throw new NonFiniteStateError({ step, losses: {} }, path);
  }
}

const isFinite = (value: number | readonly number[]): boolean =>
  typeof value === 'number' ? Number.isFinite(value) : value.every(Number.isFinite);

async function readLosses(step: number, losses: TensorTree): Promise<LossRecord> {
  const entries = await Promise.all(
    flattenTensors(losses).map(async ([name, tensor]) => {
      const values = Array.from(await tensor.data());
      return [name, tensor.rank === 0 ? values[0]! : values] as const;
    }),
  );
  disposeTensors(losses);
  return { step, losses: Object.fromEntries(entries) };
}

/**
 * Runs steps until `steps` are done or a stop is requested.
 *
 * Losses of a step are always read and handed on before anything recurring runs, so that what a checkpoint holds
 * has finite losses and a log that reaches as far.
 *
 * A run that stops at any step and goes on from its state and `stepsDone` ends with the same numbers as one that did
 * not stop, since a step is told nothing but its index.
 *
 * @param options State and number of steps, the step, and what is to happen beside it.
 * @returns The state, owned by the caller, the number of steps done, and whether a stop was requested before the end.
 * @throws NonFiniteLossError naming the first step with a loss that is not finite, and all its parts, after the losses
 *   before it have been handed on; unless `recover` finds a state to go on from. Whatever is thrown, also by what it
 *   was handed, the state is disposed.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { train } from 'model-patching';
 * const losses: unknown[] = [];
 * const { state } = await train<{ weight: tf.Scalar }, { by: tf.Scalar }>({
 *   state: { weight: tf.scalar(8) },
 *   stepsDone: 0,
 *   steps: 3,
 *   batchAt: () => ({ by: tf.scalar(2) }),
 *   step: ({ weight }, { by }) => ({ state: { weight: weight.div(by) }, losses: { loss: weight.square() } }),
 *   onLosses: (records) => losses.push(...records.map((record) => record.losses.loss)),
 * });
 * if (losses.join() !== '64,16,4' || state.weight.dataSync()[0] !== 1) throw new Error('three halvings');
 * state.weight.dispose();
 * ```
 */
export async function train<State extends TensorTree, Batch extends TensorTree>(
  options: TrainOptions<State, Batch>,
): Promise<{ state: State; stepsDone: number; interrupted: boolean }> {
  const { steps, readLossesEvery = 10, recurring = [], compile = eagerStep, ended = () => false } = options;
  let { stepsDone } = options;
  let pending: { step: number; losses: TensorTree }[] = [];
  const runner = compile(options.step);

  const flush = async (): Promise<void> => {
    const records = await Promise.all(pending.map(({ step, losses }) => readLosses(step, losses)));
    pending = [];
    const bad = records.findIndex((record) => !Object.values(record.losses).every(isFinite));
    const finite = bad < 0 ? records : records.slice(0, bad);
    if (finite.length > 0) await options.onLosses?.(finite);
    if (bad >= 0) throw new NonFiniteLossError(records[bad]!);
  };

  const runOne = async (): Promise<void> => {
    const batch = await options.batchAt(stepsDone);
    try {
      const losses = runner.run(batch);
      stepsDone += 1;
      pending.push({ step: stepsDone, losses });
    } finally {
      disposeTensors(batch);
    }
  };

  const runDue = async (due: readonly Recurring<State>[]): Promise<void> => {
    if (due.length === 0) return;
    const state = await runner.read();
    try {
      for (const { run } of due) await run(state, stepsDone);
    } finally {
      disposeTensors(state);
    }
  };

  // The state is the loop's from here on, also if it does not fit.
  const write = (state: State): void => {
    try {
      runner.write(state);
    } finally {
      disposeTensors(state);
    }
  };

  const drop = (): void => {
    pending.forEach(({ losses }) => disposeTensors(losses));
    pending = [];
  };

  /** One step, and what is due after it; whether a stop was requested. */
  const advance = async (): Promise<boolean> => {
    await runOne();
    await options.pause?.();
    const interrupted = stepsDone < steps && (options.stopRequested?.() ?? false);
    const due = recurring.filter(({ every }) => stepsDone % every === 0 || stepsDone === steps);
    const over = interrupted || stepsDone === steps || ended();
    if (pending.length >= readLossesEvery || due.length > 0 || over) await flush();
    await runDue(due);
    return interrupted;
  };

  /** Goes back to a state of before, if there is one to go back to. */
  const recover = async (error: unknown): Promise<void> => {
    if (!(error instanceof NonFiniteLossError) || options.recover === undefined) throw error;
    drop();
    const reached = await runner.read();
    const before = await options.recover(error, reached).finally(() => disposeTensors(reached));
    if (before === null) throw error;
    write(before.state);
    stepsDone = before.step;
  };

  try {
    write(options.state);
    let interrupted = false;
    while (stepsDone < steps && !interrupted && !ended()) {
      try {
        interrupted = await advance();
      } catch (error) {
        await recover(error);
      }
    }
    await flush();
    return { state: await runner.read(), stepsDone, interrupted };
  } catch (error) {
    drop();
    throw error;
  } finally {
    runner.dispose();
  }
}
