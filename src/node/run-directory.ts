/**
 * A run's folder: `run.json` (settings, and the outcome once there is one), `metrics.jsonl` (one record a line) and
 * `checkpoints/` (safetensors). A run that was stopped, however, goes on from its last whole checkpoint, and its
 * log is cut back to that step: in the end it holds the same lines as that of a run which never stopped.
 */
import { appendFile, mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import type { DataError } from '../data/data-error.ts';
import type { TensorTree } from '../tensor-tree.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { settingsHash } from './record-manifest.ts';
import { lockFolder } from './run-lock.ts';
import { decodeSafetensors, encodeSafetensors, restoreTree } from './safetensors.ts';

const RunCodec = t.intersection([
  t.type({ format: t.literal(1), settingsHash: t.string, settings: t.unknown }),
  t.partial({ outcome: t.unknown }),
]);
const BestCodec = t.type({ step: t.number, score: t.number });

type Best = t.TypeOf<typeof BestCodec>;

/** A record of the log: `step` says after how many steps it was written. */
export interface MetricsRecord {
  readonly step: number;
  readonly [field: string]: unknown;
}

/** State after so many steps. */
export interface Checkpoint<State> {
  readonly step: number;
  readonly state: State;
}

/** An open run; close it to let others write. */
export interface Run {
  readonly folder: string;
  /** What {@link Run.finish} was given, if the run has been finished. */
  readonly outcome: unknown;
  /** Appends records to `metrics.jsonl`. */
  log(records: readonly MetricsRecord[]): Promise<void>;
  /** All records of the log. */
  records(): Promise<readonly MetricsRecord[]>;
  /**
   * Writes a checkpoint and removes older ones but the previous and the best.
   *
   * @param score The higher the better; the best checkpoint is the first of the highest score.
   * @returns The file.
   */
  checkpoint(step: number, state: TensorTree, score?: number): Promise<string>;
  /**
   * The newest checkpoint that is whole; the log is cut back to its step (to nothing without one).
   *
   * @param expected The structure of the state.
   * @param onDamaged Told of every newer one that is not whole.
   * @returns A state owned by the caller, or null; or how the checkpoint differs from what is expected.
   */
  resume<State extends TensorTree>(
    expected: State,
    onDamaged?: (error: DataError) => void,
  ): Promise<E.Either<DataError, Checkpoint<State> | null>>;
  /** The checkpoint of the highest score, or null if no score was given. */
  best<State extends TensorTree>(
    expected: State,
  ): Promise<E.Either<DataError, (Checkpoint<State> & { readonly score: number }) | null>>;
  /** The file of the newest checkpoint, or null. */
  latestFile(): Promise<string | null>;
  /** Marks the run as done, with its outcome as JSON data. */
  finish(outcome: unknown): Promise<void>;
  close(): Promise<void>;
}

const checkpointName = (step: number): string => `step-${String(step).padStart(9, '0')}.safetensors`;
const stepOf = (file: string): number => Number(/^step-(\d{9})\.safetensors$/.exec(file)?.[1] ?? Number.NaN);

/** The settings that differ, as `path: there, here`. */
function differences(there: unknown, here: unknown, path = ''): string[] {
  if (JSON.stringify(there) === JSON.stringify(here)) return [];
  const both = [there, here].every(
    (value) => value !== null && typeof value === 'object' && !Array.isArray(value),
  );
  if (!both) return [`${path}: ${JSON.stringify(there)} there, ${JSON.stringify(here)} here`];
  const [a, b] = [there as Record<string, unknown>, here as Record<string, unknown>];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
    differences(a[key], b[key], path === '' ? key : `${path}.${key}`),
  );
}

async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
}

function parseJson(text: string): unknown {
  return E.toUnion(
    E.tryCatch(
      (): unknown => JSON.parse(text),
      () => undefined,
    ),
  );
}

/**
 * The settings file of a run or an experiment, if it is there.
 *
 * @param path JSON with at least `format`, `settingsHash` and `settings`.
 * @param settings What it must have been made with.
 * @returns Its outcome, null if there is no file, or which settings differ.
 */
export async function readSettingsFile(
  path: string,
  settings: unknown,
): Promise<E.Either<DataError, { outcome?: unknown } | null>> {
  const text = await readText(path);
  if (text === null) return E.right(null);
  const decoded = RunCodec.decode(parseJson(text));
  if (E.isLeft(decoded))
    return E.left({
      where: path,
      expected: 'the run file of a run, format 1',
      found: text.slice(0, 60),
      cure: 'delete the folder or choose another one',
    });
  if (decoded.right.settingsHash === settingsHash(settings)) return E.right(decoded.right);
  const found = differences(decoded.right.settings, JSON.parse(JSON.stringify(settings)))
    .slice(0, 4)
    .join('; ');
  return E.left({
    where: path,
    expected: 'a run of the same settings',
    found,
    cure: 'use those settings, or choose another folder with --out',
  });
}

/** Lines up to a step; a torn last line and everything behind it goes. */
function linesUpTo(text: string, step: number): string {
  const kept: string[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const record = parseJson(line);
    if (!(t.type({ step: t.number }).is(record) && record.step <= step)) break;
    kept.push(line);
  }
  return kept.map((line) => `${line}\n`).join('');
}

/**
 * Opens a run's folder, new or existing, for one writer.
 *
 * @param settings JSON data that the run's results depend on.
 * @returns The run; or that another process is writing it, or which settings it was made with.
 * @throws What the file system says where the folder cannot be written.
 * @example
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import * as tf from '@tensorflow/tfjs';
 * import { openRun } from 'model-patching/node';
 * const folder = await mkdtemp('run-');
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
export async function openRun(folder: string, settings: unknown): Promise<E.Either<DataError, Run>> {
  const lock = await lockFolder(folder);
  if (E.isLeft(lock)) return lock;
  const paths = {
    run: join(folder, 'run.json'),
    metrics: join(folder, 'metrics.jsonl'),
    best: join(folder, 'best.json'),
    checkpoints: join(folder, 'checkpoints'),
  };
  const existing = await readSettingsFile(paths.run, settings);
  if (E.isLeft(existing)) {
    await lock.right();
    return existing;
  }
  await mkdir(paths.checkpoints, { recursive: true });
  const writeRun = (outcome: unknown): Promise<void> =>
    writeFileAtomically(
      paths.run,
      `${JSON.stringify({ format: 1, settingsHash: settingsHash(settings), settings, outcome }, null, 2)}\n`,
    );
  if (existing.right === null) await writeRun(undefined);

  const steps = async (): Promise<number[]> =>
    (await readdir(paths.checkpoints))
      .map(stepOf)
      .filter((step) => !Number.isNaN(step))
      .sort((a, b) => b - a);
  const fileOf = (step: number): string => join(paths.checkpoints, checkpointName(step));
  const readBest = async (): Promise<Best | null> => {
    const best = parseJson((await readText(paths.best)) ?? '');
    return BestCodec.is(best) ? best : null;
  };
  const noteScore = async (step: number, score: number | undefined): Promise<Best | null> => {
    const best = await readBest();
    if (score === undefined || (best !== null && score <= best.score)) return best;
    await writeFileAtomically(paths.best, `${JSON.stringify({ step, score })}\n`);
    return { step, score };
  };
  const load = async (step: number) => decodeSafetensors(await readFile(fileOf(step)), fileOf(step));

  return E.right({
    folder,
    outcome: existing.right?.outcome,
    async log(records) {
      await appendFile(paths.metrics, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    },
    async records() {
      return linesUpTo((await readText(paths.metrics)) ?? '', Infinity)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => parseJson(line) as MetricsRecord);
    },
    async checkpoint(step, state, score) {
      await writeFileAtomically(
        fileOf(step),
        await encodeSafetensors(state, {
          step: `${step}`,
          ...(score !== undefined && { score: `${score}` }),
        }),
      );
      const best = await noteScore(step, score);
      const keep = new Set([...(await steps()).slice(0, 2), best?.step]);
      for (const old of await steps()) if (!keep.has(old)) await rm(fileOf(old));
      return fileOf(step);
    },
    async resume(expected, onDamaged) {
      let found: E.Either<DataError, Checkpoint<typeof expected> | null> = E.right(null);
      for (const step of await steps()) {
        const decoded = await load(step);
        if (E.isRight(decoded)) {
          const score = decoded.right.metadata['score'];
          await noteScore(step, score === undefined ? undefined : Number(score));
          found = E.Functor.map(restoreTree(decoded.right, expected, fileOf(step)), (state) => ({
            step,
            state,
          }));
          break;
        }
        onDamaged?.(decoded.left);
        await rm(fileOf(step));
      }
      if (E.isRight(found)) {
        const reached = found.right?.step ?? -1;
        const best = await readBest();
        if (best !== null && best.step > reached) await rm(paths.best);
        await writeFileAtomically(paths.metrics, linesUpTo((await readText(paths.metrics)) ?? '', reached));
      }
      return found;
    },
    async best(expected) {
      const best = await readBest();
      if (best === null) return E.right(null);
      return E.Functor.map(
        E.Monad.chain(await load(best.step), (decoded) => restoreTree(decoded, expected, fileOf(best.step))),
        (state) => ({ ...best, state }),
      );
    },
    async latestFile() {
      const [latest] = await steps();
      return latest === undefined ? null : fileOf(latest);
    },
    finish: writeRun,
    close: lock.right,
  });
}
