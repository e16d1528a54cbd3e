/**
 * The folder in which an installation is made. It is within the same `node_modules`, so that what is whole gets to
 * its place by renaming alone; one installer at a time works in it. What an interrupted run left there is gone on
 * with; any other end clears it away.
 */
import { mkdir, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { either as E } from 'fp-ts';
import { lockFolder } from '../../runs/run-lock.ts';
import { hasCode } from '../../system/text-file.ts';
import { failure, megabytes } from './failure.ts';
import { isTaken, type Place } from './place.ts';

/** Bytes that a user may still write where a folder is. */
export type FreeBytes = (folder: string) => Promise<number>;

/** {@link FreeBytes} by the operating system. */
export const freeBytes: FreeBytes = async (folder) => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
};

/** A failure of the file system in words; null if it is none that is known here. */
export function writeFailure(error: unknown, place: Place): Error | null {
  if (hasCode(error, 'ENOSPC') || hasCode(error, 'EDQUOT'))
    return failure(place.staging, 'free disk space', 'the disk full', 'make room and run this again');
  if (['EACCES', 'EROFS', 'EPERM'].some((code) => hasCode(error, code)))
    return failure(
      place.nodeModules,
      'a folder that can be written',
      'one that is read-only for this user',
      'change its rights or its owner, or run this as the user who owns it',
    );
  return null;
}

/**
 * Opens the folder.
 *
 * @returns How to give it back; the folder stays.
 * @throws ProgramError if it cannot be written, or another installer works in it.
 */
export async function openStaging(place: Place): Promise<() => Promise<void>> {
  const isNew = (await mkdir(place.staging, { recursive: true })) !== undefined;
  await mkdir(dirname(place.folder), { recursive: true });
  const lock = await lockFolder(place.staging).catch(async (error: unknown) => {
    if (isNew) await rm(place.staging, { recursive: true, force: true });
    throw error;
  });
  if (E.isRight(lock)) return lock.right;
  throw failure(place.staging, 'no other installer at work', lock.left.found, 'wait for it');
}

/**
 * @param bytes What will be written.
 * @throws ProgramError if there is less.
 */
export async function checkSpace(place: Place, bytes: number, free: FreeBytes): Promise<void> {
  const found = await free(place.staging);
  if (found < bytes)
    throw failure(
      place.nodeModules,
      `${megabytes(bytes)} of free disk space`,
      megabytes(found),
      'make room and run this again, or link to a TensorFlow that is there with --libtensorflow',
    );
}

/**
 * Moves what was made to its place: the whole package, or its parts `deps` and `lib` where the package is there.
 *
 * @param whole The package's folder, null for parts.
 * @param parts The folder that has `deps` and `lib`, or one of them.
 * @returns How to undo it.
 */
export async function putInPlace(
  place: Place,
  whole: string | null,
  parts: string,
): Promise<() => Promise<void>> {
  if (whole !== null) {
    await rename(whole, place.folder);
    return () => rm(place.folder, { recursive: true, force: true });
  }
  const before = join(place.staging, 'before');
  await rm(before, { recursive: true, force: true });
  await mkdir(before);
  const moved: string[] = [];
  const undo = async (): Promise<void> => {
    for (const name of moved) {
      await rm(join(place.folder, name), { recursive: true, force: true });
      if (await isTaken(join(before, name))) await rename(join(before, name), join(place.folder, name));
    }
  };
  try {
    for (const name of ['deps', 'lib']) {
      if (!(await isTaken(join(parts, name)))) continue;
      moved.push(name);
      if (await isTaken(join(place.folder, name))) await rename(join(place.folder, name), join(before, name));
      await rename(join(parts, name), join(place.folder, name));
    }
    return undo;
  } catch (error) {
    await undo();
    throw error;
  }
}
