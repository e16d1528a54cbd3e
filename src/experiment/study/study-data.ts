/**
 * The data that a study is bound to. Each of its runs is bound to them too, but a later call may ask for other methods
 * or seeds, whose results would stand beside those of other data.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import type { DataSettings } from '../../config/schema/data-settings.ts';
import { refuse, type DataError } from '../../data/data-error.ts';
import { checkRunData } from '../../runs/run-data.ts';
import { readRunFile } from '../../runs/run-file.ts';
import type { DataFingerprint } from '../../streams/data-fingerprint.ts';
import { settingsHash } from '../../streams/record-manifest.ts';
import type { StudyFile } from './study-file.ts';

/** Fingerprints of the data of a study's experiments, by {@link dataKey}. */
export type StudyData = ReadonlyMap<string, DataFingerprint>;

/** Settings of data that are others for every seed of a study; the digest of digits does not depend on them. */
const OF_SEED = { corruptionSeed: undefined, drawSeed: undefined };

/** By what the digest of data is kept: their settings, wherever they lie and for whatever seed. */
export const dataKey = (data: DataSettings): string =>
  settingsHash({ ...data, ...OF_SEED, root: null }).slice(0, 16);

/** What `study.json` keeps of data. */
export const digestsOf = (data: StudyData): Readonly<Record<string, string>> =>
  Object.fromEntries([...data].map(([key, { digest }]) => [key, digest]));

/** The folders below a folder; none where it is not there. */
async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

/** What a run of a study says of data that are others than its own; undefined if no run is bound to the digest. */
async function saidByRun(
  out: string,
  digest: string,
  data: DataFingerprint,
): Promise<E.Either<DataError, boolean> | undefined> {
  for (const seed of await foldersIn(out))
    for (const folder of await foldersIn(seed)) {
      const run = await readRunFile(join(folder, 'run.json'));
      if (E.isRight(run) && run.right?.data === digest) return checkRunData(folder, run.right, data);
    }
  return undefined;
}

/**
 * Why data are not those of earlier calls. Images that were damaged may be mended.
 *
 * @param there What the study's file holds; null for a new one.
 * @param data As they are now.
 * @param out The study's folder.
 * @returns What has changed, as far as a run tells; undefined if nothing has.
 */
export async function studyDataFault(
  there: StudyFile | null,
  data: StudyData,
  out: string,
): Promise<DataError | undefined> {
  for (const [key, fingerprint] of data) {
    const known = there?.digests?.[key];
    if (known === undefined || known === fingerprint.digest) continue;
    const said =
      (await saidByRun(out, known, fingerprint)) ??
      refuse(
        join(out, 'study.json'),
        'the data that this study was begun with',
        'changed data',
        'give the data of then, or choose another folder to begin anew',
      );
    if (E.isLeft(said)) return said.left;
  }
  return undefined;
}
