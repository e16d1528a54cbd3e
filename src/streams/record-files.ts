/**
 * Folders of TFRecord shards, such as the translations that stage 1 makes once and stage 2 reads at every run. A
 * folder appears whole or not at all: it is written beside its place and renamed. Its `manifest.json` says from
 * which settings it was made and holds a checksum of every shard.
 */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { either as E } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { decodeTfRecords, encodeTfRecords, shardFileName } from '../data/tfrecord.ts';
import { expandedBound, expandGzip } from './expand-gzip.ts';
import { isGzip } from './record-index.ts';
import { makeFolder } from '../system/make-folder.ts';
import { FullDiskError, withRoomFor } from '../system/full-disk.ts';
import { isThere, reason } from '../system/text-file.ts';
import {
  checkSettings,
  decodeManifest,
  settingsHash,
  sha256,
  type RecordManifest,
  type RecordShard,
} from './record-manifest.ts';

const MANIFEST = 'manifest.json';
const ABANDONED = /^\..+-[0-9a-f-]{36}(-former)?$/;

/** Images are packed already, so that a shard of them hardly gets smaller. */
const MOST_TIMES = 4;

/** {@link writeRecordShards} takes these options. */
export interface WriteRecordShardsOptions {
  /** What the records were made from, as JSON data; a reader that wants other settings is told so. */
  readonly settings: unknown;
  /** Records of each shard but the last. The default is 10,240. */
  readonly shardSize?: number;
  /** `gzip` compresses every shard as a whole, which readers of TFRecord files must be told. The default is `none`. */
  readonly compression?: 'none' | 'gzip';
  /** Whether a folder that is there already is replaced. Default false: it is an error. */
  readonly replace?: boolean;
}

/** {@link readRecordShards} takes these options. */
export interface ReadRecordShardsOptions {
  /** If given, the records must have been made from these settings. */
  readonly settings?: unknown;
  /** Bytes that a compressed shard may expand to. The default is 32 MiB and four times the shard's own size. */
  readonly largestShard?: number;
}

/** The records of a folder and its manifest. */
export interface RecordShards {
  readonly manifest: RecordManifest;
  /** Data of every record, in order. */
  readonly records: readonly Uint8Array[];
}

/** A temporary folder, and where it will be put. */
interface RecordPlace {
  readonly folder: string;
  readonly target: string;
}

/** Files of the temporary folder, which a full disk names by the place where they belong. */
async function writeWhole(
  { folder, target }: RecordPlace,
  file: string,
  contents: string | Uint8Array,
): Promise<void> {
  await withRoomFor(join(target, file), Buffer.byteLength(contents), () =>
    writeFile(join(folder, file), contents, { flush: true }),
  );
}

async function writeShards(
  place: RecordPlace,
  records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { settings, shardSize = 10240, compression = 'none' }: WriteRecordShardsOptions,
): Promise<RecordManifest> {
  const shards: RecordShard[] = [];
  const pending: Uint8Array[] = [];
  const flush = async () => {
    const framed = encodeTfRecords(pending);
    const bytes = compression === 'gzip' ? await promisify(gzip)(framed) : framed;
    const file = shardFileName(shards.length, shardSize);
    await writeWhole(place, file, bytes);
    shards.push({ file, count: pending.length, bytes: bytes.length, sha256: sha256(bytes) });
    pending.length = 0;
  };
  for await (const record of records) {
    pending.push(record);
    if (pending.length === shardSize) await flush();
  }
  if (pending.length > 0) await flush();
  const manifest: RecordManifest = {
    format: 1,
    settingsHash: settingsHash(settings),
    settings,
    count: shards.reduce((sum, { count }) => sum + count, 0),
    shardSize,
    shards,
  };
  await writeWhole(place, MANIFEST, `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

async function putInPlace(temporary: string, target: string, replace: boolean): Promise<void> {
  if (!(replace && (await isThere(target)))) return rename(temporary, target);
  const former = `${temporary}-former`;
  await rename(target, former);
  try {
    await rename(temporary, target);
  } catch (error) {
    await rename(former, target);
    throw error;
  }
  await rm(former, { recursive: true });
}

function checkName(folder: string, name: string): E.Either<DataError, string> {
  return /^[^./\\][^/\\]*$/.test(name)
    ? E.right(join(folder, name))
    : refuse(
        `record folder in ${folder}`,
        'a name without slashes that does not begin with a dot',
        JSON.stringify(name),
        'choose another name',
      );
}

/**
 * Writes records as shards `NN-<shard size>.tfrec` with a `manifest.json` into the new folder `folder/name`. If
 * anything fails, nothing is left behind.
 *
 * @param folder Where the record folder goes; it is made if it is not there.
 * @param name Name of the record folder, such as `(Y=0)(Z=1)(A-F)`.
 * @param records Data of each record, in order; also asynchronous, so that they may be made one by one.
 * @param options Settings that the records were made from, shard size, whether to replace.
 * @returns The manifest, or why the folder was not written.
 * @example
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { readRecordShards, writeRecordShards } from 'model-patching/node';
 * const folder = await mkdtemp(join(tmpdir(), 'records-'));
 * await writeRecordShards(folder, 'train', [Uint8Array.of(1)], { settings: { seed: 1 } });
 * const read = await readRecordShards(folder, 'train', { settings: { seed: 1 } });
 * await rm(folder, { recursive: true });
 * if (read._tag === 'Left' || read.right.records.length !== 1) throw new Error('expected one record');
 * ```
 */
export async function writeRecordShards(
  folder: string,
  name: string,
  records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: WriteRecordShardsOptions,
): Promise<E.Either<DataError, RecordManifest>> {
  const { replace = false } = options;
  const target = checkName(folder, name);
  if (E.isLeft(target)) return target;
  const fault = (expected: string, found: string, cure: string): E.Either<DataError, never> =>
    refuse(target.right, expected, found, cure);
  try {
    if (!replace && (await isThere(target.right))) {
      const cure = 'remove it, read it instead, or replace it';
      return fault('no such folder yet', 'one that is there already', cure);
    }
    const temporary = join(folder, `.${name}-${randomUUID()}`);
    try {
      await withRoomFor(target.right, 0, () => makeFolder(temporary));
      const manifest = await writeShards({ folder: temporary, target: target.right }, records, options);
      await withRoomFor(target.right, 0, () => putInPlace(temporary, target.right, replace));
      return E.right(manifest);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  } catch (error) {
    if (error instanceof FullDiskError) return E.left(error.fault);
    const cure = 'choose another folder, or mend what is named';
    return fault('a folder that can be written', reason(error), cure);
  }
}

/** Removes what {@link writeRecordShards} left in a folder when its process was killed; nobody may be writing there. */
export async function removeAbandonedRecords(folder: string): Promise<void> {
  if (!(await isThere(folder))) return;
  for (const name of await readdir(folder))
    if (ABANDONED.test(name)) await rm(join(folder, name), { recursive: true, force: true });
}

async function readBytes(path: string, cure: string): Promise<E.Either<DataError, Uint8Array>> {
  try {
    // A plain array, since slice() of a Buffer shares its memory.
    return E.right(new Uint8Array(await readFile(path)));
  } catch (error) {
    return refuse(path, 'a readable file', reason(error), cure);
  }
}

async function expanded(
  path: string,
  bytes: Uint8Array,
  largest = expandedBound(bytes.length, MOST_TIMES),
): Promise<E.Either<DataError, Uint8Array>> {
  try {
    return E.right(await expandGzip(bytes, largest));
  } catch (error) {
    const cure = 'make the record folder again, or give a largestShard that fits it';
    return refuse(path, `a compressed shard of at most ${largest} bytes`, reason(error), cure);
  }
}

async function readShard(
  target: string,
  shard: RecordShard,
  largestShard: number | undefined,
): Promise<E.Either<DataError, readonly Uint8Array[]>> {
  const path = join(target, shard.file);
  const cure = 'make the record folder again';
  const fault = (expected: string, found: string): E.Either<DataError, never> =>
    refuse(path, expected, found, cure);
  if (shard.file !== shard.file.replace(/[/\\]/g, '')) return fault('a file of the record folder', 'a path');
  const stored = await readBytes(path, cure);
  if (E.isLeft(stored)) return stored;
  if (stored.right.length !== shard.bytes) return fault(`${shard.bytes} bytes`, `${stored.right.length}`);
  const checksum = sha256(stored.right);
  if (checksum !== shard.sha256) return fault(`the SHA-256 ${shard.sha256}`, checksum);
  const bytes = isGzip(stored.right) ? await expanded(path, stored.right, largestShard) : stored;
  const records = E.Monad.chain(bytes, (plain) => decodeTfRecords(plain, { name: path }));
  return E.isLeft(records) || records.right.length === shard.count
    ? records
    : fault(`${shard.count} records`, `${records.right.length}`);
}

/**
 * The manifest of a record folder that {@link writeRecordShards} wrote; its records are not read.
 *
 * @param folder Where the record folder is.
 * @param name Name of the record folder.
 * @param options The settings that the records must have been made from.
 */
export async function readRecordManifest(
  folder: string,
  name: string,
  options: ReadRecordShardsOptions = {},
): Promise<E.Either<DataError, RecordManifest>> {
  const target = checkName(folder, name);
  if (E.isLeft(target)) return target;
  const path = join(target.right, MANIFEST);
  const bytes = await readBytes(path, 'make the record folder first, or give the folder that holds it');
  const manifest = E.Monad.chain(bytes, (read) => decodeManifest(path, read));
  return E.Monad.chain(manifest, (decoded) => checkSettings(path, decoded, options.settings));
}

/**
 * Reads a record folder that {@link writeRecordShards} wrote, verifying every size, checksum and count.
 *
 * @param folder Where the record folder is.
 * @param name Name of the record folder.
 * @param options The settings that the records must have been made from.
 * @returns Manifest and records (plain arrays), or which file is missing, damaged or made from other settings.
 * @example
 * ```ts
 * import { tmpdir } from 'node:os';
 * import { readRecordShards } from 'model-patching/node';
 * const read = await readRecordShards(tmpdir(), 'no-such-records');
 * if (read._tag === 'Right' || !read.left.where.endsWith('manifest.json')) throw new Error('no manifest expected');
 * ```
 */
export async function readRecordShards(
  folder: string,
  name: string,
  options: ReadRecordShardsOptions = {},
): Promise<E.Either<DataError, RecordShards>> {
  const manifest = await readRecordManifest(folder, name, options);
  if (E.isLeft(manifest)) return manifest;
  const records: Uint8Array[] = [];
  for (const shard of manifest.right.shards) {
    const read = await readShard(join(folder, name), shard, options.largestShard);
    if (E.isLeft(read)) return read;
    for (const record of read.right) records.push(record);
  }
  return E.right({ manifest: manifest.right, records });
}
