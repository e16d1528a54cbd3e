/**
 * A run's folder: `run.json` (settings, digests of data and translations, and the outcome once there is one), `data.gz` (their
 * listing), `metrics.jsonl` (one record a line), `checkpoints/` (safetensors), `elapsed.json` (the time), `damaged.json`
 * (the images skipped), `rollbacks.json` (returns to a checkpoint), and what other tools read of its log (see
 * `log-mirrors.ts`). A run that was stopped, however, goes on from its last whole checkpoint, and its log is cut back to
 * that step. In the end it holds the same lines as that of a run which never stopped.
 */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import type { DataError } from '../data/data-error.ts';
import { disposeTensors, type TensorTree } from '../tensor-tree.ts';
import { removeAbandonedFiles } from '../system/atomic-file.ts';
import { checkpointsIn, type BestCheckpoint, type Checkpoint } from './checkpoints.ts';
import type { DataFingerprint } from '../streams/data-fingerprint.ts';
import { makeFolder } from '../system/make-folder.ts';
import { startClock } from './run-clock.ts';
import { decodedOutcome, readSettingsFile, writeRunFile } from './run-file.ts';
import { lockFolder } from './run-lock.ts';
import { followLog, type LogMirror } from './log-mirrors.ts';
import { checkRunData, checkRunTranslations, writeRunData } from './run-data.ts';
import { rollbacksIn, type RunRollbacks } from './rollbacks.ts';
import { runLog, type MetricsRecord } from './run-log.ts';
import { skippedImagesIn } from './skipped-images.ts';

export { readSettingsFile };
export type { BestCheckpoint, Checkpoint, MetricsRecord };

/** An open run; close it to let others write. */
export interface Run<Outcome = unknown> {
  readonly folder: string;
  /** What {@link Run.finish} was given; undefined if the run has not been finished. */
  readonly outcome: Outcome | undefined;
  /** The damaged images that it has skipped, over all the times that it was gone on with. */
  readonly skipped: {
    /** Those of a split or domain by where they are, for the streams of its images to add to. */
    of(part: string): Map<string, DataError>;
    /** Those of all parts, each once. */
    all(): readonly DataError[];
    /** Notes damaged images that end the work: they are not skipped, and may be mended. */
    stoppedBy(faults: readonly DataError[]): Promise<void>;
  };
  /** When it went back to a checkpoint since its numbers were not finite. */
  readonly rollbacks: RunRollbacks;
  /** How long it has taken, over all those times, in seconds. */
  seconds(): number;
  /**
   * Appends records to `metrics.jsonl`: those of a step before the checkpoint of that step, and in a run that may
   * have been there before only after {@link Run.resume}.
   */
  log(records: readonly MetricsRecord[]): Promise<void>;
  /** All records of the log. */
  records(): Promise<readonly MetricsRecord[]>;
  /** Keeps the time and the skipped images now, beside checkpoints that are not the run's own. */
  keep(): Promise<void>;
  /**
   * Writes a checkpoint, after what was logged and skipped, and keeps the time. It removes older ones but the previous
   * and the best, unless asked to keep more.
   *
   * @param step Number of steps done, 0 to 999 999 999.
   * @param state float32, int32 and bool tensors, which stay the caller's.
   * @param score The higher the better; the best checkpoint is the first of the highest score. One that is not finite counts as none.
   * @returns The file.
   */
  checkpoint(step: number, state: TensorTree, score?: number): Promise<string>;
  /** Keeps the newest checkpoint of some steps from now on, beside those that it keeps anyway. */
  keepAlso(among: (step: number) => boolean): void;
  /**
   * The newest checkpoint that is whole and that the log reaches, if there is one; the log is cut back to its step (to
   * nothing without one). Where the best one is damaged, it is one before that, since training goes through it again.
   *
   * @param expected The structure of the state; its values are not used.
   * @param onDamaged Told of every newer one that is not whole, which is removed, and of a log that lacks lines. The cure
   *   says what is done.
   * @param goBack Whether it is one of the steps of {@link Run.keepAlso}, if one of them is there; newer ones are
   *   removed. Default false.
   * @returns A state owned by the caller, or null; or how the checkpoint differs from what is expected, or that the best
   *   one is damaged and none is older.
   */
  resume<State extends TensorTree>(
    expected: State,
    onDamaged?: (error: DataError) => void,
    goBack?: boolean,
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
  finish(outcome: Outcome): Promise<void>;
  /** Gives the folder's lock back. */
  close(): Promise<void>;
}

/** Options of {@link openRun}. */
export interface OpenRunOptions<Outcome = unknown> {
  /** Newest checkpoints that are kept beside the best one, two at least (the default); null: all. */
  readonly keep?: number | null;
  /** What the run comes to, JSON data; by default any. */
  readonly outcome?: t.Decoder<unknown, Outcome>;
  /** What its data are; by default the run is bound to its settings alone. */
  readonly data?: DataFingerprint;
  /** Digests of the translations that it trains on, by their folders. */
  readonly translations?: Readonly<Record<string, string>>;
  /** Digests of the stage-1 runs that made them, by the same folders. */
  readonly madeBy?: Readonly<Record<string, string>>;
  /**
   * Its log in the forms of other tools. They follow it from {@link Run.resume} on; none of them ends the run.
   *
   * @internal
   */
  readonly mirrors?: readonly LogMirror<Outcome>[];
  /**
   * Told what is wrong with them.
   *
   * @internal
   */
  readonly say?: (line: string, kind?: 'warning') => void;
}

/**
 * What the run in a folder came to, which is only read.
 *
 * @param folder The folder of the run, which need not be there.
 * @param settings What it must have been made with.
 * @param outcome What a run of its kind comes to.
 * @param data What its data must be; by default they are not looked at.
 * @returns The outcome, undefined if there is none yet; or which settings it was made with, or what of its data has
 *   changed.
 */
export async function finishedOutcome<Outcome>(
  folder: string,
  settings: unknown,
  outcome: t.Decoder<unknown, Outcome>,
  data?: DataFingerprint,
): Promise<E.Either<DataError, Outcome | undefined>> {
  const path = join(folder, 'run.json');
  const run = await readSettingsFile(path, settings);
  const found = E.Monad.chain(run, (file) => decodedOutcome(file, outcome, path));
  if (E.isLeft(run) || E.isLeft(found) || data === undefined) return found;
  const same = await checkRunData(folder, run.right, data);
  return E.isLeft(same) ? same : found;
}

/**
 * Opens a run's folder, new or existing, for one writer.
 *
 * @param folder Made if it is not there.
 * @param settings JSON data that the run's results depend on.
 * @param options How many checkpoints are kept, and what the run comes to.
 * @returns The run; or that another process is writing it, or which settings it was made with.
 * @throws What the file system says where the folder cannot be written.
 * @example
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import * as tf from '@tensorflow/tfjs';
 * import * as t from 'io-ts';
 * import { openRun } from 'model-patching/node';
 * const folder = await mkdtemp(join(tmpdir(), 'run-'));
 * const opened = await openRun(folder, { seed: 1 }, { outcome: t.type({ accuracy: t.number }) });
 * if (opened._tag === 'Left') throw new Error(opened.left.found);
 * const run = opened.right;
 * const state = { weight: tf.tensor1d([1, 2]) };
 * await run.log([{ step: 10, loss: 0.5 }]);
 * await run.checkpoint(10, state);
 * const resumed = await run.resume(state);
 * if (resumed._tag === 'Left' || resumed.right?.step !== 10) throw new Error('step 10 expected');
 * tf.dispose([state, resumed.right.state]);
 * await run.finish({ accuracy: 0.9 });
 * await run.close();
 * await rm(folder, { recursive: true });
 * ```
 */
export async function openRun<Outcome>(
  folder: string,
  settings: unknown,
  options: OpenRunOptions<Outcome> = {},
): Promise<E.Either<DataError, Run<Outcome>>> {
  const lock = await lockFolder(folder);
  if (E.isLeft(lock)) return lock;
  try {
    const run = await openLocked(folder, settings, lock.right, options);
    if (E.isLeft(run)) await lock.right();
    return run;
  } catch (error) {
    await lock.right();
    throw error;
  }
}

async function openLocked<Outcome>(
  folder: string,
  settings: unknown,
  unlock: () => Promise<void>,
  options: OpenRunOptions<Outcome>,
): Promise<E.Either<DataError, Run<Outcome>>> {
  const { keep = 2, outcome: codec = t.unknown as t.Decoder<unknown, Outcome> } = options;
  const { data, translations, madeBy } = options;
  const runFile = join(folder, 'run.json');
  const existing = await readSettingsFile(runFile, settings);
  if (E.isLeft(existing)) return existing;
  const found = decodedOutcome(existing.right, codec, runFile);
  if (E.isLeft(found)) return found;
  const skippedImages = await skippedImagesIn(folder);
  if (E.isLeft(skippedImages)) return skippedImages;
  const skipped = skippedImages.right;
  const rollbacks = await rollbacksIn(folder);
  if (E.isLeft(rollbacks)) return rollbacks;
  const same = data && (await checkRunData(folder, existing.right, data));
  if (same && E.isLeft(same)) return same;
  const translated = checkRunTranslations(folder, existing.right?.translations, translations ?? {});
  if (translations !== undefined && E.isLeft(translated)) return translated;
  const binding = { data: data?.digest, translations, madeBy };
  const clock = await startClock(folder);
  const checkpointFolder = join(folder, 'checkpoints');
  await makeFolder(checkpointFolder);
  await removeAbandonedFiles(checkpointFolder);
  if (existing.right === null || same?.right === true) {
    if (data !== undefined) await writeRunData(folder, data);
    await writeRunFile(runFile, settings, { ...binding, outcome: existing.right?.outcome });
  }

  let outcome = found.right;
  const logPath = join(folder, 'metrics.jsonl');
  const log = runLog(logPath);
  const { mirrors = [], say = () => undefined } = options;
  const followers = followLog(log.records, mirrors, say);
  const checkpoints = checkpointsIn(checkpointFolder, join(folder, 'best.json'), keep);
  return E.right({
    folder,
    get outcome() {
      return outcome;
    },
    skipped,
    rollbacks: rollbacks.right,
    seconds: clock.seconds,
    async log(records) {
      await log.append(records);
      await followers.add(records);
    },
    records: log.records,
    async keep() {
      await skipped.save();
      await clock.save();
    },
    async checkpoint(step, state, score) {
      await skipped.save();
      await log.flush();
      const file = await checkpoints.write(step, state, score);
      await clock.save();
      await followers.catchUp();
      return file;
    },
    keepAlso: checkpoints.keepAlso,
    async resume(expected, onDamaged, goBack = false) {
      if (goBack) await checkpoints.goBack({ ...(onDamaged && { onDamaged }) });
      const reach = await log.reach();
      const newest = await checkpoints.newest(expected, {
        ...(onDamaged && { onDamaged }),
        log: { path: logPath, reach },
      });
      if (E.isLeft(newest)) return newest;
      try {
        await log.cutBack(newest.right?.step ?? -1);
      } catch (error) {
        if (newest.right !== null) disposeTensors(newest.right.state);
        throw error;
      }
      await followers.agree();
      return newest;
    },
    best: checkpoints.best,
    checkpointAt: checkpoints.at,
    latestFile: checkpoints.newestFile,
    async finish(value) {
      // The process may have died between the last checkpoint and its time.
      await clock.save();
      await followers.conclude(value);
      await writeRunFile(runFile, settings, { ...binding, outcome: value });
      outcome = value;
    },
    close: unlock,
  });
}
