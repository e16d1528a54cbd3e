/** Making folders with Node's own recursive `mkdir` never ends below /proc, where nothing can be made. */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode, isFolder } from './text-file.ts';

async function makeOne(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (!(await isFolder(folder))) throw error;
  }
}

/**
 * Makes a folder, and those above it that are missing.
 *
 * @param folder May be there already.
 * @throws What the file system says where it cannot be made.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeOne(folder);
  } catch (error) {
    if (!hasCode(error, 'ENOENT') || dirname(folder) === folder) throw error;
    await makeFolder(dirname(folder));
    await makeOne(folder);
  }
}
