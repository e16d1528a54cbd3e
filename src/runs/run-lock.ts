/**
 * One writer at a time for a folder. The lock is a file that names its process by number and start, since numbers
 * come round again, in containers at every start; that of a process which is gone is taken over. It guards against
 * processes of the same machine only.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { either as E } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { isTemporaryName, removeAbandonedFiles } from '../system/atomic-file.ts';
import { makeFolder } from '../system/make-folder.ts';
import { withRoomFor } from '../system/full-disk.ts';
import { hasCode, readText } from '../system/text-file.ts';

/** When a process started, in the kernel's ticks; empty where the system does not tell, and of one that has ended. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field, the program's name, is in parentheses and may hold spaces; the start is the 22nd.
  const [state, ...others] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? '' : (others[18] ?? '');
}

async function isAlive(pid: number, start: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!hasCode(error, 'EPERM')) return false;
  }
  return (await startOf(pid)) === start;
}

async function create(path: string, text: string): Promise<void> {
  try {
    await withRoomFor(path, text.length, async () => {
      const file = await open(path, 'wx');
      try {
        await file.writeFile(text).finally(() => file.close());
      } catch (error) {
        // A part of a lock would name this process to itself. Another process may have put its own in the place.
        const found = await readText(path);
        if (found !== null && text.startsWith(found)) await rm(path, { force: true });
        throw error;
      }
    });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
}

/** Takes a stale lock away, but puts it back if another process has replaced it by its own in between. */
async function takeAway(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
    if ((await readText(aside)) !== stale) await copyFile(aside, path, constants.COPYFILE_EXCL);
  } catch (error) {
    if (!hasCode(error, 'ENOENT') && !hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Whether the process that a lock names is at work. */
async function isHeld(lock: string | null): Promise<boolean> {
  const [pid = '', start = ''] = (lock ?? '').split(' ');
  return Number(pid) > 0 && (await isAlive(Number(pid), start));
}

const ASIDE = /^lock\.[0-9a-f-]{36}$/;

/** Removes stale locks and temporary files that killed processes left; under the lock of the folder. */
async function removeLeftOvers(folder: string): Promise<void> {
  await removeAbandonedFiles(folder);
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    // One that lives is about to be put back.
    if (ASIDE.test(name) && !(await isHeld(await readText(path)))) await rm(path, { force: true });
  }
}

/**
 * Takes a folder's lock, making the folder if need be. A lock left by a process that is gone is taken over, and what
 * else it left is removed.
 *
 * @param folder The folder; its lock is the file `lock` in it.
 * @returns How to give it back, or who holds it.
 * @throws What the file system says where the folder cannot be written.
 */
export async function lockFolder(folder: string): Promise<E.Either<DataError, () => Promise<void>>> {
  const path = join(folder, 'lock');
  const mine = `${process.pid} ${await startOf(process.pid)} ${randomUUID()}\n`;
  await makeFolder(folder);
  for (let attempt = 0; attempt < 10; attempt++) {
    await create(path, mine);
    // Who is slow to write what it made may have lost it meanwhile; what the file holds decides.
    const held = await readText(path);
    if (held === mine) {
      const release = async (): Promise<void> => {
        if ((await readText(path)) === mine) await rm(path, { force: true });
      };
      await removeLeftOvers(folder).catch(async (error: unknown) => {
        await release();
        throw error;
      });
      return E.right(release);
    }
    if (await isHeld(held)) {
      return refuse(
        folder,
        'a run that nobody else is writing',
        `process ${held!.split(' ', 1)[0]} at work on it`,
        'wait for it, stop it, or choose another folder',
      );
    }
    // Between its making and its writing a lock is empty; one that stays so belongs to nobody.
    if (held === '' && attempt < 5) await setTimeout(20);
    else if (held !== null) await takeAway(path, held);
  }
  return refuse(path, 'a lock that can be taken', 'one that others keep taking', 'try again');
}

/**
 * Removes what killed processes left in a folder that is only read from now on. A folder that another process is at work
 * on, or that may not be written, is left as it is.
 */
export async function tidyFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  if (!names.some((name) => name === 'lock' || ASIDE.test(name) || isTemporaryName(name))) return;
  const lock = await lockFolder(folder).catch(() => null);
  if (lock !== null && E.isRight(lock)) await lock.right();
}
