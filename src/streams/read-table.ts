/** Reads the text of a data set's table, with a bound on its size. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { hasCode } from '../system/text-file.ts';

/** Ten times the largest table of the field, CelebA's attributes. */
const LARGEST = 2 ** 28;

/** UTF-8, or UTF-16 where a table begins with its mark, as Excel writes its Unicode text. */
function encodingOf([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
}

/** The text of bytes, or null if they are none. */
const textOf = (bytes: Uint8Array, encoding = encodingOf(bytes)): string | null =>
  E.getOrElseW(() => null)(
    E.tryCatch(
      () => new TextDecoder(encoding, { fatal: true }).decode(bytes),
      () => null,
    ),
  );

/** The first line that is no UTF-8, from 1. No other character has the byte of a line's end. */
function firstWrongLine(bytes: Uint8Array): number {
  for (let [line, at] = [1, 0]; ; line++) {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0 || textOf(bytes.subarray(at, end), 'utf-8') === null) return line;
    at = end + 1;
  }
}

/** The text of a table. What is no text is refused: read with U+FFFD, two names would become one. */
function decoded(file: string, bytes: Uint8Array): E.Either<DataError, string> {
  const text = textOf(bytes);
  if (text !== null) return E.right(text);
  const isUtf8 = encodingOf(bytes) === 'utf-8';
  return refuse(
    isUtf8 ? `${file}, line ${firstWrongLine(bytes)}` : file,
    'a table in UTF-8 or UTF-16',
    isUtf8 ? 'bytes that are no UTF-8' : 'the mark of UTF-16 and bytes that are none',
    'save it as CSV UTF-8',
  );
}

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
      return E.Functor.map(decoded(file, await readFile(file)), (text) => ({ file, text }));
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
