/**
 * What the translations are that a run of stage 2 trains on: a digest of each record folder. Those of a stage-1 run have
 * the hashes of their shards in their manifests; those of others are read.
 */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import type { DataError } from '../../data/data-error.ts';
import type { ImageLocation } from '../../data/dataset.ts';
import { contentHashes } from '../../streams/content-hashes.ts';
import { readRecordManifest } from '../../streams/record-files.ts';
import { settingsHash } from '../../streams/record-manifest.ts';

/** Digests by record folder, such as `train/(Y=0)(Z=1)(A-F)`. */
export type TranslationContents = Readonly<Record<string, string>>;

/** A record folder of translations. */
export interface TranslationRecords {
  readonly folder: string;
  readonly split: string;
  /** Its name, such as `(Y=0)(Z=1)(A-F)`. */
  readonly name: string;
  /** Where its images are, in their order. */
  readonly images: readonly ImageLocation[];
}

/** The digest of a record folder that this package wrote, from the settings if they are given. */
export async function writtenContents(
  { folder, split, name }: Omit<TranslationRecords, 'images'>,
  made: { readonly settings?: unknown } = {},
): Promise<E.Either<DataError, string>> {
  const manifest = await readRecordManifest(join(folder, split), name, made);
  return E.Functor.map(manifest, ({ shards }) => settingsHash(shards.map(({ sha256 }) => sha256)));
}

/** The digest of a record folder that others wrote, by every image that it holds. */
export const foreignContents = async ({ folder, images }: TranslationRecords): Promise<string> =>
  settingsHash(await contentHashes(folder, images));
