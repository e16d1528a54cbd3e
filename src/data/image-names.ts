/**
 * Names of image files as tables give them. A table is somebody else's: a name must stay inside the folder of images,
 * and no image may come twice, since one that lies in two splits would be tested on what was trained on.
 */
import { either as E } from 'fp-ts';
import { refuse, type DataError } from './data-error.ts';

/** A path with one spelling: slashes, no empty or single-dot parts, no way up and down again; null if it leads out. */
function plainPath(path: string): string | null {
  const parts: string[] = [];
  for (const part of path.split(/[/\\]/)) {
    if (part === '..' && parts.pop() === undefined) return null;
    if (part !== '' && part !== '.' && part !== '..') parts.push(part);
  }
  return parts.join('/');
}

/**
 * A file of the folder of images, however its name is spelt: `./a.png`, `x//a.png`, `x\\a.png`, blanks around it. Or
 * why the name is none: it is empty, absolute, or climbs out of the folder.
 *
 * @param folder The folder of images.
 * @param name The name in the table, with slashes for folders inside.
 * @param where What to call its place in an error.
 * @param extension Put behind the name.
 */
export function imageFile(
  folder: string,
  name: string,
  where: string,
  extension = '',
): E.Either<DataError, string> {
  const stem = name.trim();
  const path = plainPath(stem + extension);
  const found =
    stem === ''
      ? 'none'
      : /^[/\\]/.test(stem) || /^[A-Za-z]:/.test(path ?? stem)
        ? `the absolute path ${JSON.stringify(name)}`
        : path === null
          ? `${JSON.stringify(name)}, which leads out of the folder`
          : path === ''
            ? `${JSON.stringify(name)}, which is the folder itself`
            : stem.includes('\0')
              ? `${JSON.stringify(name)}, with a zero byte`
              : undefined;
  return found === undefined
    ? E.right(folder === '' ? path! : `${folder.replace(/[/\\]$/, '')}/${path!}`)
    : refuse(
        where,
        `the name of a file inside ${folder === '' ? 'the folder of images' : folder}`,
        found,
        'give names relative to the folder of images',
      );
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
      return refuse(
        `${name}, line ${line}`,
        'every image once',
        `${file} again, after line ${first}`,
        'remove one of the lines',
      );
    }
    lines.set(file, line);
  }
  return E.right(rows);
}
