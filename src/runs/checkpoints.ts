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

/** The checkpoints in a folder. */
export interface Checkpoints {
  write(step: number, state: TensorTree, score?: number): Promise<string>;
  /** The newest whole one; damaged ones that are newer, and a best one that is, are removed. */
  newest<State extends TensorTree>(
    expected: State,
    onDamaged?: (error: DataError) => void,
  ): Promise<E.Either<DataError, Checkpoint<State> | null>>;
  best<State extends TensorTree>(expected: State): Promise<E.Either<DataError, BestCheckpoint<State> | null>>;
  /** The one after so many steps; null if there is none. */
  at<State extends TensorTree>(
    step: number,
    expected: State,
  ): Promise<E.Either<DataError, Checkpoint<State> | null>>;
  newestFile(): Promise<string | null>;
}

const LARGEST_STEP = 999_999_999;

const fileName = (step: number): string => `step-${String(step).padStart(9, '0')}.safetensors`;
const stepOf = (file: string): number => Number(/^step-(\d{9})\.safetensors$/.exec(file)?.[1] ?? Number.NaN);

/**
 * The checkpoints in `folder`, which is there.
 *
 * @param bestPath The file that names the best one.
 * @param keep How many of the newest are kept, two at least; null: all.
 */
export function checkpointsIn(folder: string, bestPath: string, keep: number | null = 2): Checkpoints {
  const fileOf = (step: number): string => join(folder, fileName(step));

  /** Newest first. */
  const steps = async (): Promise<number[]> =>
    (await readdir(folder))
      .map(stepOf)
      .filter((step) => !Number.isNaN(step))
      .sort((a, b) => b - a);

  const load = async (step: number): Promise<E.Either<DataError, Safetensors>> =>
    decodeSafetensors(await readFile(fileOf(step)), fileOf(step));

  const readBest = async (): Promise<BestFile | null> => {
    const best = parseJson((await readText(bestPath)) ?? '');
    return BestFileCodec.is(best) && (await steps()).includes(best.step) ? best : null;
  };

  const noteScore = async (step: number, score: number): Promise<void> => {
    const best = await readBest();
    if (Number.isFinite(score) && (best === null || score > best.score))
      await writeFileAtomically(bestPath, `${JSON.stringify({ step, score })}\n`);
  };

  const removeSuperseded = async (): Promise<void> => {
    const present = await steps();
    const newest = keep === null ? present : present.slice(0, Math.max(2, keep));
    const kept = [...newest, (await readBest())?.step];
    for (const step of present) if (!kept.includes(step)) await rm(fileOf(step));
  };

  return {
    async write(step, state, score = Number.NaN) {
      if (!(Number.isInteger(step) && step >= 0 && step <= LARGEST_STEP))
        throw new RangeError(`step: expected an integer from 0 to ${LARGEST_STEP}, received ${step}`);
      const metadata = { step: `${step}`, ...(Number.isFinite(score) && { score: `${score}` }) };
      await writeFileAtomically(fileOf(step), await encodeSafetensors(state, metadata));
      await noteScore(step, score);
      await removeSuperseded();
      return fileOf(step);
    },
    async newest(expected, onDamaged) {
      for (const step of await steps()) {
        const decoded = await load(step);
        if (E.isLeft(decoded)) {
          onDamaged?.(decoded.left);
          if ((await readBest())?.step === step) await rm(bestPath);
          await rm(fileOf(step));
          continue;
        }
        const restored = restoreTree(decoded.right, expected, fileOf(step));
        if (E.isLeft(restored)) return restored;
        try {
          // The process may have died before it could note this score or remove the one that this replaces.
          await noteScore(step, Number(decoded.right.metadata['score'] ?? Number.NaN));
          await removeSuperseded();
        } catch (error) {
          disposeTensors(restored.right);
          throw error;
        }
        return E.right({ step, state: restored.right });
      }
      return E.right(null);
    },
    async best(expected) {
      const best = await readBest();
      if (best === null) return E.right(null);
      const decoded = await load(best.step);
      if (E.isLeft(decoded)) return decoded;
      const restored = restoreTree(decoded.right, expected, fileOf(best.step));
      return E.isLeft(restored) ? restored : E.right({ ...best, state: restored.right });
    },
    async at(step, expected) {
      if (!(await steps()).includes(step)) return E.right(null);
      const decoded = await load(step);
      if (E.isLeft(decoded)) return decoded;
      const restored = restoreTree(decoded.right, expected, fileOf(step));
      return E.Functor.map(restored, (state) => ({ step, state }));
    },
    async newestFile() {
      const [newest] = await steps();
      return newest === undefined ? null : fileOf(newest);
    },
  };
}
