/**
 * The one inner loop that both convolution gradients need, as WebAssembly on the memory of tfjs's backend:
 *
 *     out[m, n] += Σ_k a[k, m] · b[k, n],    k = (k3, k2, k1)
 *
 * where `a` and `out` have any stride, so that no operand is transposed, padded per tap, or copied out as patches. A block
 * of 4 × 8 sums stays in registers, the register blocking of Goto & van de Geijn, "Anatomy of High-Performance Matrix
 * Multiplication" (2008). A few hundred bytes a block size. All of that may be repeated with the same `b`, since a call
 * from JavaScript costs as much as some thousand products.
 */
import {
  INTEGER,
  advance,
  copy,
  get,
  constant,
  lanes,
  list,
  bytesOfModule,
  repeat,
  set,
  vector,
  type Code,
} from '../assembly.ts';
import { instantiate, type WasmFunction } from './instantiate.ts';

const FLOAT = 4;

/** Addresses and strides in bytes, of 4-byte floats; counts in elements. */
export interface MultiplyAccumulate {
  readonly a: number;
  readonly b: number;
  readonly out: number;
  readonly counts: readonly [k1: number, k2: number, k3: number];
  readonly aStrides: readonly [k1: number, k2: number, k3: number];
  readonly bStrides: readonly [k1: number, k2: number, k3: number];
  /** Not negative. */
  readonly aStrideOfM: number;
  readonly outStrideOfM: number;
  /** The whole is done `count` times; `a` and `out` move on by these bytes each time. By default once. */
  readonly repeats?: { readonly count: number; readonly aStride: number; readonly outStride: number };
}

/** How many rows and columns of sums a block has: as many as fit in the registers, and fewer for what is left over. */
export type Rows = 1 | 3 | 4;
export type Columns = 1 | 4 | 8;

/** Adds `blocks` successive blocks of `m` rows and `n` columns; the next block of rows follows the last one. */
export type BlockFunction = (m: Rows, n: Columns, blocks: number, operands: MultiplyAccumulate) => void;

/** Splits `columns` into blocks of 8, then at most one of 4, then single ones. */
export function columnBlocks(columns: number): { readonly column: number; readonly width: Columns }[] {
  const blocks: { column: number; width: Columns }[] = [];
  for (let column = 0; column < columns; column += blocks.at(-1)!.width)
    blocks.push({ column, width: columns - column >= 8 ? 8 : columns - column >= 4 ? 4 : 1 });
  return blocks;
}

/** Successive blocks of so many rows, the first of which is `row`. */
export interface RowBlocks {
  readonly row: number;
  readonly height: Rows;
  readonly blocks: number;
}

/**
 * Splits `rows` into blocks of 4 and up to three of 3: a row alone takes almost as long as three. Few rows become
 * single ones.
 */
export function rowBlocks(rows: number): RowBlocks[] {
  const threes = (4 - (rows % 4)) % 4;
  const rest = rows - 3 * threes;
  const [height, blocks] = rest < 0 ? ([1, rows % 4] as const) : ([3, threes] as const);
  const row = rows - height * blocks;
  const all: RowBlocks[] = [
    { row: 0, height: 4, blocks: row / 4 },
    { row, height, blocks },
  ];
  return all.filter((some) => some.blocks > 0);
}

const PARAMETERS = [
  ...(['a', 'b', 'out', 'k1', 'k2', 'k3', 'aK1', 'aK2', 'aK3'] as const),
  ...(['bK1', 'bK2', 'bK3', 'outM', 'blocks', 'repeats', 'aRepeat', 'outRepeat'] as const),
];
const COUNTERS = [
  ...(['repetition', 'aBlock', 'outRow', 'block'] as const),
  ...(['i1', 'i2', 'i3', 'a3', 'b3', 'a2', 'b2', 'a1', 'b1'] as const),
];
type Local = (typeof PARAMETERS | typeof COUNTERS)[number];
const at = Object.fromEntries([...PARAMETERS, ...COUNTERS].map((local, i) => [local, i])) as Record<
  Local,
  number
>;
const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** The rows of `a` are a known `distance` apart, so that one pointer does for all of them. */
function blockCode(m: number, n: number, distance: number): number[] {
  const lane = n === 1 ? lanes.scalar : lanes.four;
  const columns = range(n === 1 ? 1 : n / 4);
  const rows = range(m);
  const firstValue = PARAMETERS.length + COUNTERS.length;
  const bValue = (column: number): number => firstValue + column;
  const aValue = bValue(columns.length);
  const total = (row: number, column: number): number => aValue + 1 + row * columns.length + column;
  const each = (f: (row: number, column: number) => Code): number[] =>
    rows.flatMap((row) => columns.flatMap((column) => f(row, column)));

  const step = [
    ...columns.flatMap((c) => [...get(at.b1), ...lane.load(c * lane.bytes), ...set(bValue(c))]),
    ...rows.flatMap((r) => [
      ...[...get(at.a1), ...lane.spread(r * distance), ...set(aValue)],
      ...columns.flatMap((c) => [
        ...[...get(total(r, c)), ...get(aValue), ...get(bValue(c)), ...lane.multiply],
        ...[...lane.add, ...set(total(r, c))],
      ]),
    ]),
    ...advance(at.a1, get(at.aK1)),
    ...advance(at.b1, get(at.bK1)),
  ];
  const overK1 = [
    ...copy(at.a2, at.a1),
    ...copy(at.b2, at.b1),
    ...repeat(at.i1, get(at.k1), step),
    ...advance(at.a2, get(at.aK2)),
    ...advance(at.b2, get(at.bK2)),
  ];
  const overK2 = [
    ...copy(at.a3, at.a2),
    ...copy(at.b3, at.b2),
    ...repeat(at.i2, get(at.k2), overK1),
    ...advance(at.a3, get(at.aK3)),
    ...advance(at.b3, get(at.bK3)),
  ];
  const addToOut = rows.flatMap((r) => [
    ...columns.flatMap((c) => [
      ...[...get(at.outRow), ...get(at.outRow), ...lane.load(c * lane.bytes), ...get(total(r, c))],
      ...[...lane.add, ...lane.store(c * lane.bytes)],
    ]),
    ...advance(at.outRow, get(at.outM)),
  ]);
  const oneBlock = [
    ...each((r, c) => [...lane.zero, ...set(total(r, c))]),
    ...copy(at.aBlock, at.a3),
    ...copy(at.b, at.b3),
    ...repeat(at.i3, get(at.k3), overK2),
    ...addToOut,
    ...advance(at.aBlock, constant(m * distance)),
  ];
  const allBlocks = [
    ...copy(at.a, at.aBlock),
    ...copy(at.out, at.outRow),
    ...repeat(at.block, get(at.blocks), oneBlock),
    ...advance(at.a, get(at.aRepeat)),
    ...advance(at.out, get(at.outRepeat)),
  ];
  const locals = list([
    [COUNTERS.length, INTEGER],
    [columns.length + 1 + m * columns.length, lane.type],
  ]);
  return vector([...locals, ...repeat(at.repetition, get(at.repeats), allBlocks), 0x0b]);
}

/** The bytes of a module of one block, for rows of `a` that are so many bytes apart. */
export function moduleBytes(
  shared: boolean,
  { m, n, distance }: Readonly<{ m: Rows; n: Columns; distance: number }>,
): Uint8Array<ArrayBuffer> {
  const code = blockCode(m, n, distance);
  return bytesOfModule(shared, [{ name: 'block', parameters: PARAMETERS.length, code }]);
}

const ONCE = { count: 1, aStride: 0, outStride: 0 };

/** The blocks on this memory, compiled as they are first asked for; undefined where WebAssembly has no vector instructions. */
export function compileBlocks(memory: WebAssembly.Memory): BlockFunction | undefined {
  const compile = (m: Rows, n: Columns, distance: number): WasmFunction | undefined =>
    instantiate(memory, (shared) => moduleBytes(shared, { m, n, distance }))?.['block'];
  if (!compile(4, 8, FLOAT)) return undefined;
  const compiled = new Map<number, WasmFunction>();
  return (m, n, blocks, { a, b, out, counts, aStrides, bStrides, aStrideOfM, outStrideOfM, repeats }) => {
    const [k1, k2, k3] = counts;
    const { count, aStride, outStride } = repeats ?? ONCE;
    if (blocks < 1 || k1 < 1 || k2 < 1 || k3 < 1 || count < 1) return;
    const key = (aStrideOfM * 8 + m) * 16 + n;
    let block = compiled.get(key);
    if (!block) compiled.set(key, (block = compile(m, n, aStrideOfM)!));
    const [aK1, aK2, aK3] = aStrides;
    const [bK1, bK2, bK3] = bStrides;
    // prettier-ignore
    block(a, b, out, k1, k2, k3, aK1, aK2, aK3, bK1, bK2, bK3, outStrideOfM, blocks, count, aStride, outStride);
  };
}

/** The same sums in plain JavaScript, for engines without vector instructions. `floats` reads the memory as it is now. */
export function plainBlocks(floats: () => Float32Array): BlockFunction {
  return (m, n, blocks, operands) => {
    const { a, b, out, counts, aStrides, bStrides, aStrideOfM, outStrideOfM, repeats = ONCE } = operands;
    const [k1, k2, k3] = counts;
    const memory = floats();
    for (let repetition = 0; repetition < repeats.count; repetition++)
      for (let row = 0; row < m * blocks; row++)
        for (let column = 0; column < n; column++) {
          const aStart = a + repetition * repeats.aStride + row * aStrideOfM;
          let total = 0;
          for (let i3 = 0; i3 < k3; i3++)
            for (let i2 = 0; i2 < k2; i2++)
              for (let i1 = 0; i1 < k1; i1++) {
                const aOffset = i1 * aStrides[0] + i2 * aStrides[1] + i3 * aStrides[2];
                const bOffset = i1 * bStrides[0] + i2 * bStrides[1] + i3 * bStrides[2] + column * FLOAT;
                total += memory[(aStart + aOffset) >>> 2]! * memory[(b + bOffset) >>> 2]!;
              }
          const index = (out + repetition * repeats.outStride + row * outStrideOfM + column * FLOAT) >>> 2;
          memory[index] = memory[index]! + total;
        }
  };
}
