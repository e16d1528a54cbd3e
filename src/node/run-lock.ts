/** One writer at a time for a folder. */
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import type { DataError } from '../data/data-error.ts';

const FILE = 'lock';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Takes a folder's lock, making the folder if need be. A lock left by a process that is gone is taken over.
 *
 * @returns How to give it back, or who holds it.
 */
export async function lockFolder(folder: string): Promise<E.Either<DataError, () => Promise<void>>> {
  const path = join(folder, FILE);
  await mkdir(folder, { recursive: true });
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(`${process.pid}\n`);
      await file.close();
      return E.right(() => rm(path, { force: true }));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = Number((await readFile(path, 'utf8').catch(() => '')).trim());
    if (holder > 0 && isAlive(holder)) {
      return E.left({
        where: folder,
        expected: 'a run that nobody else is writing',
        found: `process ${holder} at work on it`,
        cure: 'wait for it, stop it, or choose another folder',
      });
    }
    await rm(path, { force: true });
  }
  return E.left({
    where: path,
    expected: 'a lock that can be taken',
    found: 'one that others keep taking',
    cure: 'try again',
  });
}
