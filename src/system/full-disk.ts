/**
 * A disk that is full while a file is written. Node's error of it names neither the file, which is open already, nor
 * the bytes that were to go there.
 */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatDataError, type DataError } from '../data/data-error.ts';
import { ProgramError } from './program.ts';
import { hasCode } from './text-file.ts';

/** The failure of a write that finds no room. */
export class FullDiskError extends ProgramError {
  /** The same as data, for functions that hand faults on. */
  readonly fault: DataError;

  /** @param fault Names the file, the bytes that it needs and the bytes that are free. */
  constructor(fault: DataError) {
    super(formatDataError(fault), 2);
    this.name = 'FullDiskError';
    this.fault = fault;
  }
}

const inBytes = (bytes: number): string => `${bytes.toLocaleString('en')} bytes`;

const freeIn = (folder: string): Promise<string> =>
  statfs(folder).then(
    ({ bavail, bsize }) => `${inBytes(bavail * bsize)} free`,
    () => 'none',
  );

/** Names the file in an error that names none, since it is open already, or its temporary one in the same folder. */
function nameIn(error: unknown, path: string): unknown {
  if (!(error instanceof Error && 'errno' in error)) return error;
  const isBeside = !('path' in error) || dirname(String(error.path)) === dirname(path);
  return isBeside ? Object.assign(error, { path }) : error;
}

/**
 * Writes a file, and says of a full disk which file it was and how much it needs.
 *
 * @param path The file as its reader will know it.
 * @param bytes What is to be written, altogether; 0 where only a name is.
 * @param write Writes it.
 * @returns What `write` gives.
 * @throws FullDiskError if the disk or the user's share of it is full; any other error with the path of the file.
 */
export async function withRoomFor<A>(path: string, bytes: number, write: () => Promise<A>): Promise<A> {
  try {
    return await write();
  } catch (error) {
    const share = hasCode(error, 'EDQUOT');
    if (!share && !hasCode(error, 'ENOSPC')) throw nameIn(error, path);
    throw new FullDiskError({
      where: path,
      expected: bytes === 0 ? 'room for it' : `room for its ${inBytes(bytes)}`,
      found: share
        ? 'that this user may write no more there (EDQUOT)'
        : `a full disk with ${await freeIn(dirname(path))} (ENOSPC)`,
      cure: 'make room there and give the same command again, or choose a folder on another disk',
    });
  }
}
