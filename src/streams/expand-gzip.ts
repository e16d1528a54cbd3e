/**
 * Gzip files from outside (RFC 1952) unpacked in memory. A kilobyte of them may hold a megabyte, so that what comes out
 * is bounded, and is put into one piece as large as the file says: pieces would be joined in a second copy.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { MOST_EXPANSION } from '../data/deflate.ts';

/** A file that says less than it holds comes in pieces; small ones cost more time than their bytes. */
const SMALLEST_PIECE = 2 ** 16;

/** What a file says in its last four bytes that it expands to, modulo 2³². */
export const statedSize = (bytes: Uint8Array): number =>
  bytes.length < 4
    ? 0
    : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(bytes.length - 4, true);

/** What a file from outside may expand to in memory, where nothing else bounds it: 32 MiB and so many times its size. */
export const expandedBound = (packed: number, times: number): number => 2 ** 25 + times * packed;

/**
 * Unpacks a file.
 *
 * @param bytes The whole file.
 * @param largest Bytes that it may expand to.
 * @returns What was packed.
 * @throws Error of zlib if the file is damaged, or holds more (`ERR_BUFFER_TOO_LARGE`).
 */
export function expandGzip(bytes: Uint8Array, largest: number): Promise<Uint8Array> {
  const possible = Math.min(statedSize(bytes), largest, MOST_EXPANSION * bytes.length);
  const options = { maxOutputLength: largest, chunkSize: Math.max(SMALLEST_PIECE, possible + 1) };
  return promisify(gunzip)(bytes, options);
}
