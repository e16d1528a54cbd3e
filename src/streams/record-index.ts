/**
 * The records of a folder of shards are found once and read later one by one. An index holds where each record lies
 * and what was wanted of its features, not its data. Shards are read through in pieces, every checksum verified.
 *
 * A shard that is compressed as a whole (GZIP) cannot be entered in the middle: it is expanded into a scratch folder.
 */
import { createHash, randomUUID, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { either as E } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import type { ImageLocation } from '../data/dataset.ts';
import { decodeExample, type ExampleFeatures } from '../data/example.ts';
import { decodeTfRecords, maskedCrc32c } from '../data/tfrecord.ts';
import { FullDiskError, withRoomFor } from '../system/full-disk.ts';
import { reason } from '../system/text-file.ts';
import { statedSize } from './expand-gzip.ts';
import type { RecordShard } from './record-manifest.ts';

/** Longest record that is read: no encoded image of the field is larger. */
const LONGEST = 2 ** 28;
const PIECE = 2 ** 20;
const [HEADER, FOOTER] = [12, 4];

/** Whether a file begins with a record; only then it is not taken for a compressed one. */
const beginsWithRecord = (start: Uint8Array): boolean =>
  start.length >= HEADER &&
  maskedCrc32c(start.subarray(0, 8)) === new DataView(start.buffer, start.byteOffset).getUint32(8, true);

/** Whether a file of records is compressed as a whole, from its first bytes. */
export const isGzip = (start: Uint8Array): boolean =>
  start[0] === 0x1f && start[1] === 0x8b && start[2] === 8 && !beginsWithRecord(start);

async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEADER), 0, HEADER, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** One record of a file. */
interface StoredRecord {
  readonly offset: number;
  readonly data: Uint8Array;
}

/** The bytes from `start` of a window up to the end of the record there, as far as they are known. */
function recordEnd(window: Uint8Array, start: number, longest: number): number {
  if (window.length < start + HEADER || !beginsWithRecord(window.subarray(start, start + HEADER))) {
    return start + HEADER;
  }
  const length = new DataView(window.buffer, window.byteOffset).getBigUint64(start, true);
  return start + HEADER + (length > BigInt(longest) ? 0 : Number(length) + FOOTER);
}

/** A plain array, since slice() of a Buffer shares its memory. */
function joinedBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The records of an uncompressed file, read in pieces and hashed on the way; ends at the first fault. */
async function* storedRecords(
  path: string,
  longest: number,
  hash?: Hash,
): AsyncGenerator<E.Either<DataError, StoredRecord>> {
  let window: Uint8Array = new Uint8Array(0);
  let position = 0;
  const stream = createReadStream(path, { highWaterMark: PIECE });
  const pieces: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  try {
    for (let start = 0, ended = false; ;) {
      const end = recordEnd(window, start, longest);
      if (end > window.length && !ended) {
        const parts = [window.subarray(start)];
        for (let size = window.length - start; size < end - start;) {
          const piece = await pieces.next();
          if (piece.done === true) {
            ended = true;
            break;
          }
          hash?.update(piece.value);
          parts.push(piece.value);
          size += piece.value.length;
        }
        window = joinedBytes(parts);
        position += start;
        start = 0;
        continue;
      }
      if (start === window.length) return;
      const decoded = decodeTfRecords(window.subarray(start, Math.min(end, window.length)), {
        name: path,
        maximumLength: longest,
        position: position + start,
      });
      if (E.isLeft(decoded)) {
        yield decoded;
        return;
      }
      yield E.right({ offset: position + start + HEADER, data: decoded.right[0]! });
      start = end;
    }
  } finally {
    stream.destroy();
  }
}

/** What a compressed file on the disk says that it expands to. */
async function expandedSize(path: string): Promise<number> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, Math.max(0, size - 4));
    return statedSize(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** Bytes that a shard may expand to on the disk: 64 MiB and 64 times its size. Images are packed already. */
const expandedBytes = (packed: number): number => 2 ** 26 + 64 * packed;

/** Hands bytes on, up to so many, and hashes them. */
function atMost(bytes: number, hash?: Hash): Transform {
  let count = 0;
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      hash?.update(piece);
      count += piece.length;
      if (count <= bytes) done(null, piece);
      else
        done(
          new RangeError(`more than ${bytes} bytes once it is expanded; expand it first, if that is right`),
        );
    },
  });
}

/** Expands a shard into a file, which is there whole or not at all. */
async function expand(path: string, scratch: string, hash?: Hash): Promise<string> {
  const expanded = join(scratch, `${randomUUID()}.tfrec`);
  const largest = expandedBytes((await stat(path)).size);
  const write = async (): Promise<void> => {
    // A stream that opens its file itself may do so after it failed, and then after the file was removed.
    const file = await open(expanded, 'wx');
    try {
      await pipeline(
        createReadStream(path),
        atMost(Infinity, hash),
        createGunzip({ chunkSize: PIECE }),
        atMost(largest),
        file.createWriteStream(),
      );
    } finally {
      await file.close();
    }
  };
  try {
    await withRoomFor(expanded, await expandedSize(path), write);
  } catch (error) {
    await rm(expanded, { force: true });
    throw error;
  }
  return expanded;
}

const AGAIN = 'copy the record folder again, or make it again';

/** One record: where it lies, and what was wanted of it. */
export interface IndexedRecord<A> {
  readonly image: ImageLocation;
  readonly value: A;
}

/** The records of one shard, whose file is itself or what it expands to. */
async function indexShard<A>(
  shard: string,
  file: string,
  longest: number,
  select: (features: ExampleFeatures, where: string) => E.Either<DataError, A>,
  hash?: Hash,
): Promise<E.Either<DataError, readonly IndexedRecord<A>[]>> {
  const indexed: IndexedRecord<A>[] = [];
  for await (const stored of storedRecords(file, longest, hash)) {
    if (E.isLeft(stored)) return E.left({ ...stored.left, where: stored.left.where.replace(file, shard) });
    const { offset, data } = stored.right;
    const where = `${shard}, record ${indexed.length}`;
    const value = E.Monad.chain(decodeExample(data, where), (features) => select(features, where));
    if (E.isLeft(value)) return value;
    const record = { offset, length: data.length };
    const image = file === shard ? { file, record } : { file, record, name: `${shard}, expanded` };
    indexed.push({ image, value: value.right });
  }
  return E.right(indexed);
}

/**
 * Indexes shards.
 *
 * @param shards Paths of the shards, in order.
 * @param scratch A folder for shards that are compressed; it must be there when such shards are, and until the records
 *   have been read.
 * @param select Makes of a record's features what is wanted of it.
 * @param named What a manifest says of the shards, in their order; by default nothing.
 * @returns The records in order, or what is wrong with which shard: a cut record, a wrong checksum, a length out of
 *   bounds, no example, what `select` found wrong, or that it is not the shard of the manifest.
 */
export async function indexRecords<A>(
  shards: readonly string[],
  scratch: () => Promise<string>,
  select: (features: ExampleFeatures, where: string) => E.Either<DataError, A>,
  named: readonly RecordShard[] = [],
): Promise<E.Either<DataError, readonly IndexedRecord<A>[]>> {
  const indexed: IndexedRecord<A>[] = [];
  const expanded: string[] = [];
  const read = async (
    shard: string,
    hash?: Hash,
  ): Promise<E.Either<DataError, readonly IndexedRecord<A>[]>> => {
    if (!isGzip(await firstBytes(shard))) return indexShard(shard, shard, LONGEST, select, hash);
    const file = await expand(shard, await scratch(), hash);
    expanded.push(file);
    const longest = Math.min(LONGEST, 2 ** 24 + (await stat(shard)).size);
    return indexShard(shard, file, longest, select);
  };
  const index = async (
    shard: string,
    contents: RecordShard | undefined,
  ): Promise<E.Either<DataError, readonly IndexedRecord<A>[]>> => {
    try {
      if (contents === undefined) return await read(shard);
      const { size } = await stat(shard);
      if (size !== contents.bytes)
        return refuse(shard, `${contents.bytes} bytes, as its manifest says`, `${size}`, AGAIN);
      const hash = createHash('sha256');
      const records = await read(shard, hash);
      if (E.isLeft(records)) return records;
      const found = hash.digest('hex');
      return found === contents.sha256
        ? records
        : refuse(shard, `the SHA-256 ${contents.sha256} of its manifest`, found, AGAIN);
    } catch (error) {
      if (error instanceof FullDiskError) return E.left(error.fault);
      return refuse(shard, 'a readable file of records', reason(error), 'copy or make the file again');
    }
  };
  for (const [i, shard] of shards.entries()) {
    const records = await index(shard, named[i]);
    if (E.isLeft(records)) {
      for (const file of expanded) await rm(file, { force: true });
      return records;
    }
    for (const record of records.right) indexed.push(record);
  }
  return E.right(indexed);
}
