/**
 * The bytes of image files, whole files and records alike. Records are read with their checksums, and the shards that
 * were read last are held open.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { either as E } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import type { ImageLocation } from '../data/dataset.ts';
import { decodeExample } from '../data/example.ts';
import { maskedCrc32c } from '../data/tfrecord.ts';
import { hasCode, reason } from '../system/text-file.ts';

/** No photograph of the field is larger. */
const LARGEST_FILE = 2 ** 28;
const OPEN_SHARDS = 8;

/** Reads image files; see {@link imageBytesReader}. */
export interface ImageBytesReader {
  read(location: ImageLocation): Promise<E.Either<DataError, Uint8Array>>;
  close(): Promise<void>;
}

/** What to call an image in an error. */
export const nameOf = ({ file, record, name = file }: ImageLocation): string =>
  record === undefined ? name : `${name}, record at byte ${record.offset}`;

function unreadable(location: ImageLocation): (error: unknown) => DataError {
  return (error) => ({
    where: nameOf(location),
    expected: 'a readable file',
    found: hasCode(error, 'ENOENT') ? 'no such file' : hasCode(error, 'EISDIR') ? 'a folder' : reason(error),
    cure: 'check the path, and that the data set is whole',
  });
}

async function readPart(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

async function readWhole(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > LARGEST_FILE) throw new RangeError(`${size} bytes, more than ${LARGEST_FILE}`);
    return await readPart(file, 0, size);
  } finally {
    await file.close();
  }
}

/** The file of the image inside a record that was read with its checksum. */
function imageOfRecord(bytes: Uint8Array, location: ImageLocation): E.Either<DataError, Uint8Array> {
  const name = nameOf(location);
  const { length } = location.record!;
  const fault = (where: string, expected: string, found: string) =>
    refuse(where, expected, found, 'copy or make the file again');
  if (bytes.length < length + 4) {
    return fault(name, `${length + 4} bytes of data and checksum`, `${bytes.length}`);
  }
  const stated = new DataView(bytes.buffer, bytes.byteOffset).getUint32(length, true);
  const data = bytes.subarray(0, length);
  if (maskedCrc32c(data) !== stated) {
    return fault(name, `data with checksum ${stated}`, `checksum ${maskedCrc32c(data)}`);
  }
  return E.Monad.chain(decodeExample(data, name), ({ image }) =>
    image?.kind === 'bytes' && image.values.length === 1
      ? E.right(image.values[0]!)
      : fault(`${name}, feature image`, 'one value of bytes', image?.kind ?? 'none'),
  );
}

/**
 * A reader of image files.
 *
 * @returns `read` gives the bytes of a file or of the image in a record, or what is wrong with either.
 */
export function imageBytesReader(): ImageBytesReader {
  const shards = new Map<string, Promise<FileHandle>>();

  const shard = (path: string): Promise<FileHandle> => {
    const opened = shards.get(path) ?? open(path);
    shards.delete(path);
    shards.set(path, opened);
    if (shards.size > OPEN_SHARDS) {
      const [oldest] = shards.keys();
      const handle = shards.get(oldest!)!;
      shards.delete(oldest!);
      void handle.then((file) => file.close()).catch(() => undefined);
    }
    opened.catch(() => shards.delete(path));
    return opened;
  };
  const readAny = async (location: ImageLocation): Promise<E.Either<DataError, Uint8Array>> => {
    const { file, record } = location;
    if (record === undefined) return E.right(await readWhole(file));
    return imageOfRecord(await readPart(await shard(file), record.offset, record.length + 4), location);
  };
  return {
    read: (location) => readAny(location).catch((error: unknown) => E.left(unreadable(location)(error))),
    close: async () => {
      const handles = [...shards.values()];
      shards.clear();
      await Promise.allSettled(handles.map(async (handle) => (await handle).close()));
    },
  };
}
