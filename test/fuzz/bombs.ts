/** A few kilobytes that unpack to a mass of zeros; each is made once, since that takes more than all that is measured. */
import { deflateSync, gzipSync } from 'node:zlib';

const made = new Map<string, Uint8Array>();

/** Zeros, packed as a whole. */
export function bombOf(format: 'zlib' | 'gzip', size: number): Uint8Array {
  const key = `${format} ${size}`;
  const pack = format === 'zlib' ? deflateSync : gzipSync;
  const bomb = made.get(key) ?? new Uint8Array(pack(new Uint8Array(size), { level: 9 }));
  made.set(key, bomb);
  return bomb;
}
