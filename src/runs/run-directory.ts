/**
 * A run's folder: `run.json` (settings, and the outcome once there is one), `metrics.jsonl` (one record a line) and
 * `checkpoints/` (safetensors). A run that was stopped, however, goes on from its last whole checkpoint, and its
 * log is cut back to that step: in the end it holds the same lines as that of a run which never stopped.
 */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import type { DataError } from '../data/data-error.ts';
import { disposeTensors, type TensorTree } from '../tensor-tree.ts';
import { removeAbandonedFiles } from '../system/atomic-file.ts';
import { checkpointsIn, type BestCheckpoint, type Checkpoint } from './checkpoints.ts';
import { makeFolder } from '../system/make-folder.ts';
import { readSettingsFile, writeRunFile } from './run-file.ts';
import { lockFolder } from './run-lock.ts';
import { runLog, type MetricsRecord } from './run-log.ts';

export { readSettingsFile };
export type { BestCheckpoint, Checkpoint, MetricsRecord };

/** An open run; close it to let others write. */
export interface Run {
  readonly folder: string;
  /** What {@link Run.finish} was given, as JSON data; undefined if the run has not been finished. */
  readonly outcome: unknown;
  /**
   * Appends records to `metrics.jsonl`: those of a step before the checkpoint of that step, and in a run that may
   * have been there before only after {@link Run.resume}.
   */
  log(records: readonly MetricsRecord[]): Promise<void>;
  /** All records of the log. */
  records(): Promise<readonly MetricsRecord[]>;
  /**
   * Writes a checkpoint, after what was logged, and removes older ones but the previous and the best, unless asked to keep more.
   *
   * @param step Number of steps done, 0 to 999 999 999.
   * @param state float32, int32 and bool tensors, which stay the caller's.
   * @param score The higher the better; the best checkpoint is the first of the highest score. One that is not finite counts as none.
   * @returns The file.
   */
  checkpoint(step: number, state: TensorTree, score?: number): Promise<string>;
  /**
   * The newest checkpoint that is whole; the log is cut back to its step (to nothing without one).
   *
   * @param expected The structure of the state; its values are not used.
   * @param onDamaged Told of every newer one that is not whole; it is removed.
   * @returns A state owned by the caller, or null; or how the checkpoint differs from what is expected.
   */
  resume<State extends TensorTree>(
    expected: State,
    onDamaged?: (error: DataError) => void,
  ): Promise<E.Either<DataError, Checkpoint<State> | null>>;
  /**
   * The checkpoint of the highest score, or null if no score was given.
   *
   * @param expected The structure of the state; its values are not used.
   * @returns A state owned by the caller, its step and its score; or what is wrong with the file.
   */
  best<State extends TensorTree>(expected: State): Promise<E.Either<DataError, BestCheckpoint<State> | null>>;
  /** The checkpoint after so many steps; null if it was not kept. */
  checkpointAt<State extends TensorTree>(
    step: number,
    expected: State,
  ): Promise<E.Either<DataError, Checkpoint<State> | null>>;
  /** The file of the newest checkpoint, or null. */
  latestFile(): Promise<string | null>;
  /** Marks the run as done, with its outcome as JSON data. */
  finish(outcome: unknown): Promise<void>;
  /** Gives the folder's lock back. */
  close(): Promise<void>;
}

/** Options of {@link openRun}. */
export interface OpenRunOptions {
  /** Newest checkpoints that are kept beside the best one, two at least (the default); null: all. */
  readonly keep?: number | null;
}

/**
 * Opens a run's folder, new or existing, for one writer.
 *
 * @param folder Made if it is not there.
 * @param settings JSON data that the run's results depend on.
 * @param options How many checkpoints are kept.
 * @returns The run; or that another process is writing it, or which settings it was made with.
 * @throws What the file system says where the folder cannot be written.
 * @example
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import * as tf from '@tensorflow/tfjs';
 * import { openRun } from 'model-patching/node';
 * const folder = await mkdtemp(join(tmpdir(), 'run-'));
 * const opened = await openRun(folder, { seed: 1 });
 * if (opened._tag === 'Left') throw new Error(opened.left.found);
 * const run = opened.right;
 * const state = { weight: tf.tensor1d([1, 2]) };
 * await run.log([{ step: 10, loss: 0.5 }]);
 * await run.checkpoint(10, state);
 * const resumed = await run.resume(state);
 * if (resumed._tag === 'Left' || resumed.right?.step !== 10) throw new Error('step 10 expected');
 * tf.dispose([state, resumed.right.state]);
 * await run.close();
 * await rm(folder, { recursive: true });
 * ```
 */
export async function openRun(
  folder: string,
  settings: unknown,
  { keep = 2 }: OpenRunOptions = {},
): Promise<E.Either<DataError, Run>> {
  const lock = await lockFolder(folder);
  if (E.isLeft(lock)) return lock;
  try {
    const run = await openLocked(folder, settings, lock.right, keep);
    if (E.isLeft(run)) await lock.right();
    return run;
  } catch (error) {
    await lock.right();
    throw error;
  }
}

async function openLocked(
  folder: string,
  settings: unknown,
  unlock: () => Promise<void>,
  keep: number | null,
): Promise<E.Either<DataError, Run>> {
  const runFile = join(folder, 'run.json');
  const existing = await readSettingsFile(runFile, settings);
  if (E.isLeft(existing)) return existing;
  const checkpointFolder = join(folder, 'checkpoints');
  await makeFolder(checkpointFolder);
  await removeAbandonedFiles(folder);
  await removeAbandonedFiles(checkpointFolder);
  if (existing.right === null) await writeRunFile(runFile, settings);

  let outcome = existing.right?.outcome;
  const log = runLog(join(folder, 'metrics.jsonl'));
  const checkpoints = checkpointsIn(checkpointFolder, join(folder, 'best.json'), keep);
  return E.right({
    folder,
    get outcome() {
      return outcome;
    },
    log: log.append,
    records: log.records,
    async checkpoint(step, state, score) {
      await log.flush();
      return checkpoints.write(step, state, score);
    },
    async resume(expected, onDamaged) {
      const newest = await checkpoints.newest(expected, onDamaged);
      if (E.isLeft(newest)) return newest;
      try {
        await log.cutBack(newest.right?.step ?? -1);
      } catch (error) {
        if (newest.right !== null) disposeTensors(newest.right.state);
        throw error;
      }
      return newest;
    },
    best: checkpoints.best,
    checkpointAt: checkpoints.at,
    latestFile: checkpoints.newestFile,
    async finish(value) {
      await writeRunFile(runFile, settings, value);
      outcome = value;
    },
    close: unlock,
  });
}
