/**
 * The checkpoints of a run: `step-000000120.safetensors`. At least the two newest are kept, so that one of them is
 * whole whatever happens, and the best by score, which `best.json` names.
 */
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { BestFileCodec, type BestFile } from '../config/run-files.ts';
import type { DataError } from '../data/data-error.ts';
import { disposeTensors, type TensorTree } from '../tensor-tree.ts';
import { writeFileAtomically } from '../system/atomic-file.ts';
import { decodeSafetensors, encodeSafetensors, restoreTree, type Safetensors } from './safetensors.ts';
import { parseJson, readText } from '../system/text-file.ts';

/** State after so many steps. */
export interface Checkpoint<State> {
  readonly step: number;
  readonly state: State;
}

/** A checkpoint that no other one surpasses. */
export interface BestCheckpoint<State> extends Checkpoint<State> {
  readonly score: number;
}

/** Which checkpoint is the newest to go on from. */
export interface NewestOptions {
  /** Told of what is damaged; the cure says what is done. */
  readonly onDamaged?: (error: DataError) => void;
  /** The log that belongs to the checkpoints, and the step that its whole lines reach. */
  readonly log?: { readonly path: string; readonly reach: number };
}

/** The checkpoints in a folder. */
export interface Checkpoints {
  write(step: number, state: TensorTree, score?: number): Promise<string>;
  /** The newest whole one; damaged ones that are newer, and a best one that is, are removed. */
  newest<State extends TensorTree>(
    expected: State,
    options?: NewestOptions,
  ): Promise<E.Either<DataError, Checkpoint<State> | null>>;
  best<State extends TensorTree>(expected: State): Promise<E.Either<DataError, BestCheckpoint<State> | null>>;
  /** The one after so many steps; null if there is none. */
  at<State extends TensorTree>(
    step: number,
    expected: State,
  ): Promise<E.Either<DataError, Checkpoint<State> | null>>;
  newestFile(): Promise<string | null>;
  /** Keeps the newest of some steps from now on, beside the others. */
  keepAlso(among: (step: number) => boolean): void;
  /** Removes all that are newer than the newest whole one of those steps; nothing if there is none. */
  goBack(options?: NewestOptions): Promise<void>;
}

const LARGEST_STEP = 999_999_999;

const fileName = (step: number): string => `step-${String(step).padStart(9, '0')}.safetensors`;
const stepOf = (file: string): number => Number(/^step-(\d{9})\.safetensors$/.exec(file)?.[1] ?? Number.NaN);

/** Where checkpoints are. */
interface Place {
  readonly folder: string;
  /** The file that names the best one. */
  readonly bestPath: string;
  /** How many of the newest are kept; null: all. */
  readonly keep: number | null;
  /** Steps of which the newest is kept too. */
  among: (step: number) => boolean;
}

const pathOf = ({ folder }: Place, step: number): string => join(folder, fileName(step));

/** The steps of all checkpoints, newest first. */
const stepsIn = async ({ folder }: Place): Promise<number[]> =>
  (await readdir(folder))
    .map(stepOf)
    .filter((step) => !Number.isNaN(step))
    .sort((a, b) => b - a);

async function readBest(place: Place): Promise<BestFile | null> {
  const best = parseJson((await readText(place.bestPath)) ?? '');
  return BestFileCodec.is(best) && (await stepsIn(place)).includes(best.step) ? best : null;
}

async function noteScore(place: Place, step: number, score: number): Promise<void> {
  const best = await readBest(place);
  if (Number.isFinite(score) && (best === null || score > best.score))
    await writeFileAtomically(place.bestPath, `${JSON.stringify({ step, score })}\n`);
}

async function removeSuperseded(place: Place): Promise<void> {
  const { keep, among } = place;
  const present = await stepsIn(place);
  const newest = keep === null ? present : present.slice(0, Math.max(2, keep));
  const kept = [...newest, present.find(among), (await readBest(place))?.step];
  for (const step of present) if (!kept.includes(step)) await rm(pathOf(place, step));
}

async function removeOne(place: Place, step: number): Promise<void> {
  if ((await readBest(place))?.step === step) await rm(place.bestPath);
  await rm(pathOf(place, step));
}

const load = async (place: Place, step: number): Promise<E.Either<DataError, Safetensors>> =>
  decodeSafetensors(await readFile(pathOf(place, step)), pathOf(place, step));

async function restore<State extends TensorTree>(
  place: Place,
  step: number,
  expected: State,
): Promise<E.Either<DataError, Checkpoint<State>>> {
  const restored = E.Monad.chain(await load(place, step), (file) =>
    restoreTree(file, expected, pathOf(place, step)),
  );
  return E.Functor.map(restored, (state) => ({ step, state }));
}

async function write(place: Place, step: number, state: TensorTree, score = Number.NaN): Promise<string> {
  if (!(Number.isInteger(step) && step >= 0 && step <= LARGEST_STEP))
    throw new RangeError(`step: expected an integer from 0 to ${LARGEST_STEP}, received ${step}`);
  const metadata = { step: `${step}`, ...(Number.isFinite(score) && { score: `${score}` }) };
  await writeFileAtomically(pathOf(place, step), await encodeSafetensors(state, metadata));
  await noteScore(place, step, score);
  await removeSuperseded(place);
  return pathOf(place, step);
}

/** A checkpoint whose file is whole. */
interface WholeFile {
  readonly step: number;
  readonly file: Safetensors;
}

const scoreOf = ({ metadata }: Safetensors): number => Number(metadata['score'] ?? Number.NaN);

const TAKEN = 'an older checkpoint is taken';

/** The newest whole file up to a step; damaged ones are told and removed. */
async function wholeFileUpTo(
  place: Place,
  limit: number,
  { onDamaged }: NewestOptions,
): Promise<WholeFile | null> {
  const steps = (await stepsIn(place)).filter((step) => step <= limit);
  for (const [i, step] of steps.entries()) {
    const decoded = await load(place, step);
    if (E.isRight(decoded)) return { step, file: decoded.right };
    const isLast = limit === LARGEST_STEP && i === steps.length - 1;
    onDamaged?.({ ...decoded.left, cure: isLast ? 'no checkpoint is left, the run begins anew' : TAKEN });
    await removeOne(place, step);
  }
  return null;
}

/** Goes back to the newest whole one up to a step; null, and nothing is removed, if there is none. */
async function backTo(place: Place, limit: number, options: NewestOptions): Promise<WholeFile | null> {
  const older = (await stepsIn(place)).some((step) => step <= limit);
  const found = older ? await wholeFileUpTo(place, limit, options) : null;
  if (found !== null)
    for (const step of await stepsIn(place)) if (step > found.step) await removeOne(place, step);
  return found;
}

/** The file, or an older one that the log reaches: what is behind a torn line is logged again from there. */
async function reachedByLog(place: Place, newest: WholeFile, options: NewestOptions): Promise<WholeFile> {
  const { log, onDamaged } = options;
  if (log === undefined || log.reach >= newest.step) return newest;
  const older = await backTo(place, log.reach, options);
  onDamaged?.({
    where: log.path,
    expected: `whole lines up to step ${newest.step}`,
    found: `a line that is cut off after step ${log.reach}`,
    cure: older === null ? 'the run goes on without that line, since no checkpoint is older' : TAKEN,
  });
  return older ?? newest;
}

/** Finds the best one by the scores in the files, where the file that names it is damaged. */
async function mendBest(place: Place): Promise<void> {
  if ((await readText(place.bestPath)) === null || (await readBest(place)) !== null) return;
  // The first of the highest score is the best one.
  for (const step of [...(await stepsIn(place))].reverse()) {
    const decoded = await load(place, step);
    if (E.isRight(decoded)) await noteScore(place, step, scoreOf(decoded.right));
  }
}

/** What is wrong with the best checkpoint before this one, if anything is. */
async function damagedBest(
  place: Place,
  newest: WholeFile,
): Promise<{ readonly step: number; readonly fault: DataError } | null> {
  const best = await readBest(place);
  if (best === null || best.step >= newest.step) return null;
  const decoded = await load(place, best.step);
  return E.isLeft(decoded) ? { step: best.step, fault: decoded.left } : null;
}

/** The file, or one before the best checkpoint if that is damaged: training goes through it again. */
async function withWholeBest(
  place: Place,
  newest: WholeFile,
  options: NewestOptions,
): Promise<E.Either<DataError, WholeFile>> {
  const damaged = await damagedBest(place, newest);
  if (damaged === null) return E.right(newest);
  const { step, fault } = damaged;
  const older = await backTo(place, step - 1, options);
  if (older !== null) {
    options.onDamaged?.({ ...fault, cure: TAKEN });
    return withWholeBest(place, older, options);
  }
  const cure = `it is the best one and none is older: restore it from a copy, or remove ${place.folder}, and the same command trains it again`;
  return E.left({ ...fault, cure });
}

async function newestWhole<State extends TensorTree>(
  place: Place,
  expected: State,
  options: NewestOptions,
): Promise<E.Either<DataError, Checkpoint<State> | null>> {
  const whole = await wholeFileUpTo(place, LARGEST_STEP, options);
  if (whole === null) return E.right(null);
  await mendBest(place);
  const found = await withWholeBest(place, await reachedByLog(place, whole, options), options);
  if (E.isLeft(found)) return found;
  const { step, file } = found.right;
  const restored = restoreTree(file, expected, pathOf(place, step));
  if (E.isLeft(restored)) return restored;
  try {
    // The process may have died before it could note this score or remove the one that this replaces.
    await noteScore(place, step, scoreOf(file));
    await removeSuperseded(place);
  } catch (error) {
    disposeTensors(restored.right);
    throw error;
  }
  return E.right({ step, state: restored.right });
}

/**
 * The checkpoints in `folder`, which is there.
 *
 * @param folder Holds a file for each.
 * @param bestPath The file that names the best one.
 * @param keep How many of the newest are kept, two at least; null: all.
 */
export function checkpointsIn(folder: string, bestPath: string, keep: number | null = 2): Checkpoints {
  const place: Place = { folder, bestPath, keep, among: () => false };
  return {
    write: (step, state, score) => write(place, step, state, score),
    newest: (expected, options = {}) => newestWhole(place, expected, options),
    async best(expected) {
      const best = await readBest(place);
      if (best === null) return E.right(null);
      return E.Functor.map(await restore(place, best.step, expected), (found) => ({ ...found, ...best }));
    },
    at: async (step, expected) =>
      (await stepsIn(place)).includes(step) ? restore(place, step, expected) : E.right(null),
    async newestFile() {
      const [newest] = await stepsIn(place);
      return newest === undefined ? null : pathOf(place, newest);
    },
    keepAlso(among) {
      place.among = among;
    },
    async goBack(options = {}) {
      for (const step of (await stepsIn(place)).filter(place.among)) {
        const decoded = await load(place, step);
        if (E.isRight(decoded)) {
          for (const newer of await stepsIn(place)) if (newer > step) await removeOne(place, newer);
          return;
        }
        options.onDamaged?.({ ...decoded.left, cure: TAKEN });
        await removeOne(place, step);
      }
    },
  };
}
