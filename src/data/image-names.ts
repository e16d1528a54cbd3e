/**
 * Names of image files as tables give them. A table is somebody else's: a name must stay inside the folder of images,
 * and no image may come twice, since one that lies in two splits would be tested on what was trained on.
 */
import { either as E } from 'fp-ts';
import type { DataError } from './data-error.ts';

/**
 * A file of the folder of images, or why the name is none: it is empty, absolute, or climbs out of the folder.
 *
 * @param folder The folder of images.
 * @param name The name in the table, with slashes for folders inside.
 * @param where What to call its place in an error.
 */
export function imageFile(folder: string, name: string, where: string): E.Either<DataError, string> {
  const parts = name.split(/[/\\]/);
  const found =
    name.trim() === ''
      ? 'none'
      : parts[0] === '' || /^[A-Za-z]:/.test(name)
        ? `the absolute path ${JSON.stringify(name)}`
        : parts.includes('..')
          ? `${JSON.stringify(name)}, which leads out of the folder`
          : name.includes('\0')
            ? `${JSON.stringify(name)}, with a zero byte`
            : undefined;
  return found === undefined
    ? E.right(folder === '' ? name : `${folder.replace(/[/\\]$/, '')}/${name}`)
    : E.left({
        where,
        expected: `the name of a file inside ${folder === '' ? 'the folder of images' : folder}`,
        found,
        cure: 'give names relative to the folder of images',
      });
}

/**
 * Checks that no file comes twice.
 *
 * @param rows Files and the lines that name them.
 * @param name What to call the table in an error.
 */
export function withoutDuplicates<Row extends { readonly file: string; readonly line: number }>(
  rows: readonly Row[],
  name: string,
): E.Either<DataError, readonly Row[]> {
  const lines = new Map<string, number>();
  for (const { file, line } of rows) {
    const first = lines.get(file);
    if (first !== undefined) {
      return E.left({
        where: `${name}, line ${line}`,
        expected: 'every image once',
        found: `${file} again, after line ${first}`,
        cure: 'remove one of the lines',
      });
    }
    lines.set(file, line);
  }
  return E.right(rows);
}
