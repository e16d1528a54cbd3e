/**
 * The IDX format of the MNIST files (LeCun, Cortes, Burges, "The MNIST database of handwritten digits"): two zero
 * bytes, a type code, the number of dimensions, each dimension as a big-endian 32-bit integer, then the elements
 * row-major. Only unsigned bytes (code 0x08) with one to three dimensions are read: nothing else is published.
 */
import { either as E } from 'fp-ts';
import { refuse, type DataError } from './data-error.ts';

/** An array of unsigned bytes. */
export interface IdxArray {
  /** One to three dimensions. */
  readonly shape: readonly number[];
  /** Elements, row-major. */
  readonly values: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;
const CURE = 'fetch the file again, or gunzip it first if it is compressed';

function magicError(bytes: Uint8Array, name: string): DataError {
  const found = Array.from(bytes.subarray(0, 4), (b) => b.toString(16).padStart(2, '0')).join(' ');
  return {
    where: `${name}, byte 0`,
    expected: 'the IDX magic 00 00 08 01, 02 or 03 (unsigned bytes, one to three dimensions)',
    found: found === '' ? 'an empty file' : found,
    cure: CURE,
  };
}

/**
 * Decodes an IDX file of unsigned bytes.
 *
 * @param bytes The whole, uncompressed file.
 * @param name What to call it in an error, such as its file name.
 * @returns Shape and elements (a copy), or what is wrong at which byte: a wrong magic, a file that ends early,
 *   bytes left over.
 * @example
 * ```ts
 * import { decodeIdx } from 'model-patching/data';
 * const decoded = decodeIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9));
 * if (decoded._tag === 'Left' || decoded.right.values.join() !== '7,9') throw new Error('expected two labels');
 * const damaged = decodeIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7), 'labels');
 * if (damaged._tag === 'Right' || damaged.left.where !== 'labels, byte 9') throw new Error('expected an error');
 * ```
 */
export function decodeIdx(bytes: Uint8Array, name = 'IDX data'): E.Either<DataError, IdxArray> {
  const rank = bytes[3] ?? 0;
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== UNSIGNED_BYTE || rank < 1 || rank > 3) {
    return E.left(magicError(bytes, name));
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) {
    return refuse(
      `${name}, byte ${bytes.length}`,
      `${rank} dimensions of four bytes each, up to byte ${start}`,
      'the end of the file',
      CURE,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const end = start + shape.reduce((product, size) => product * size, 1);
  if (bytes.length !== end) {
    return refuse(
      `${name}, byte ${Math.min(bytes.length, end)}`,
      `the elements of an array [${shape.join(', ')}], ending at byte ${end}`,
      bytes.length < end ? 'the end of the file' : `${bytes.length - end} bytes more`,
      CURE,
    );
  }
  // Not slice(): a Buffer's would share its memory.
  return E.right({ shape, values: new Uint8Array(bytes.subarray(start)) });
}

/**
 * Encodes an array of unsigned bytes as an IDX file, the inverse of {@link decodeIdx}.
 *
 * @param array One to three dimensions whose product is the number of elements.
 * @returns The bytes of the file.
 * @throws RangeError if the shape has another number of dimensions or does not fit the elements.
 * @example
 * ```ts
 * import { encodeIdx } from 'model-patching/data';
 * const bytes = encodeIdx({ shape: [1, 2], values: Uint8Array.of(3, 4) });
 * if (bytes.join() !== '0,0,8,2,0,0,0,1,0,0,0,2,3,4') throw new Error(bytes.join());
 * ```
 */
export function encodeIdx({ shape, values }: IdxArray): Uint8Array {
  const rank = shape.length;
  if (rank < 1 || rank > 3 || shape.reduce((product, size) => product * size, 1) !== values.length) {
    throw new RangeError(
      `shape: expected one to three dimensions of ${values.length} elements, received [${shape.join(', ')}]`,
    );
  }
  const bytes = new Uint8Array(4 + 4 * rank + values.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (UNSIGNED_BYTE << 8) | rank);
  shape.forEach((size, i) => view.setUint32(4 + 4 * i, size));
  bytes.set(values, 4 + 4 * rank);
  return bytes;
}
