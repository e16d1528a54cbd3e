/**
 * The rollbacks of a run: when its numbers were no longer finite, it went back to a checkpoint and on with half the
 * learning rates. They have a file of their own, `rollbacks.json`, which is written before the run goes on. The factor
 * of a step follows from that list alone. So a run that is killed behind a rollback, and one that falls back to an
 * older checkpoint, take every step with the rates that it would have had without.
 */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { decodeJson } from '../config/decoding.ts';
import { RollbacksFileCodec, type Rollback } from '../config/run-files.ts';
import type { DataError } from '../data/data-error.ts';
import { writeFileAtomically } from '../system/atomic-file.ts';
import { readText } from '../system/text-file.ts';

export type { Rollback };

/** The rollbacks of a run, over all the times that it was gone on with. */
export interface RunRollbacks {
  /** In the order in which they came to pass. */
  all(): readonly Rollback[];
  /** Adds one, and keeps it before it returns. */
  note(rollback: Rollback): Promise<void>;
}

/**
 * What the learning rates of a step are multiplied with: ½ for every rollback to it or to a step before.
 *
 * @param rollbacks Of the run.
 * @param index The step, 0, 1, 2, …
 * @returns A power of two, 1 without rollbacks.
 */
export const rateFactorAt = (rollbacks: readonly Rollback[], index: number): number =>
  2 ** -rollbacks.filter(({ to }) => to <= index).length;

/**
 * The rollbacks of the run in a folder.
 *
 * @param folder The folder of the run.
 * @returns The rollbacks; or what is wrong with their file.
 */
export async function rollbacksIn(folder: string): Promise<E.Either<DataError, RunRollbacks>> {
  const path = join(folder, 'rollbacks.json');
  const kept = decodeJson(RollbacksFileCodec, (await readText(path)) ?? '[]', path);
  if (E.isLeft(kept)) return E.left(kept.left[0]!);
  let rollbacks = kept.right;
  return E.right({
    all: () => rollbacks,
    async note(rollback) {
      const next = [...rollbacks, rollback];
      await writeFileAtomically(path, `${JSON.stringify(next, null, 2)}\n`);
      rollbacks = next;
    },
  });
}
