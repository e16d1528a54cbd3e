/**
 * What was installed, written down beside it once it has trained a step: a second run compares the files with it,
 * their contents included, instead of trusting that they are there.
 */
import { join } from 'node:path';
import { readdir } from 'node:fs/promises';
import * as t from 'io-ts';
import { either as E } from 'fp-ts';
import { writeFileAtomically } from '../../system/atomic-file.ts';
import { parseJson, readText } from '../../system/text-file.ts';
import { BINDING } from './binding.ts';
import { bytesOf } from './library.ts';
import { fileDigest } from './wheel.ts';

const StampCodec = t.readonly(
  t.type({
    /** Version of TensorFlow. */
    tensorflow: t.string,
    /** Where the library came from. */
    origin: t.string,
    /** SHA-256 of each file, by its path in the package. */
    files: t.readonly(t.record(t.string, t.string)),
  }),
);

/** What was installed. */
export type Stamp = t.TypeOf<typeof StampCodec>;

const stampFile = (folder: string): string => join(folder, 'model-patching-native.json');
const isLibrary = (name: string): boolean => name.endsWith('.so.2');

/** The stamp of a package folder; null if there is none. */
export async function readStamp(folder: string): Promise<Stamp | null> {
  const text = await readText(stampFile(folder)).catch(() => null);
  const stamp = StampCodec.decode(text === null ? undefined : parseJson(text));
  return E.isRight(stamp) ? stamp.right : null;
}

/** Writes the stamp of what is in a package folder. */
export async function writeStamp(
  folder: string,
  facts: Omit<Stamp, 'files'>,
  signal: AbortSignal,
): Promise<void> {
  const libraries = (await readdir(join(folder, 'deps', 'lib'))).filter(isLibrary);
  const paths = [...libraries.map((name) => join('deps', 'lib', name)), BINDING];
  const hashes = await Promise.all(
    paths.map(async (path) => [path, await fileDigest(join(folder, path), signal)] as const),
  );
  const stamp: Stamp = { ...facts, files: Object.fromEntries(hashes) };
  await writeFileAtomically(stampFile(folder), `${JSON.stringify(stamp, null, 2)}\n`);
}

/** The files of a stamp that are not as they were. */
export async function changedFiles(
  folder: string,
  stamp: Stamp,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const changed = await Promise.all(
    Object.entries(stamp.files).map(async ([path, hash]) => {
      const file = join(folder, path);
      return (await bytesOf(file)) > 0 && (await fileDigest(file, signal)) === hash ? [] : [path];
    }),
  );
  return changed.flat();
}
