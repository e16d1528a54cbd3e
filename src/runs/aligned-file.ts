/** A file that is a function of another one: what agrees with it stays where it is, and the rest is written anew. */
import { constants } from 'node:fs';
import { open, readFile, truncate } from 'node:fs/promises';
import { withRoomFor } from '../system/full-disk.ts';
import { hasCode } from '../system/text-file.ts';

/** What is appended at once. */
const PIECE = 2 ** 20;

/** How the bytes of a file are compared with what is expected. */
export interface AlignmentRule {
  /** Where the part that begins at a byte ends, if it agrees with the expected one; null if it does not. */
  endOf(bytes: Uint8Array, start: number, expected: Uint8Array): number | null;
  /** Whether the part that begins at a byte is only the beginning of one, as after a write that was cut short. */
  isTorn(bytes: Uint8Array, start: number): boolean;
}

/** Appends to a file. One that is not there is made only where it is said to be new. */
export async function appendTo(path: string, bytes: Uint8Array, isNew = false): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_APPEND | (isNew ? constants.O_CREAT : 0);
  await withRoomFor(path, bytes.length, async () => {
    const file = await open(path, flags);
    await file.writeFile(bytes).finally(() => file.close());
  });
}

/** The bytes of a file; null if there is none. */
export const bytesIfThere = (path: string): Promise<Uint8Array | null> =>
  readFile(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  });

/**
 * Makes a file agree with what is expected. It is cut and added to in its place, so that a program which follows it
 * reads on where it was.
 *
 * @param path Made if it is not there, and something is expected.
 * @param expected The parts that it is to hold, in order.
 * @param rule Compares them.
 * @returns The byte from which it held something else than expected, but for a torn end and further parts; or null.
 */
export async function alignFile(
  path: string,
  expected: AsyncIterable<Uint8Array>,
  { endOf, isTorn }: AlignmentRule,
): Promise<number | null> {
  const bytes = await bytesIfThere(path);
  let end = 0;
  let disagreesAt: number | null = null;
  let added: Uint8Array[] | null = null;
  let size = 0;
  const flush = async (): Promise<void> => {
    await appendTo(path, Buffer.concat(added!), true);
    [added, size] = [[], 0];
  };
  for await (const part of expected) {
    const next = added === null && bytes !== null ? endOf(bytes, end, part) : null;
    if (next !== null) {
      end = next;
      continue;
    }
    if (added === null && bytes !== null && end < bytes.length) {
      if (!isTorn(bytes, end)) disagreesAt = end;
      await truncate(path, end);
    }
    (added ??= []).push(part);
    size += part.length;
    if (size >= PIECE) await flush();
  }
  if (added === null && bytes !== null && end < bytes.length) await truncate(path, end);
  if (size > 0) await flush();
  return disagreesAt;
}
