/** What the readers of weight files have in common: a named tensor that is still a view of the file's bytes. */

/** Types of number that weights are stored in, all little-endian. */
export type StoredType = 'float16' | 'bfloat16' | 'float32' | 'float64';

/** A tensor in a weight file. */
export interface StoredWeight {
  /** As in the file, for messages and for matching: `conv0/kernel:0`, `layer1.0.conv1.weight`. */
  readonly name: string;
  /** The layer that the file lists it under, where it says so: the outermost one if layers are nested. */
  readonly layer?: string;
  readonly shape: readonly number[];
  /** null: not a type of weights (counters, for instance). */
  readonly type: StoredType | null;
  /** Its elements, row-major. */
  readonly bytes: Uint8Array;
}

/** Bytes of one number. */
export const STORED_BYTES: Readonly<Record<StoredType, number>> = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
};

/** Number of elements; Infinity rather than a wrong number where it is beyond what can be counted. */
export const elementCount = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

const single = new DataView(new ArrayBuffer(4));

function fromBits(bits: number): number {
  single.setUint32(0, bits);
  return single.getFloat32(0);
}

/** IEEE 754 half precision: subnormal numbers are multiples of 2⁻²⁴. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * A stored tensor's elements in single precision, copied.
 *
 * @param stored A tensor of one of the types of {@link StoredType} with as many bytes as its shape asks for.
 * @returns Row-major.
 * @throws TypeError if it is of another type.
 * @example
 * ```ts
 * import { storedValues } from 'model-patching/weights';
 * const bytes = Uint8Array.of(0x00, 0xc0, 0x00, 0x3c);
 * const values = storedValues({ name: 'bias', shape: [2], type: 'float16', bytes });
 * if (values.join() !== '-2,1') throw new Error('half precision expected');
 * ```
 */
export function storedValues({ name, type, shape, bytes }: StoredWeight): Float32Array {
  if (type === null) throw new TypeError(`${name}: expected floating-point numbers`);
  const values = new Float32Array(elementCount(shape));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read: Readonly<Record<StoredType, (i: number) => number>> = {
    float16: (i) => fromHalf(view.getUint16(2 * i, true)),
    bfloat16: (i) => fromBits(view.getUint16(2 * i, true) << 16),
    float32: (i) => view.getFloat32(4 * i, true),
    float64: (i) => view.getFloat64(8 * i, true),
  };
  const at = read[type];
  for (let i = 0; i < values.length; i++) values[i] = at(i);
  return values;
}
