/**
 * The one inner loop that both convolution gradients need, as WebAssembly on the memory of tfjs's backend:
 *
 *     out[m, n] += Σ_k a[k, m] · b[k, n],    k = (k3, k2, k1)
 *
 * where `a` and `out` have any stride, so that no operand is transposed, padded per tap, or copied out as patches. A block
 * of 4 × 8 sums stays in registers, the register blocking of Goto & van de Geijn, "Anatomy of High-Performance Matrix
 * Multiplication" (2008). A few hundred bytes a block size.
 */
import {
  INTEGER,
  advance,
  copy,
  get,
  instantiate,
  integer,
  lanes,
  list,
  moduleBytes as bytesOfModule,
  product,
  repeat,
  set,
  sum,
  unsigned,
  vector,
  type Code,
} from './assembly.ts';

/** Addresses and strides in bytes, of 4-byte floats; counts in elements. */
export interface MultiplyAccumulate {
  readonly a: number;
  readonly b: number;
  readonly out: number;
  readonly counts: readonly [k1: number, k2: number, k3: number];
  readonly aStrides: readonly [k1: number, k2: number, k3: number];
  readonly bStrides: readonly [k1: number, k2: number, k3: number];
  readonly aStrideOfM: number;
  readonly outStrideOfM: number;
}

/** Adds `blocks` successive blocks of `m` rows and `n` columns; the next block of rows follows the last one. */
export type BlockFunction = (m: 1 | 4, n: 1 | 4 | 8, blocks: number, operands: MultiplyAccumulate) => void;

/** Splits `columns` into blocks of 8, then at most one of 4, then single ones. */
export function columnBlocks(columns: number): { readonly column: number; readonly width: 1 | 4 | 8 }[] {
  const blocks: { column: number; width: 1 | 4 | 8 }[] = [];
  for (let column = 0; column < columns; column += blocks.at(-1)!.width)
    blocks.push({ column, width: columns - column >= 8 ? 8 : columns - column >= 4 ? 4 : 1 });
  return blocks;
}

const PARAMETERS = [
  'a',
  'b',
  'out',
  'k1',
  'k2',
  'k3',
  'aK1',
  'aK2',
  'aK3',
  'bK1',
  'bK2',
  'bK3',
  'aM',
  'outM',
  'blocks',
] as const;
const COUNTERS = ['block', 'i1', 'i2', 'i3', 'a3', 'b3', 'a2', 'b2', 'b1'] as const;
type Local = (typeof PARAMETERS | typeof COUNTERS)[number];
const at = Object.fromEntries([...PARAMETERS, ...COUNTERS].map((local, i) => [local, i])) as Record<
  Local,
  number
>;
const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

function blockCode(m: number, n: number): number[] {
  const lane = n === 1 ? lanes.scalar : lanes.four;
  const columns = range(n === 1 ? 1 : n / 4);
  const rows = range(m);
  const firstPointer = PARAMETERS.length + COUNTERS.length;
  const aOfRow = (row: number): number => firstPointer + row;
  const bValue = (column: number): number => firstPointer + m + column;
  const aValue = bValue(columns.length);
  const total = (row: number, column: number): number => aValue + 1 + row * columns.length + column;
  const each = (f: (row: number, column: number) => Code): number[] =>
    rows.flatMap((row) => columns.flatMap((column) => f(row, column)));

  const step = [
    ...columns.flatMap((c) => [...get(at.b1), ...lane.load(c * lane.bytes), ...set(bValue(c))]),
    ...rows.flatMap((r) => [
      ...[...get(aOfRow(r)), ...lane.spread, ...set(aValue)],
      ...columns.flatMap((c) => [
        ...[...get(total(r, c)), ...get(aValue), ...get(bValue(c)), ...lane.multiply],
        ...[...lane.add, ...set(total(r, c))],
      ]),
      ...advance(aOfRow(r), get(at.aK1)),
    ]),
    ...advance(at.b1, get(at.bK1)),
  ];
  const overK1 = [
    ...rows.flatMap((r) => [...(r ? sum(get(aOfRow(r - 1)), get(at.aM)) : get(at.a2)), ...set(aOfRow(r))]),
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
      ...[...get(at.out), ...get(at.out), ...lane.load(c * lane.bytes), ...get(total(r, c))],
      ...[...lane.add, ...lane.store(c * lane.bytes)],
    ]),
    ...advance(at.out, get(at.outM)),
  ]);
  const oneBlock = [
    ...each((r, c) => [...lane.zero, ...set(total(r, c))]),
    ...copy(at.a, at.a3),
    ...copy(at.b, at.b3),
    ...repeat(at.i3, get(at.k3), overK2),
    ...addToOut,
    ...advance(at.a, product(get(at.aM), integer(m))),
  ];
  const locals = list([
    [...unsigned(COUNTERS.length + m), INTEGER],
    [...unsigned(columns.length + 1 + m * columns.length), lane.type],
  ]);
  return vector([...locals, ...repeat(at.block, get(at.blocks), oneBlock), 0x0b]);
}

const SIZES = [4, 1].flatMap((m) => [8, 4, 1].map((n) => [m, n] as const));
const exportName = (m: number, n: number): string => `block${m}x${n}`;

/** The module's bytes. */
export function moduleBytes(shared: boolean): Uint8Array<ArrayBuffer> {
  const functions = SIZES.map(([m, n]) => ({
    name: exportName(m, n),
    parameters: PARAMETERS.length,
    code: blockCode(m, n),
  }));
  return bytesOfModule(shared, functions);
}

/** The block functions on this memory; undefined where WebAssembly has no vector instructions. */
export function compileBlocks(memory: WebAssembly.Memory): BlockFunction | undefined {
  const functions = instantiate(memory, moduleBytes);
  if (!functions) return undefined;
  const [four, one] = [4, 1].map((m) => ({
    8: functions[exportName(m, 8)]!,
    4: functions[exportName(m, 4)]!,
    1: functions[exportName(m, 1)]!,
  })) as [
    Record<1 | 4 | 8, (...operands: number[]) => void>,
    Record<1 | 4 | 8, (...operands: number[]) => void>,
  ];
  return (m, n, blocks, { a, b, out, counts, aStrides, bStrides, aStrideOfM, outStrideOfM }) => {
    const [k1, k2, k3] = counts;
    if (blocks < 1 || k1 < 1 || k2 < 1 || k3 < 1) return;
    const [aK1, aK2, aK3] = aStrides;
    const [bK1, bK2, bK3] = bStrides;
    (m === 4 ? four : one)[n](
      a,
      b,
      out,
      k1,
      k2,
      k3,
      aK1,
      aK2,
      aK3,
      bK1,
      bK2,
      bK3,
      aStrideOfM,
      outStrideOfM,
      blocks,
    );
  };
}

/** The same sums in plain JavaScript, for engines without vector instructions. `floats` reads the memory as it is now. */
export function plainBlocks(floats: () => Float32Array): BlockFunction {
  return (
    m,
    n,
    blocks,
    { a, b, out, counts: [k1, k2, k3], aStrides, bStrides, aStrideOfM, outStrideOfM },
  ) => {
    const memory = floats();
    for (let row = 0; row < m * blocks; row++)
      for (let column = 0; column < n; column++) {
        let total = 0;
        for (let i3 = 0; i3 < k3; i3++)
          for (let i2 = 0; i2 < k2; i2++)
            for (let i1 = 0; i1 < k1; i1++) {
              const aOffset = i1 * aStrides[0] + i2 * aStrides[1] + i3 * aStrides[2] + row * aStrideOfM;
              const bOffset = i1 * bStrides[0] + i2 * bStrides[1] + i3 * bStrides[2] + column * 4;
              total += memory[(a + aOffset) >>> 2]! * memory[(b + bOffset) >>> 2]!;
            }
        const index = (out + row * outStrideOfM + column * 4) >>> 2;
        memory[index] = memory[index]! + total;
      }
  };
}
