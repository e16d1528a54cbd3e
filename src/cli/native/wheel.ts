/**
 * A wheel's integrity and contents. Known wheels are held to the hash that the registry lists; every file that is
 * unpacked is held to the size and hash that the wheel's own RECORD gives (PEP 376, 427).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { orExit } from '../../system/program.ts';
import { startProgress } from '../../system/progress.ts';
import { hasCode } from '../../system/text-file.ts';
import { failure, Interrupted } from './failure.ts';
import { pinnedWheel } from './wheels.ts';
import { readZipDirectory, unpackEntry, type Unpacked, type ZipDirectory, type ZipEntry } from './zip.ts';

/** Names of the two libraries, in a wheel and where they are installed. */
/** Ten times the list of files of the largest wheel. */
const LARGEST_RECORD = 2 ** 24;

export const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

/** What the binding's two files include, and the files that name the version. */
const HEADERS =
  /^tensorflow\/include\/(tensorflow\/c|tsl\/c|xla\/tsl\/c|tensorflow\/core\/public|(tensorflow\/core|tsl|xla\/tsl)\/platform\/ctstring\w*\.h)(\/[\w./-]+\.h)?$/;

/** The hash of a file, in hexadecimal or as RECORD has it. */
export async function fileDigest(
  path: string,
  signal: AbortSignal,
  encoding: 'hex' | 'base64url' = 'hex',
): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal });
  return hash.digest(encoding);
}

/**
 * Holds a wheel to its known hash, and one that is not known to being a whole archive.
 *
 * @returns Its hash, and whether it was known.
 * @throws ProgramError if it differs, or is cut short.
 */
export async function verifyWheel(
  path: string,
  signal: AbortSignal,
): Promise<{ readonly sha256: string; readonly known: boolean }> {
  const pinned = pinnedWheel(basename(path));
  const [{ size }, hash] = await Promise.all([stat(path), fileDigest(path, signal)]);
  if (pinned !== undefined && hash !== pinned.sha256) {
    const cure = 'remove it and fetch it again (pip cache purge first, if pip brought it)';
    if (size < pinned.bytes) throw failure(path, `${pinned.bytes} bytes`, `${size}: it is cut short`, cure);
    throw failure(path, `SHA-256 ${pinned.sha256}`, hash, cure);
  }
  orExit(await readZipDirectory(path));
  return { sha256: hash, known: pinned !== undefined };
}

/** The entries that are wanted of a wheel. */
export interface WheelContents {
  readonly path: string;
  readonly wanted: readonly ZipEntry[];
  readonly record: ReadonlyMap<string, Unpacked>;
  /** Version of the wheel, by the name of its RECORD. */
  readonly version: string;
  /** Bytes of all that is wanted, unpacked. */
  readonly bytes: number;
}

function parseRecord(text: string): ReadonlyMap<string, Unpacked> {
  const lines = text.matchAll(/^(.+),sha256=([\w-]+),(\d+)\r?$/gm);
  return new Map(
    Array.from(lines, ([, name, hash, bytes]) => [name!, { sha256: hash!, bytes: Number(bytes) }]),
  );
}

function wantedOf(path: string, directory: ZipDirectory): readonly ZipEntry[] {
  const libraries = LIBRARIES.flatMap((name) => directory.get(`tensorflow/${name}`) ?? []);
  const headers = Array.from(directory.values()).filter(
    ({ name }) => HEADERS.test(name) && !name.includes('..'),
  );
  if (libraries.length === LIBRARIES.length && headers.length > 0) return [...libraries, ...headers];
  throw failure(
    path,
    'a wheel with TensorFlow’s libraries and headers',
    `${libraries.length} of ${LIBRARIES.length} libraries and ${headers.length} headers`,
    'name a wheel of tensorflow-cpu or tensorflow 2.15.1 or later for Linux',
  );
}

/**
 * What a wheel has for us.
 *
 * @param temporary A file to be used in between.
 * @throws ProgramError if it is cut short, or no wheel of TensorFlow.
 */
export async function wheelContents(
  path: string,
  temporary: string,
  signal: AbortSignal,
): Promise<WheelContents> {
  const directory = orExit(await readZipDirectory(path));
  const wanted = wantedOf(path, directory);
  const record = Array.from(directory.values()).find(({ name }) => /^[^/]+\.dist-info\/RECORD$/.test(name));
  if (record === undefined) throw failure(path, 'a wheel', 'no RECORD in it', 'name another file');
  if (record.size > LARGEST_RECORD)
    throw failure(path, `a RECORD of at most ${LARGEST_RECORD} bytes`, `${record.size}`, 'name another file');
  await unpackWhole(path, record, temporary, signal);
  const text = await readFile(temporary, 'utf8');
  await rm(temporary);
  return {
    path,
    wanted,
    record: parseRecord(text),
    version: /-([^-/]+)\.dist-info/.exec(record.name)?.[1] ?? 'unknown',
    bytes: wanted.reduce((sum, { size }) => sum + size, 0),
  };
}

async function unpackWhole(
  path: string,
  entry: ZipEntry,
  target: string,
  signal: AbortSignal,
  onBytes?: (bytes: number) => void,
): Promise<Unpacked> {
  try {
    return await unpackEntry(path, entry, target, signal, onBytes);
  } catch (error) {
    if (signal.aborted) throw new Interrupted();
    if (error instanceof Error && (hasCode(error, 'ENOSPC') || 'syscall' in error)) throw error;
    const found = error instanceof Error ? error.message : String(error);
    throw failure(path, `${entry.name} whole`, found, 'the wheel is damaged: remove it and fetch it again');
  }
}

const targetOf = (folder: string, name: string): string =>
  name.startsWith('tensorflow/include/')
    ? join(folder, name.slice('tensorflow/'.length))
    : join(folder, 'lib', basename(name));

async function isUnpacked(target: string, expected: Unpacked, signal: AbortSignal): Promise<boolean> {
  const size = await stat(target).then(
    (found) => found.size,
    () => -1,
  );
  return size === expected.bytes && (await fileDigest(target, signal, 'base64url')) === expected.sha256;
}

/**
 * Unpacks the libraries and headers. Files that are there already, whole, are left: an earlier run was stopped.
 *
 * @param folder Gets `lib` and `include`.
 * @throws ProgramError if a file is not what RECORD says.
 */
export async function unpackWheel(
  { path, wanted, record, bytes }: WheelContents,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const progress = startProgress('unpacking, MB', Math.floor(bytes / 1e6));
  let done = 0;
  const count = (more: number): void => progress.update(Math.floor((done += more) / 1e6));
  try {
    for (const entry of wanted) {
      const expected = record.get(entry.name);
      if (expected === undefined)
        throw failure(path, `a hash of ${entry.name}`, 'none in its RECORD', 'fetch the wheel again');
      const target = targetOf(folder, entry.name);
      await mkdir(dirname(target), { recursive: true });
      if (await isUnpacked(target, expected, signal)) {
        count(expected.bytes);
        continue;
      }
      const found = await unpackWhole(path, entry, `${target}.partial`, signal, count);
      if (found.bytes !== expected.bytes || found.sha256 !== expected.sha256)
        throw failure(
          path,
          `${entry.name} with SHA-256 ${expected.sha256}`,
          found.sha256,
          'the wheel is damaged: remove it and fetch it again',
        );
      await rename(`${target}.partial`, target);
    }
  } finally {
    progress.stop();
  }
}
