/**
 * The messages of an HDF5 object header (HDF5 File Format Specification 3.0, chapter IV.A.2): types, shapes and
 * attributes. Only what numeric arrays and text need; everything else is refused by name.
 */
import type { StoredType } from './stored-weight.ts';
import { decodeUtf8 } from './utf8.ts';

/** Why a file cannot be read; the readers catch it and return it as a value. */
export class Hdf5Fault extends Error {
  readonly expected: string;
  readonly found: string;
  constructor(expected: string, found: string) {
    super(`expected ${expected}, found ${found}`);
    this.expected = expected;
    this.found = found;
  }
}

/** How often all bytes of a file may be read as parts of its structure. */
const MOST_READINGS = 8;

/** A part of the file; every read is checked against its end. */
export class Hdf5Bytes {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #left: number;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#left = MOST_READINGS * bytes.length;
  }
  get length(): number {
    return this.bytes.length;
  }
  #check(at: number, size: number): void {
    if (!(at >= 0 && size >= 0 && at + size <= this.bytes.length))
      throw new Hdf5Fault(`${size} bytes at byte ${at}`, `an end at byte ${this.bytes.length}`);
  }
  u8(at: number): number {
    this.#check(at, 1);
    return this.#view.getUint8(at);
  }
  u16(at: number): number {
    this.#check(at, 2);
    return this.#view.getUint16(at, true);
  }
  u32(at: number): number {
    this.#check(at, 4);
    return this.#view.getUint32(at, true);
  }
  /** Sizes and addresses: all ones ("undefined") and whatever is beyond exact numbers are outside of any file. */
  u64(at: number): number {
    this.#check(at, 8);
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }
  /**
   * Counts bytes of structure that are read. Parts of a file lie beside each other and are read once or twice. Parts
   * that overlap, or are announced again and again, would take time and memory by the square of the file's size.
   */
  spend(size: number): void {
    this.#left -= size;
    if (this.#left < 0) throw new Hdf5Fault('parts that lie beside each other', 'parts that overlap');
  }
  slice(at: number, size: number): Uint8Array {
    this.#check(at, size);
    return this.bytes.subarray(at, at + size);
  }
  /** Text of at most `size` bytes that ends at the first zero. */
  text(at: number, size: number): string {
    const bytes = this.slice(at, size);
    const end = bytes.indexOf(0);
    return decodeUtf8(end < 0 ? bytes : bytes.subarray(0, end));
  }
  expectSignature(at: number, signature: string): void {
    const found = this.text(at, 4);
    if (found !== signature)
      throw new Hdf5Fault(`${signature} at byte ${at}`, JSON.stringify(found.slice(0, 8)));
  }
}

/** The type of a dataset's or attribute's elements. */
export type Hdf5Type =
  | { readonly kind: 'float'; readonly size: number; readonly type: StoredType }
  | { readonly kind: 'text'; readonly size: number }
  /** Length and a place in a global heap. */
  | { readonly kind: 'variable text'; readonly size: 16 }
  | { readonly kind: 'other'; readonly size: number };

const FLOATS: ReadonlyMap<number, { readonly type: StoredType; readonly exponentBits: number }> = new Map([
  [2, { type: 'float16', exponentBits: 5 }],
  [4, { type: 'float32', exponentBits: 8 }],
  [8, { type: 'float64', exponentBits: 11 }],
]);

/** A datatype message. */
export function readType(b: Hdf5Bytes, at: number): Hdf5Type {
  const class_ = b.u8(at) & 15;
  const [bits, size] = [b.u8(at + 1), b.u32(at + 4)];
  if (class_ === 1) {
    const float = FLOATS.get(size);
    const littleEndian = (bits & 0x41) === 0;
    if (float && littleEndian && b.u8(at + 13) === float.exponentBits)
      return { kind: 'float', size, type: float.type };
    throw new Hdf5Fault('little-endian IEEE numbers', `another layout of ${size} bytes`);
  }
  if (class_ === 3) return { kind: 'text', size };
  if (class_ === 9 && (bits & 15) === 1 && size === 16) return { kind: 'variable text', size: 16 };
  return { kind: 'other', size };
}

/** A dataspace message: the dimensions, none for a scalar. */
export function readSpace(b: Hdf5Bytes, at: number): number[] {
  const version = b.u8(at);
  const rank = b.u8(at + 1);
  if (version !== 1 && version !== 2) throw new Hdf5Fault('a dataspace of version 1 or 2', `${version}`);
  if (version === 2 && b.u8(at + 3) === 2) return [0];
  const first = at + (version === 1 ? 8 : 4);
  return Array.from({ length: rank }, (_, i) => b.u64(first + 8 * i));
}

/** An attribute as its message holds it. */
export interface Hdf5Attribute {
  readonly name: string;
  readonly type: Hdf5Type;
  readonly shape: readonly number[];
  readonly data: Hdf5Bytes;
}

const padded = (size: number): number => Math.ceil(size / 8) * 8;

/** An attribute message. */
export function readAttribute(b: Hdf5Bytes): Hdf5Attribute {
  const version = b.u8(0);
  if (version < 1 || version > 3) throw new Hdf5Fault('an attribute of version 1 to 3', `${version}`);
  if (version > 1 && b.u8(1) !== 0)
    throw new Hdf5Fault('an attribute with a type of its own', 'a shared one');
  const round = version === 1 ? padded : (size: number) => size;
  const [nameSize, typeSize, spaceSize] = [b.u16(2), b.u16(4), b.u16(6)];
  const nameAt = version === 3 ? 9 : 8;
  const typeAt = nameAt + round(nameSize);
  const spaceAt = typeAt + round(typeSize);
  const dataAt = spaceAt + round(spaceSize);
  return {
    name: b.text(nameAt, nameSize),
    type: readType(b, typeAt),
    shape: readSpace(b, spaceAt),
    data: new Hdf5Bytes(b.slice(dataAt, b.length - dataAt)),
  };
}
