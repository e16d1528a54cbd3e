/**
 * One image from the disk to pixels: its file or record is read, checked, decoded and brought to the wanted shape. This
 * is what decode workers do.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { either as E, function as F } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import type { ImageLocation } from '../data/dataset.ts';
import { decodeImage } from '../data/decode-image.ts';
import { decodeExample } from '../data/example.ts';
import { fitImage, type FitImageOptions } from '../data/fit-image.ts';
import { maskedCrc32c } from '../data/tfrecord.ts';
import { hasCode } from '../system/text-file.ts';

/** To what images are brought. */
export interface LoadImageOptions extends FitImageOptions {
  /** Height, width, channels (1 or 3) of the result. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** Most pixels that an image may claim. The default is 2²⁶. */
  readonly maximumPixels?: number;
}

/** No photograph of the field is larger. */
const LARGEST_FILE = 2 ** 28;
const OPEN_SHARDS = 8;

/** Reads images; holds the shards open that it read last. */
export interface ImageReader {
  load(location: ImageLocation): Promise<E.Either<DataError, Uint8Array>>;
  close(): Promise<void>;
}

const nameOf = ({ file, record, name = file }: ImageLocation): string =>
  record === undefined ? name : `${name}, record at byte ${record.offset}`;

function unreadable(location: ImageLocation): (error: unknown) => DataError {
  return (error) => ({
    where: nameOf(location),
    expected: 'a readable file',
    found: hasCode(error, 'ENOENT')
      ? 'no such file'
      : hasCode(error, 'EISDIR')
        ? 'a folder'
        : error instanceof Error
          ? error.message
          : String(error),
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
 * A reader of images.
 *
 * @param options The shape to bring images to, and how.
 * @returns `load` gives the pixels, `[h, w, c]`, or what is wrong with the file, its record or its image.
 */
export function imageReader(options: LoadImageOptions): ImageReader {
  const { shape, maximumPixels } = options;
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
  const read = async (location: ImageLocation): Promise<E.Either<DataError, Uint8Array>> => {
    const { file, record } = location;
    if (record === undefined) return E.right(await readWhole(file));
    return imageOfRecord(await readPart(await shard(file), record.offset, record.length + 4), location);
  };
  return {
    load: async (location) => {
      const name = nameOf(location);
      const bytes: E.Either<DataError, Uint8Array> = await read(location).catch((error: unknown) =>
        E.left(unreadable(location)(error)),
      );
      return F.pipe(
        bytes,
        E.chain((file) =>
          decodeImage(file, { name, ...(maximumPixels === undefined ? {} : { maximumPixels }) }),
        ),
        E.map((image) => fitImage(image, shape, options).pixels),
      );
    },
    close: async () => {
      const handles = [...shards.values()];
      shards.clear();
      await Promise.allSettled(handles.map(async (handle) => (await handle).close()));
    },
  };
}
