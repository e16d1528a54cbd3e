/**
 * TFRecord framing: each record is its length (64 bits, little-endian), the masked CRC-32C of those eight bytes,
 * the data, and the masked CRC-32C of the data. CRC-32C is the Castagnoli polynomial (RFC 3720, appendix B.4);
 * the mask rotates it by 15 bits and adds a constant, so that a checksum of data with embedded checksums stays good.
 */
import { either as E } from 'fp-ts';
import type { DataError } from './data-error.ts';

const REVERSED_CASTAGNOLI = 0x82f63b78;
const MASK_DELTA = 0xa282ead8;
const HEADER = 12;
const FOOTER = 4;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder >>> 1) ^ (remainder & 1 ? REVERSED_CASTAGNOLI : 0);
  }
  return remainder;
});

/**
 * The CRC-32C checksum.
 *
 * @param bytes Any bytes.
 * @returns An unsigned 32-bit integer.
 * @example
 * ```ts
 * import { crc32c } from 'model-patching/data';
 * if (crc32c(new TextEncoder().encode('123456789')) !== 0xe3069283) throw new Error('not CRC-32C');
 * ```
 */
export function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    remainder = (remainder >>> 8) ^ TABLE[(remainder ^ bytes[i]!) & 0xff]!;
  }
  return ~remainder >>> 0;
}

/**
 * The checksum as TFRecord files store it: CRC-32C rotated right by 15 bits, plus 0xa282ead8, modulo 2³².
 *
 * @param bytes Any bytes.
 * @returns An unsigned 32-bit integer.
 * @example
 * ```ts
 * import { encodeTfRecords, maskedCrc32c } from 'model-patching/data';
 * const data = Uint8Array.of(1, 2, 3);
 * const file = encodeTfRecords([data]);
 * const stored = new DataView(file.buffer, file.byteOffset).getUint32(file.length - 4, true);
 * if (maskedCrc32c(data) !== stored) throw new Error('the last bytes of a record are its checksum');
 * ```
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0;
}

/**
 * Frames records as the bytes of a TFRecord file.
 *
 * @param records The records' data, in order.
 * @returns The bytes of the file: 16 more than the data for each record.
 * @example
 * ```ts
 * import { decodeTfRecords, encodeTfRecords } from 'model-patching/data';
 * const decoded = decodeTfRecords(encodeTfRecords([Uint8Array.of(1), Uint8Array.of()]));
 * if (decoded._tag === 'Left' || decoded.right.length !== 2) throw new Error('expected two records');
 * ```
 */
export function encodeTfRecords(records: readonly Uint8Array[]): Uint8Array {
  const file = new Uint8Array(records.reduce((size, { length }) => size + HEADER + length + FOOTER, 0));
  const view = new DataView(file.buffer);
  records.reduce((start, record) => {
    view.setBigUint64(start, BigInt(record.length), true);
    view.setUint32(start + 8, maskedCrc32c(file.subarray(start, start + 8)), true);
    file.set(record, start + HEADER);
    view.setUint32(start + HEADER + record.length, maskedCrc32c(record), true);
    return start + HEADER + record.length + FOOTER;
  }, 0);
  return file;
}

/**
 * The file name of one shard of a record folder, `NN-<shard size>.tfrec`.
 *
 * @param index Number of the shard, from 0; at least two digits are written.
 * @param shardSize Examples for which a shard has room. Default 10,240, as published.
 * @returns The name.
 * @throws RangeError unless both are integers, `index` ≥ 0 and `shardSize` ≥ 1.
 * @example
 * ```ts
 * import { shardFileName } from 'model-patching/data';
 * if (shardFileName(3) !== '03-10240.tfrec') throw new Error(shardFileName(3));
 * ```
 */
export function shardFileName(index: number, shardSize = 10240): string {
  if (!(Number.isSafeInteger(index) && index >= 0 && Number.isSafeInteger(shardSize) && shardSize >= 1)) {
    throw new RangeError(`index, shardSize: expected integers ≥ 0 and ≥ 1, received ${index}, ${shardSize}`);
  }
  return `${String(index).padStart(2, '0')}-${shardSize}.tfrec`;
}

/** How {@link decodeTfRecords} reads. */
export interface TfRecordOptions {
  /** What to call the file in an error. Default `TFRecord data`. */
  readonly name?: string;
  /** Largest length in bytes that a record may claim. Default 2²⁸. */
  readonly maximumLength?: number;
  /** Position of the first byte in its file, for errors; default 0. */
  readonly position?: number;
}

function hex(checksum: number): string {
  return `0x${checksum.toString(16).padStart(8, '0')}`;
}

function firstFault(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  { name = 'TFRecord data', maximumLength = 2 ** 28, position = 0 }: TfRecordOptions,
): DataError | undefined {
  const fault = (offset: number, expected: string, found: string, cure: string) => ({
    where: `${name}, byte ${position + offset}`,
    expected,
    found,
    cure,
  });
  const again = 'copy or make the file again';
  if (start + HEADER > bytes.length) {
    return fault(start, `a record header of ${HEADER} bytes`, `${bytes.length - start} bytes`, again);
  }
  const headerSum = maskedCrc32c(bytes.subarray(start, start + 8));
  const statedHeaderSum = view.getUint32(start + 8, true);
  if (headerSum !== statedHeaderSum) {
    const found = `checksum ${hex(statedHeaderSum)} for a length that has ${hex(headerSum)}`;
    const cure = position + start === 0 ? 'check that this is an uncompressed TFRecord file' : again;
    return fault(start, 'a record length with its checksum', found, cure);
  }
  const length = view.getBigUint64(start, true);
  if (length > BigInt(maximumLength)) {
    const cure = 'raise maximumLength if such a record is right';
    return fault(start, `a record of at most ${maximumLength} bytes`, `${length} bytes`, cure);
  }
  const data = start + HEADER;
  const end = data + Number(length);
  if (end + FOOTER > bytes.length) {
    const expected = `${length} bytes of data and a checksum, up to byte ${position + end + FOOTER}`;
    return fault(data, expected, `the end of the file at byte ${position + bytes.length}`, again);
  }
  const dataSum = maskedCrc32c(bytes.subarray(data, end));
  const statedDataSum = view.getUint32(end, true);
  return dataSum === statedDataSum
    ? undefined
    : fault(data, `data with checksum ${hex(statedDataSum)}`, `checksum ${hex(dataSum)}`, again);
}

/** A record of a TFRecord file. */
export interface TfRecord {
  /** A view of the file's bytes. */
  readonly data: Uint8Array;
  /** The first byte after the record. */
  readonly end: number;
}

/**
 * The record that begins at a byte, its checksums verified.
 *
 * @param bytes The whole, uncompressed file.
 * @param start Where the record begins.
 * @param options As for {@link decodeTfRecords}.
 */
export function tfRecordAt(
  bytes: Uint8Array,
  start: number,
  options: TfRecordOptions = {},
): E.Either<DataError, TfRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fault = firstFault(bytes, view, start, options);
  if (fault !== undefined) return E.left(fault);
  const end = start + HEADER + Number(view.getBigUint64(start, true)) + FOOTER;
  return E.right({ data: bytes.subarray(start + HEADER, end - FOOTER), end });
}

/** Whether a file ends within the record that begins at a byte, as after a write that was cut short. */
export function isTornRecord(bytes: Uint8Array, start: number): boolean {
  if (start + HEADER > bytes.length) return true;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (
    maskedCrc32c(bytes.subarray(start, start + 8)) === view.getUint32(start + 8, true) &&
    BigInt(bytes.length - start - HEADER - FOOTER) < view.getBigUint64(start, true)
  );
}

/**
 * The records of a TFRecord file, every checksum verified.
 *
 * @param bytes The whole, uncompressed file.
 * @param options Its name and a bound on record lengths.
 * @returns The records' data as views of `bytes`, or what is wrong at which byte: a cut record, a wrong checksum, a
 *   length out of bounds.
 * @example
 * ```ts
 * import { decodeTfRecords, encodeTfRecords } from 'model-patching/data';
 * const file = encodeTfRecords([Uint8Array.of(1, 2, 3)]);
 * file[13] = 9;
 * const damaged = decodeTfRecords(file, { name: '00-10240.tfrec' });
 * if (damaged._tag === 'Right' || damaged.left.where !== '00-10240.tfrec, byte 12') throw new Error('undetected');
 * ```
 */
export function decodeTfRecords(
  bytes: Uint8Array,
  options: TfRecordOptions = {},
): E.Either<DataError, readonly Uint8Array[]> {
  const records: Uint8Array[] = [];
  for (let start = 0; start < bytes.length;) {
    const record = tfRecordAt(bytes, start, options);
    if (E.isLeft(record)) return record;
    records.push(record.right.data);
    start = record.right.end;
  }
  return E.right(records);
}
