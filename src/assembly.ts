/**
 * A WebAssembly module of plain loops, put together from its instructions (WebAssembly specification, chapter "Binary
 * Format"): loops over loads, sums, products and stores need no compiler at hand to build or change them.
 */

export type Code = readonly number[];

export function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

const signed = (value: number): number[] =>
  value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)];

export const vector = (value: Code): number[] => [...unsigned(value.length), ...value];
export const list = (items: readonly Code[]): number[] => [...unsigned(items.length), ...items.flat()];
const section = (id: number, body: Code): number[] => [id, ...vector(body)];
const name = (text: string): number[] => vector([...text].map((letter) => letter.charCodeAt(0)));
export const get = (local: number): number[] => [0x20, ...unsigned(local)];
export const set = (local: number): number[] => [0x21, ...unsigned(local)];
/** The constant `value` ≥ 0. */
export const constant = (value: number): number[] => [0x41, ...signed(value)];
export const plus = (x: Code, y: Code): number[] => [...x, ...y, 0x6a];
export const copy = (from: number, to: number): number[] => [...get(from), ...set(to)];
export const product = (x: Code, y: Code): number[] => [...x, ...y, 0x6c];
export const advance = (local: number, by: Code): number[] => [...plus(get(local), by), ...set(local)];

/** Runs `body` `count` times, count ≥ 1, on the counter `local`. */
export function repeat(local: number, count: Code, body: Code): number[] {
  const countDown = [...get(local), ...constant(1), 0x6b, 0x22, ...unsigned(local)];
  return [...count, ...set(local), 0x03, 0x40, ...body, ...countDown, 0x0d, 0, 0x0b];
}

export const INTEGER = 0x7f;
export const lanes = {
  scalar: {
    type: 0x7d,
    bytes: 4,
    zero: [0x43, 0, 0, 0, 0],
    load: (offset: number): number[] => [0x2a, 2, ...unsigned(offset)],
    spread: (offset: number): number[] => [0x2a, 2, ...unsigned(offset)],
    store: (offset: number): number[] => [0x38, 2, ...unsigned(offset)],
    add: [0x92],
    multiply: [0x94],
  },
  four: {
    type: 0x7b,
    bytes: 16,
    zero: [0xfd, 0x0c, ...new Array<number>(16).fill(0)],
    load: (offset: number): number[] => [0xfd, 0x00, 2, ...unsigned(offset)],
    spread: (offset: number): number[] => [0xfd, 0x09, 2, ...unsigned(offset)],
    store: (offset: number): number[] => [0xfd, 0x0b, 2, ...unsigned(offset)],
    add: [0xfd, 0xe4, 0x01],
    subtract: [0xfd, 0xe5, 0x01],
    multiply: [0xfd, 0xe6, 0x01],
    equal: [0xfd, 0x41],
    greater: [0xfd, 0x44],
    /** y where x < y, else x; so x where y is no number. */
    larger: [0xfd, 0xeb, 0x01],
    /** Of the bits of x where those of the mask are set. */
    and: [0xfd, 0x4e],
    andNot: [0xfd, 0x4f],
    select: [0xfd, 0x52],
  },
};

/** Vectors of four 32-bit integers, and of the sixteen bytes that they are. */
export const integers = {
  constant: (values: Code): number[] => [0xfd, 0x0c, ...new Uint8Array(Int32Array.from(values).buffer)],
  spread: [0xfd, 0x11],
  add: [0xfd, 0xae, 0x01],
  shiftLeft: [0xfd, 0xab, 0x01],
  /** Without sign. */
  shiftRight: [0xfd, 0xad, 0x01],
  or: [0xfd, 0x50],
  exclusiveOr: [0xfd, 0x51],
  /** The integers of two vectors at these four of their eight positions. */
  pick: (positions: Code): number[] => [
    ...[0xfd, 0x0d],
    ...positions.flatMap((position) => [0, 1, 2, 3].map((byte) => 4 * position + byte)),
  ],
  bytes: {
    spread: [0xfd, 0x0f],
    /** All bits of a byte where x ≥ y, both without sign. */
    notLess: [0xfd, 0x2c],
    /** The first or the last eight bytes as 16-bit integers, with sign. */
    widen: [
      [0xfd, 0x87, 0x01],
      [0xfd, 0x88, 0x01],
    ],
  },
  /** The first or the last four 16-bit integers as 32-bit ones, with sign. */
  widen: [
    [0xfd, 0xa7, 0x01],
    [0xfd, 0xa8, 0x01],
  ],
} as const;

/** A function of integers without result; its code is made of the locals after its parameters and its instructions. */
export interface Assembled {
  readonly name: string;
  readonly parameters: number;
  readonly code: Code;
}

/** The module's bytes; it imports its memory, which is shared between threads where the backend's is. */
export function bytesOfModule(shared: boolean, functions: readonly Assembled[]): Uint8Array<ArrayBuffer> {
  const limits = shared ? [3, 0, ...unsigned(65536)] : [0, 0];
  const types = functions.map(({ parameters }) => [
    0x60,
    ...list(new Array<number[]>(parameters).fill([INTEGER])),
    0,
  ]);
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(types)),
    ...section(2, list([[...name('backend'), ...name('memory'), 2, ...limits]])),
    ...section(3, list(functions.map((_, i) => unsigned(i)))),
    ...section(7, list(functions.map((one, i) => [...name(one.name), 0, ...unsigned(i)]))),
    ...section(10, list(functions.map(({ code }) => code))),
  ]);
}
