/**
 * Reading single entries of a large zip archive, such as a wheel, without reading the rest: the directory at its end
 * first, then each entry as a stream. Of the format (APPNOTE 6.3, 4.3) only what wheels use: stored or deflated
 * entries, below 4 GiB, one volume.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { either as E } from 'fp-ts';
import { refuse, type DataError } from '../../data/data-error.ts';

/** Where an entry lies in its archive. */
export interface ZipEntry {
  readonly name: string;
  readonly size: number;
  readonly compressedSize: number;
  readonly deflated: boolean;
  readonly offset: number;
}

/** An archive's entries by name. */
export type ZipDirectory = ReadonlyMap<string, ZipEntry>;

const END = { signature: 0x06054b50, bytes: 22, comment: 0xffff };
const ENTRY = { signature: 0x02014b50, bytes: 46 };
const LOCAL_BYTES = 30;

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

function entriesOf(directory: Buffer, count: number): ZipDirectory | null {
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + ENTRY.bytes > directory.length || directory.readUInt32LE(at) !== ENTRY.signature) return null;
    const method = directory.readUInt16LE(at + 10);
    const nameEnd = at + ENTRY.bytes + directory.readUInt16LE(at + 28);
    const name = directory.toString('utf8', at + ENTRY.bytes, nameEnd);
    const encrypted = (directory.readUInt16LE(at + 8) & 1) === 1;
    if (!encrypted && (method === 0 || method === 8))
      entries.set(name, {
        name,
        size: directory.readUInt32LE(at + 24),
        compressedSize: directory.readUInt32LE(at + 20),
        deflated: method === 8,
        offset: directory.readUInt32LE(at + 42),
      });
    at = nameEnd + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/**
 * The entries of a zip archive.
 *
 * @param path The archive.
 * @returns Those entries that can be read, by name; a left where there is no whole directory, as in a file cut short.
 */
export async function readZipDirectory(path: string): Promise<E.Either<DataError, ZipDirectory>> {
  const fault = (found: string): E.Either<DataError, never> =>
    refuse(path, 'a whole zip archive', found, 'remove it and fetch it again');
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tailStart = Math.max(0, size - END.bytes - END.comment);
    const tail = await readAt(file, tailStart, size - tailStart);
    let end = tail.length - END.bytes;
    while (end >= 0 && tail.readUInt32LE(end) !== END.signature) end -= 1;
    if (end < 0) return fault(`${size} bytes without the directory at their end (cut short, or no archive)`);
    const [bytes, start] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
    if (start + bytes > tailStart + end) return fault('a directory that lies outside the file');
    const entries = entriesOf(await readAt(file, start, bytes), tail.readUInt16LE(end + 10));
    return entries === null ? fault('a directory that cannot be read') : E.right(entries);
  } finally {
    await file.close();
  }
}

/** What an entry unpacked to. */
export interface Unpacked {
  readonly bytes: number;
  /** In base64url without padding, as a wheel's RECORD has it. */
  readonly sha256: string;
}

/**
 * Unpacks one entry into a file.
 *
 * @param path The archive.
 * @param entry Of its directory.
 * @param target The file; one that is there is replaced.
 * @param onBytes Told how many bytes came, from time to time.
 * @throws What zlib or the file system says; `target` is then incomplete.
 */
export async function unpackEntry(
  path: string,
  entry: ZipEntry,
  target: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void = () => undefined,
): Promise<Unpacked> {
  const file = await open(path);
  const local = await readAt(file, entry.offset, LOCAL_BYTES).finally(() => file.close());
  if (local.length < LOCAL_BYTES) throw new RangeError(`${entry.name} lies outside the archive`);
  const start = entry.offset + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
  const hash = createHash('sha256');
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      onBytes(chunk.length);
      if (bytes <= entry.size) done(null, chunk);
      else done(new RangeError(`${entry.name} holds more than the ${entry.size} bytes that it says`));
    },
  });
  const compressed =
    entry.compressedSize === 0
      ? []
      : [createReadStream(path, { start, end: start + entry.compressedSize - 1, highWaterMark: 1 << 20 })];
  const source = compressed[0] ?? (async function* () {})();
  const sink = createWriteStream(target);
  const options = { signal };
  await (entry.deflated
    ? pipeline(source, createInflateRaw({ chunkSize: 1 << 20 }), count, sink, options)
    : pipeline(source, count, sink, options));
  return { bytes, sha256: hash.digest('base64url') };
}
