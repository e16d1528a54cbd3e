/** Files that appear whole or not at all. */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file beside its place, flushes it to the disk and renames it: a reader finds the old file or the new
 * one, never a part. The folder is made if it is not there.
 *
 * @throws What the file system says; the temporary file is removed.
 */
export async function writeFileAtomically(
  path: string,
  contents: string | readonly Uint8Array[],
): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.${basename(path)}.${process.pid}.tmp`);
  try {
    const file = await open(temporary, 'w');
    try {
      for (const part of typeof contents === 'string' ? [contents] : contents) await file.writeFile(part);
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
