/** Makes sure that the files of a data set's images are there, before a run begins. */
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { either as E } from 'fp-ts';
import type { DataError } from '../data/data-error.ts';
import { SPLITS, type Dataset } from '../data/dataset.ts';
import { hasCode } from '../system/text-file.ts';
import { missingFilesFault, type NamedFiles } from './missing-files.ts';

/** Errors of a folder that is not there, or whose name is longer than any. */
const ABSENT = ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'];

/** The names in a folder, or null if there is none. */
export const entriesIn = (folder: string): Promise<readonly string[] | null> =>
  readdir(folder).catch((error: unknown) => {
    if (ABSENT.some((code) => hasCode(error, code))) return null;
    throw error;
  });

/** Makes sure that the files of all images are there, reading every folder once. */
async function withoutMissing(
  dataset: Dataset,
  files: Omit<NamedFiles, 'name'>,
): Promise<E.Either<DataError, Dataset>> {
  const folders = new Map<string, ReadonlySet<string> | null>();
  const missing: string[] = [];
  for (const { image } of SPLITS.flatMap((split) => dataset.splits[split])) {
    if (image.record !== undefined) continue;
    const folder = dirname(image.file);
    if (!folders.has(folder)) {
      const names = await entriesIn(folder);
      folders.set(folder, names === null ? null : new Set(names));
    }
    if (folders.get(folder)?.has(image.file.slice(image.file.lastIndexOf('/') + 1)) !== true) {
      missing.push(image.file);
    }
  }
  return missing.length === 0
    ? E.right(dataset)
    : E.left(await missingFilesFault(missing, { ...files, name: dataset.name }));
}

/** The data set, if it could be described and the files of all its images are there. */
export const checkFiles = (
  described: E.Either<DataError, Dataset>,
  files: Omit<NamedFiles, 'name'>,
): Promise<E.Either<DataError, Dataset>> =>
  E.isLeft(described) ? Promise.resolve(described) : withoutMissing(described.right, files);
