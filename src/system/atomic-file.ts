/** Files that appear whole or not at all: written beside their place, flushed, then renamed, as POSIX renames atomically. */
import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { withRoomFor } from './full-disk.ts';
import { makeFolder } from './make-folder.ts';

const ABANDONED = /^\..+\.[0-9a-f-]{36}\.tmp$/;

/**
 * Writes a file beside its place, flushes it to the disk and renames it. A reader finds the old file or the new
 * one, never a part. The folder is made if it is not there.
 *
 * @param path The file; one that is there is replaced.
 * @param contents Text, written as UTF-8, or bytes in pieces.
 * @throws FullDiskError if there is no room, or what the file system says; the temporary file is removed.
 */
export async function writeFileAtomically(
  path: string,
  contents: string | readonly Uint8Array[],
): Promise<void> {
  const parts = typeof contents === 'string' ? [Buffer.from(contents)] : contents;
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  await withRoomFor(path, bytes, () => writeAndRename(path, parts));
}

async function writeAndRename(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder);
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Whether {@link writeFileAtomically} gives such names to files that are not whole yet. */
export const isTemporaryName = (name: string): boolean => ABANDONED.test(name);

/** Removes what {@link writeFileAtomically} left in a folder when its process was killed; nobody may be writing there. */
export async function removeAbandonedFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (isTemporaryName(name)) await rm(join(folder, name), { force: true });
  }
}
