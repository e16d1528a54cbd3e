/**
 * The effectful loop around a pure training step. It is handed everything it touches: how a step is made, where
 * losses go, what happens every so many steps, and how to know that it should stop.
 */
import { disposeTensors, flattenTensors, type TensorTree } from '../tensor-tree.ts';

/** The losses of one step, read back: a number for a scalar, a list for a vector. */
export interface LossRecord {
  /** Number of steps done, this one included. */
  readonly step: number;
  readonly losses: Readonly<Record<string, number | readonly number[]>>;
}

/** Something to do after every `every` steps, and after the last one. */
export interface Recurring<State> {
  /** Number of steps. */
  readonly every: number;
  /** Gets the state after `step` steps; it may read the tensors but not keep or dispose them. */
  run(state: State, step: number): void | Promise<void>;
}

/** What {@link train} is handed. */
export interface TrainOptions<State extends TensorTree> {
  /** State after `stepsDone` steps; the loop owns it from here on. */
  readonly state: State;
  readonly stepsDone: number;
  /** Number of steps of the whole run. */
  readonly steps: number;
  /** The pure step; `index` counts from 0 and is all that its batch and its draws depend on. */
  step(state: State, index: number): { readonly state: State; readonly losses: TensorTree };
  /** Losses stay on the device and are read back together, every so many steps (default 10). */
  readonly readLossesEvery?: number;
  /** Called with the losses of one or more steps that have been read, in order and all finite. */
  onLosses?(records: readonly LossRecord[]): void | Promise<void>;
  readonly recurring?: readonly Recurring<State>[];
  /** Asked after every step; `true` ends the loop in good order. */
  readonly stopRequested?: () => boolean;
  /** Lets the host do its other work (signals, output) between two steps. */
  readonly pause?: () => Promise<void>;
}

/** A run whose loss is no longer a number: nothing after this step is worth keeping. */
export class NonFiniteLossError extends Error {
  readonly record: LossRecord;
  constructor(record: LossRecord) {
    const parts = Object.entries(record.losses).map(
      ([name, value]) => `${name} ${typeof value === 'number' ? value : `[${value.join(', ')}]`}`,
    );
    super(`loss is not finite at step ${record.step}: ${parts.join(', ')}`);
    this.name = 'NonFiniteLossError';
    this.record = record;
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
 *   before it have been handed on. Whatever is thrown, also by what it was handed, the state is disposed.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { train } from 'model-patching';
 * const losses: unknown[] = [];
 * const { state } = await train<{ weight: tf.Scalar }>({
 *   state: { weight: tf.scalar(8) },
 *   stepsDone: 0,
 *   steps: 3,
 *   step: ({ weight }) => ({ state: { weight: weight.div(2) }, losses: { loss: weight.square() } }),
 *   onLosses: (records) => losses.push(...records.map((record) => record.losses.loss)),
 * });
 * if (losses.join() !== '64,16,4' || state.weight.dataSync()[0] !== 1) throw new Error('three halvings');
 * state.weight.dispose();
 * ```
 */
export async function train<State extends TensorTree>(
  options: TrainOptions<State>,
): Promise<{ state: State; stepsDone: number; interrupted: boolean }> {
  const { steps, readLossesEvery = 10, recurring = [] } = options;
  let { state, stepsDone } = options;
  let pending: { step: number; losses: TensorTree }[] = [];

  const flush = async (): Promise<void> => {
    const records = await Promise.all(pending.map(({ step, losses }) => readLosses(step, losses)));
    pending = [];
    const bad = records.findIndex((record) => !Object.values(record.losses).every(isFinite));
    const finite = bad < 0 ? records : records.slice(0, bad);
    if (finite.length > 0) await options.onLosses?.(finite);
    if (bad >= 0) throw new NonFiniteLossError(records[bad]!);
  };

  try {
    let interrupted = false;
    while (stepsDone < steps && !interrupted) {
      const next = options.step(state, stepsDone);
      disposeTensors(state);
      state = next.state;
      stepsDone += 1;
      pending.push({ step: stepsDone, losses: next.losses });
      await options.pause?.();
      interrupted = stepsDone < steps && (options.stopRequested?.() ?? false);
      const due = recurring.filter(({ every }) => stepsDone % every === 0 || stepsDone === steps);
      if (pending.length >= readLossesEvery || due.length > 0 || interrupted) await flush();
      for (const { run } of due) await run(state, stepsDone);
    }
    await flush();
    return { state, stepsDone, interrupted };
  } catch (error) {
    pending.forEach(({ losses }) => disposeTensors(losses));
    disposeTensors(state);
    throw error;
  }
}
