/** Files that may not be there, or not be whole. */
import { readFile, stat } from 'node:fs/promises';
import { either as E } from 'fp-ts';
import { jsonValue } from '../data/json-text.ts';

/** Whether an error is the file system's or the kernel's, of this code. */
export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** What an error says, whatever was thrown. */
export const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The file's text, or null if there is no such file, also where a file stands in the place of its folder. */
export async function readText(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return null;
    throw error;
  });
}

/** JSON data, or undefined if the text is none. */
export function parseJson(text: string): unknown {
  return E.toUnion(
    E.tryCatch(
      () => jsonValue(text),
      () => undefined,
    ),
  );
}

/** Whether there is a file or folder. */
export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Whether there is a folder. */
export const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
