/**
 * The data that a run is bound to. `run.json` has their digest, and `data.gz` their listing, which says after a change
 * what is different. An image that was damaged may be mended: the run has not used it. A run that trains on translations is
 * bound to them too, and to the stage-1 runs that made them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import type { RunFile } from '../config/run-files.ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { listingChanges, type DataListing, type ListedImage } from '../data/data-listing.ts';
import { decodeListing, encodeListing, type DataFingerprint } from '../streams/data-fingerprint.ts';
import { writeFileAtomically } from '../system/atomic-file.ts';
import { skippedImagesIn, type SkippedImages } from './skipped-images.ts';

const pathIn = (folder: string): string => join(folder, 'data.gz');

/** Keeps what the data of a run are. */
export const writeRunData = async (folder: string, { listing }: DataFingerprint): Promise<void> =>
  writeFileAtomically(pathIn(folder), [await encodeListing(listing)]);

/** The listing with the contents of now for images that were damaged. */
function mendedIn(there: DataListing, here: DataListing, isDamaged: (name: string) => boolean): DataListing {
  const now = new Map(here.images.map((image) => [image.name, image.content]));
  const images = there.images.map((image) =>
    isDamaged(image.name) ? { ...image, content: now.get(image.name) ?? image.content } : image,
  );
  return { ...there, images };
}

/** The listing of the data that a run was begun with, or why there is none. */
async function keptListing(folder: string): Promise<E.Either<string, DataListing>> {
  const path = pathIn(folder);
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null) return E.left('data.gz is missing');
  return E.mapLeft(({ found }: DataError) => `data.gz is ${found}`)(await decodeListing(bytes, path));
}

/** The listing of the data that a run was begun with; null if it is missing, damaged or of an earlier version. */
export const readRunData = async (folder: string): Promise<DataListing | null> =>
  E.getOrElseW(() => null)(await keptListing(folder));

async function changesSince(
  folder: string,
  { listing: here, root = '' }: DataFingerprint,
  { wasDamaged }: Pick<SkippedImages, 'wasDamaged'>,
): Promise<readonly string[]> {
  const there = await keptListing(folder);
  return E.isLeft(there)
    ? [`other data; what differs is not known, as ${there.left}`]
    : listingChanges(
        mendedIn(there.right, here, (name) => wasDamaged(join(root, name))),
        here,
      );
}

/**
 * The images of a run that were damaged, and hold something else by now.
 *
 * @param folder Of the run.
 * @param data As they are now.
 * @returns As they are listed now; or what is wrong with the list of damaged ones.
 */
export async function mendedImages(
  folder: string,
  { listing, root = '' }: DataFingerprint,
): Promise<E.Either<DataError, readonly ListedImage[]>> {
  const [there, skipped] = [await readRunData(folder), await skippedImagesIn(folder)];
  const then = new Map(there?.images.map(({ name, content }) => [name, content]));
  return E.Functor.map(skipped, ({ wasDamaged }) =>
    listing.images.filter(({ name, content }) => then.get(name) !== content && wasDamaged(join(root, name))),
  );
}

/**
 * Makes sure that a run's data are those that it was begun with.
 *
 * @param folder Of the run.
 * @param run Its `run.json`; null for a new one, which any data suit.
 * @param data As they are now.
 * @returns Whether damaged images have been mended, so that the data are to be kept anew; or what has changed.
 */
export async function checkRunData(
  folder: string,
  run: RunFile | null,
  data: DataFingerprint,
): Promise<E.Either<DataError, boolean>> {
  if (run === null || run.data === data.digest) return E.right(false);
  const where = join(folder, 'run.json');
  if (run.data === undefined)
    return refuse(
      where,
      'a run that is bound to its data',
      'one of an earlier version',
      'choose another folder',
    );
  const skipped = await skippedImagesIn(folder);
  if (E.isLeft(skipped)) return skipped;
  const changes = await changesSince(folder, data, skipped.right);
  if (changes.length === 0) return E.right(true);
  return refuse(
    where,
    'the data that this run was begun with',
    `changed data: ${changes.join('; ')}`,
    'give the data of then, or choose another folder to begin anew',
  );
}

/**
 * Makes sure that a run's translations are those that it was begun with.
 *
 * @param folder Of the run.
 * @param there Digests of its translations in `run.json`, by their folders. A new run has none, nor has one of an earlier
 *   version; they take any.
 * @param here Digests of the translations as they are now, by their folders.
 * @returns Nothing; or which translations have changed.
 */
export function checkRunTranslations(
  folder: string,
  there: Readonly<Record<string, string>> | undefined,
  here: Readonly<Record<string, string>>,
): E.Either<DataError, null> {
  if (there === undefined) return E.right(null);
  const changed = Object.keys({ ...there, ...here }).filter((name) => there[name] !== here[name]);
  return changed.length === 0
    ? E.right(null)
    : refuse(
        join(folder, 'run.json'),
        'the translations that this run was begun with',
        `others in ${changed.length} of ${Object.keys({ ...there, ...here }).length} record folders (first: ${changed[0]!})`,
        'give the translations of then, or choose another folder to begin anew',
      );
}
