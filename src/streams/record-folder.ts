/**
 * A folder of records is the place of images. This package writes record folders with a manifest. Those of others,
 * such as the published translations, have none.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E, function as F } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import type { ExampleFeatures } from '../data/example.ts';
import { integerFeature } from '../data/record-features.ts';
import { checkSettings, decodeManifest, type RecordShard } from './record-manifest.ts';
import { readText } from '../system/text-file.ts';
import { findShards } from './list-shards.ts';
import { indexRecords, type IndexedRecord } from './record-index.ts';

/** A folder for files that are needed for as long as a data set is; made when it is first asked for. */
export interface ScratchFolder {
  /** Its path; makes it. */
  readonly path: () => Promise<string>;
  /** Removes it with everything in it. */
  readonly remove: () => Promise<void>;
}

/**
 * A scratch folder in the system's folder for temporary files.
 *
 * @returns Its path once it is asked for, and what removes it.
 */
export function scratchFolder(): ScratchFolder {
  let made: Promise<string> | undefined;
  return {
    path: () => (made ??= mkdtemp(join(tmpdir(), 'model-patching-'))),
    remove: async () => {
      if (made !== undefined) await rm(await made, { recursive: true, force: true });
      made = undefined;
    },
  };
}

/** What is expected of a folder of translations. */
export interface TranslationFolderOptions {
  /** Number of records, one of each translated image. */
  readonly count?: number;
  /** If given, a manifest must be there and name these settings. */
  readonly settings?: unknown;
}

/** The shards that a manifest names, all of them files of its folder. */
const shardsNamed = (
  path: string,
  text: string,
  settings: unknown,
): E.Either<DataError, readonly RecordShard[]> =>
  F.pipe(
    decodeManifest(path, new TextEncoder().encode(text)),
    E.chain((manifest) => checkSettings(path, manifest, settings)),
    E.chain(({ shards }) => {
      const outside = shards.find(({ file }) => !/^[^./\\][^/\\]*$/.test(file));
      return outside === undefined
        ? E.right(shards)
        : refuse(
            path,
            'shards inside the folder',
            JSON.stringify(outside.file),
            'make the record folder again',
          );
    }),
  );

/** The manifest's shards, or null if the folder has none. */
async function shardsOfManifest(
  folder: string,
  settings: unknown,
): Promise<E.Either<DataError, readonly RecordShard[] | null>> {
  const path = join(folder, 'manifest.json');
  try {
    const text = await readText(path);
    if (text !== null) return shardsNamed(path, text, settings);
  } catch (error) {
    return refuse(
      path,
      'a readable file',
      error instanceof Error ? error.message : String(error),
      'check who may read it',
    );
  }
  return settings === undefined
    ? E.right(null)
    : refuse(
        path,
        'a manifest with the settings that the records were made from',
        'none',
        'give a folder that this package wrote, or accept records of unknown origin',
      );
}

function checkCount<A>(
  folder: string,
  records: readonly A[],
  count: number | undefined,
): E.Either<DataError, readonly A[]> {
  return count === undefined || records.length === count
    ? E.right(records)
    : refuse(
        folder,
        `${count} records, one of each image of the group`,
        String(records.length),
        'give the translations of this group and split',
      );
}

function translation(features: ExampleFeatures, where: string): E.Either<DataError, number> {
  return features['image']?.kind === 'bytes'
    ? integerFeature(features, 'label', where)
    : refuse(
        `${where}, feature image`,
        'bytes',
        features['image']?.kind ?? 'none',
        'give records with the features image and label',
      );
}

/** The records of a folder of translations, and what there is to say of it. */
export interface IndexedTranslations {
  readonly records: readonly IndexedRecord<number>[];
  /** What was left out, in a line; or none. */
  readonly notices: readonly string[];
}

/**
 * Indexes the records of translated images: the features `image` (a JPEG or PNG file) and `label`, in stored order.
 *
 * @param folder A record folder with a manifest, or a folder of shards `NN-10240.tfrec` without one, as published.
 * @param scratch Where compressed shards are expanded.
 * @param options The number of records and the settings that are expected.
 * @returns Where each record lies, and its label; or which file is missing, damaged or not that of the manifest, or what
 *   else is wrong.
 */
export async function indexTranslations(
  folder: string,
  scratch: ScratchFolder,
  options: TranslationFolderOptions = {},
): Promise<E.Either<DataError, IndexedTranslations>> {
  const named = await shardsOfManifest(folder, options.settings);
  if (E.isLeft(named)) return named;
  const shards =
    named.right === null
      ? await findShards(folder)
      : E.right({ paths: named.right.map(({ file }) => join(folder, file)), notices: [] });
  if (E.isLeft(shards)) return shards;
  const { paths, notices } = shards.right;
  const indexed = await indexRecords(paths, scratch.path, translation, named.right ?? []);
  const records = E.Monad.chain(indexed, (found) => checkCount(folder, found, options.count));
  return E.Functor.map(records, (found) => ({ records: found, notices }));
}
