/** One array in NumPy's `.npy` format (NEP 1): magic, version, length, a Python dictionary as text, the elements. */
import { either as E } from 'fp-ts';
import { elementCount, STORED_BYTES, type StoredType, type StoredWeight } from './stored-weight.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59);
const TYPES: ReadonlyMap<string, StoredType> = new Map([
  ['<f2', 'float16'],
  ['<f4', 'float32'],
  ['<f8', 'float64'],
]);

/** NumPy has no more; a shape of thousands would take time by the square of its length. */
const MOST_AXES = 64;

/** What is wrong with an array, without its place. */
export interface ArrayFault {
  readonly expected: string;
  readonly found: string;
}

const fault = (expected: string, found: string): E.Either<ArrayFault, never> => E.left({ expected, found });

/** Elements that were stored column by column, row by row. */
function rowMajor(bytes: Uint8Array, shape: readonly number[], size: number): Uint8Array {
  const steps = shape.map((_, axis) => elementCount(shape.slice(0, axis)));
  const position = shape.map(() => 0);
  const rows = new Uint8Array(bytes.length);
  for (let to = 0, from = 0; to < bytes.length; to += size) {
    rows.set(bytes.subarray(from * size, (from + 1) * size), to);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++position[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      position[axis] = 0;
    }
  }
  return rows;
}

/**
 * Decodes an array.
 *
 * @param bytes The `.npy` file; the elements are a view of it, unless they were stored column by column.
 * @param name What the array is called.
 * @returns The array (of type null if it does not hold floating-point numbers), or what is wrong with it.
 */
export function decodeNpy(bytes: Uint8Array, name: string): E.Either<ArrayFault, StoredWeight> {
  if (bytes.length < 12 || !MAGIC.every((byte, i) => bytes[i] === byte))
    return fault('an array of NumPy', 'another file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = bytes[6]! > 1;
  const start = long ? 12 : 10;
  const end = start + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (end > bytes.length) return fault(`a header of ${end} bytes`, `${bytes.length}`);
  const header = decodeUtf8(bytes.subarray(start, end));
  const descr = /'descr': *'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order': *(True|False)/.exec(header)?.[1];
  const sizes = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || sizes === undefined)
    return fault('a header with descr, fortran_order and shape', JSON.stringify(header.slice(0, 80)));
  const shape = sizes
    .split(',')
    .map((size) => size.trim())
    .filter((size) => size !== '')
    .map(Number);
  if (shape.length > MOST_AXES) return fault(`at most ${MOST_AXES} dimensions`, `${shape.length}`);
  const type = TYPES.get(descr) ?? null;
  const elements = bytes.subarray(end);
  if (type === null) return E.right({ name, shape, type, bytes: elements });
  const size = elementCount(shape) * STORED_BYTES[type];
  if (size !== elements.length)
    return fault(`${size} bytes for shape [${shape.join(', ')}]`, `${elements.length}`);
  const rows = order === 'True' ? rowMajor(elements, shape, STORED_BYTES[type]) : elements;
  return E.right({ name, shape, type, bytes: rows });
}

/**
 * Encodes an array of single precision.
 *
 * @param shape Its dimensions.
 * @param values Its elements, row-major.
 * @returns The `.npy` file.
 */
export function encodeNpy(shape: readonly number[], values: Float32Array): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`;
  // NumPy wants the elements at a multiple of 64 bytes, and a line feed before them.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const bytes = new Uint8Array(10 + length + values.byteLength);
  bytes.set(MAGIC);
  bytes.set([1, 0, length & 255, length >>> 8], 6);
  bytes.set(encodeUtf8(`${text.padEnd(length - 1)}\n`), 10);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 10 + length);
  return bytes;
}
