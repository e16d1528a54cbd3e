/**
 * The bits of a scan (ITU-T T.81, F.2.2.5). A byte of 255 is followed by a stuffed zero; anything else behind it is a
 * marker, where the data end. Behind them zeros are read and counted, so that the hot loops need no test.
 */
import { JpegFault } from './jpeg-fault.ts';

/** A place between two bits of a file. */
export interface BitReader {
  readonly bytes: Uint8Array;
  /** The byte that is read next. */
  at: number;
  /** Its lowest `count` bits are those that were read ahead. */
  buffer: number;
  count: number;
  /** How many of the bits that were read ahead are not the file's. */
  padding: number;
}

/** A reader that begins at a byte. */
export const bitReader = (bytes: Uint8Array, at: number): BitReader => ({
  bytes,
  at,
  buffer: 0,
  count: 0,
  padding: 0,
});

/** The byte behind a run of bytes 255, or −1 at the end of the file. */
function behindFill(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0xff) at++;
  return at < bytes.length ? at : -1;
}

/** Reads ahead until there are at least 25 bits. */
export function fillBits(reader: BitReader): void {
  const { bytes } = reader;
  while (reader.count <= 24) {
    let byte = bytes[reader.at];
    if (byte === 0xff) {
      const next = behindFill(bytes, reader.at);
      if (next >= 0 && bytes[next] === 0) reader.at = next + 1;
      else byte = undefined;
    } else if (byte !== undefined) reader.at++;
    if (byte === undefined) reader.padding += 8;
    reader.buffer = (reader.buffer << 8) | (byte ?? 0);
    reader.count += 8;
  }
}

/** The next `size` bits, 0 to 16 of them, as a number. */
export function takeBits(reader: BitReader, size: number): number {
  if (reader.count < size) fillBits(reader);
  reader.count -= size;
  return (reader.buffer >>> reader.count) & ((1 << size) - 1);
}

/** A number of `size` bits whose leading bit is its sign (T.81, F.2.2.1, EXTEND). */
export function takeSigned(reader: BitReader, size: number): number {
  if (size === 0) return 0;
  const bits = takeBits(reader, size);
  return bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
}

/**
 * Makes sure that all bits that were taken are the file's.
 *
 * @throws JpegFault if the data have ended before.
 */
export function assertWithin({ bytes, at, count, padding }: BitReader): void {
  if (count < padding) {
    const found = at >= bytes.length ? 'the end of the file' : 'a marker';
    throw new JpegFault(at, 'the rest of the compressed pixels', found);
  }
}

/**
 * Goes to the next marker, past the rest of the scan's data.
 *
 * @returns The marker's second byte; `at` is behind it.
 * @throws JpegFault at the end of the file.
 */
export function toMarker(reader: BitReader): number {
  const { bytes } = reader;
  reader.buffer = reader.count = reader.padding = 0;
  for (let at = bytes.indexOf(0xff, reader.at); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const marker = bytes[at + 1];
    if (marker !== undefined && marker !== 0 && marker !== 0xff) {
      reader.at = at + 2;
      return marker;
    }
  }
  throw new JpegFault(bytes.length, 'the marker that ends the image', 'the end of the file');
}
