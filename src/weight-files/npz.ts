/**
 * NumPy's `.npz` is a zip archive of `.npy` arrays, stored or deflated. The archive is read from its directory, and
 * every length is checked before anything is inflated.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { either as E } from 'fp-ts';
import type { DataError } from '../data/data-error.ts';
import { joinedBytes, u16, u32 } from '../weights/little-endian.ts';
import { decodeNpy, encodeNpy } from '../weights/npy.ts';
import type { StoredWeight } from '../weights/stored-weight.ts';

const LOCAL = { signature: 0x04034b50, size: 30 } as const;
const CENTRAL = { signature: 0x02014b50, size: 46 } as const;
const END = { signature: 0x06054b50, size: 22, comment: 0xffff } as const;
const STORED = 0;
const DEFLATED = 8;
/** A name in UTF-8. */
const UTF8 = 0x0800;
/** 1 January 1980, the first day that the format knows. */
const DATE = 0x21;

const ARRAY = /\.npy$/;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly checksum: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

interface Fault {
  readonly where: string;
  readonly expected: string;
  readonly found: string;
}
const fault = (expected: string, found: string, where = ''): E.Either<Fault, never> =>
  E.left({ where, expected, found });

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function directory(bytes: Uint8Array): E.Either<Fault, Entry[]> {
  const view = viewOf(bytes);
  let end = bytes.length - END.size;
  const last = Math.max(0, end - END.comment);
  while (end >= last && view.getUint32(end, true) !== END.signature) end--;
  if (end < last) return fault('a zip archive with its directory', 'none: it is cut off, or another file');
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL.size > end || view.getUint32(at, true) !== CENTRAL.signature)
      return fault(`${count} directory entries`, `${i} that can be read (zip64 is not supported)`);
    const nameSize = view.getUint16(at + 28, true);
    entries.push({
      name: new TextDecoder().decode(bytes.subarray(at + CENTRAL.size, at + CENTRAL.size + nameSize)),
      method: view.getUint16(at + 10, true),
      checksum: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    });
    at += CENTRAL.size + nameSize + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return E.right(entries);
}

function unpack(bytes: Uint8Array, entry: Entry): E.Either<Fault, Uint8Array> {
  const { name: where, method, checksum, packed, size, offset } = entry;
  const view = viewOf(bytes);
  if (offset + LOCAL.size > bytes.length || view.getUint32(offset, true) !== LOCAL.signature)
    return fault(`an entry at byte ${offset}`, 'none', where);
  const start = offset + LOCAL.size + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const data = bytes.subarray(start, start + packed);
  if (data.length !== packed) return fault(`${packed} bytes at byte ${start}`, `${data.length}`, where);
  if (method !== STORED && method !== DEFLATED)
    return fault('an entry that is stored or deflated', `method ${method}`, where);
  if (method === DEFLATED && size > 0) {
    const inflated = E.tryCatch(() => inflateRawSync(data, { maxOutputLength: size }), String);
    if (E.isLeft(inflated)) return fault(`${size} deflated bytes`, 'others', where);
    return crc32(inflated.right) === checksum
      ? E.right(inflated.right)
      : fault('the contents that its checksum was made of', 'others: it is damaged', where);
  }
  if (size !== packed || crc32(data) !== checksum)
    return fault(`${size} bytes of the stated checksum`, 'others: it is damaged', where);
  return E.right(data);
}

/**
 * The arrays of an `.npz` file.
 *
 * @param bytes The file; arrays that are not deflated are views of it.
 * @param where What to call it in an error.
 * @param largest Bytes that all arrays may have together once inflated.
 * @returns In the order of the archive, their names without `.npy`, or what is damaged or too large.
 */
export function decodeNpz(
  bytes: Uint8Array,
  where: string,
  largest: number,
): E.Either<DataError, StoredWeight[]> {
  const failed = ({ where: entry, expected, found }: Fault): DataError => ({
    where: entry === '' ? where : `${where}, ${entry}`,
    expected,
    found,
    cure: 'fetch it again, or save it anew with numpy.savez',
  });
  const entries = directory(bytes);
  if (E.isLeft(entries)) return E.left(failed(entries.left));
  const arrays = entries.right.filter(({ name }) => ARRAY.test(name));
  const total = arrays.reduce((sum, { size }) => sum + size, 0);
  if (total > largest)
    return E.left(
      failed({ where: '', expected: `at most ${largest} bytes of arrays`, found: `${total} announced` }),
    );
  const weights: StoredWeight[] = [];
  for (const entry of arrays) {
    const name = entry.name.replace(ARRAY, '');
    const unpacked = unpack(bytes, entry);
    if (E.isLeft(unpacked)) return E.left(failed(unpacked.left));
    const array = decodeNpy(unpacked.right, name);
    if (E.isLeft(array)) return E.left(failed({ where: name, ...array.left }));
    weights.push(array.right);
  }
  return E.right(weights);
}

/**
 * Arrays as an `.npz` file that `numpy.load` reads, stored without compression.
 *
 * @param arrays Distinct names, shapes and elements, row-major.
 * @returns The file in pieces, to be written one after the other.
 */
export function encodeNpz(
  arrays: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly values: Float32Array;
  }[],
): Uint8Array[] {
  const local: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const { name: title, shape, values } of arrays) {
    const name = new TextEncoder().encode(`${title}.npy`);
    const data = encodeNpy(shape, values);
    const sizes = u32(crc32(data), data.length, data.length);
    const shared = joinedBytes([u16(UTF8, STORED, 0, DATE), sizes, u16(name.length, 0)]);
    const header = joinedBytes([u32(LOCAL.signature), u16(20), shared]);
    local.push(header, name, data);
    const place = [u16(0, 0, 0), u32(0, offset)];
    central.push(joinedBytes([u32(CENTRAL.signature), u16(20, 20), shared, ...place]), name);
    offset += header.length + name.length + data.length;
  }
  const size = central.reduce((sum, { length }) => sum + length, 0);
  const counts = u16(0, 0, arrays.length, arrays.length);
  return [...local, ...central, joinedBytes([u32(END.signature), counts, u32(size, offset), u16(0)])];
}
