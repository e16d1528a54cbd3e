/** Reads the text of a data set's table, with a bound on its size. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { hasCode } from '../system/text-file.ts';

/** Ten times the largest table of the field, CelebA's attributes. */
const LARGEST = 2 ** 28;

/** The text of a table: UTF-8, or UTF-16 where it begins with that mark, as Excel writes its Unicode text. */
const decoded = (bytes: Uint8Array): string =>
  new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8').decode(bytes);

/**
 * The first of several tables that is in a folder.
 *
 * @param folder The folder.
 * @param names Names of the table, in order of preference.
 * @param layout What the folder should hold, for the error.
 * @param otherwise What to do with what the folder holds instead, if that is to be said.
 * @returns Its path and its text.
 */
export async function readTable(
  folder: string,
  names: readonly string[],
  layout: string,
  otherwise: (entries: readonly string[]) => string | undefined = () => undefined,
): Promise<E.Either<DataError, { readonly file: string; readonly text: string }>> {
  const cure = 'give the folder of the data set; docs/guide/data-sets.md says where to get it';
  for (const name of names) {
    const file = join(folder, name);
    try {
      const { size } = await stat(file);
      if (size > LARGEST) {
        return refuse(
          file,
          `a table of at most ${LARGEST} bytes`,
          `${size} bytes`,
          'give the table of the images',
        );
      }
      return E.right({ file, text: decoded(await readFile(file)) });
    } catch (error) {
      if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) continue;
      return refuse(file, 'a readable file', String(error), 'check who may read it');
    }
  }
  const entries = await readdir(folder).catch(() => null);
  const found =
    entries === null
      ? 'no such folder'
      : entries.length === 0
        ? 'an empty folder'
        : `only ${entries.sort().slice(0, 8).join(', ')}`;
  const expected = `${names.join(' or ')}, in a folder with ${layout}`;
  return refuse(folder, expected, found, otherwise(entries ?? []) ?? cure);
}
