/**
 * Loops over the rows of a matrix run as WebAssembly on the memory of tfjs's backend. They are affine maps of each
 * column of one matrix and of two, sums of their products, copies from one place to another, in order or interleaved, and
 * the slope of a leaky ReLU.
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
} from '../assembly.ts';
import { instantiate } from './instantiate.ts';

/** Addresses and strides in bytes. */
export interface RowLoops {
  /**
   * out[i, j] = (x[i, j] − minus[j]) · times[j] + plus[j] for `periods` rows of `period` floats, a multiple of 4. The
   * coefficients are those three rows.
   */
  readonly affine: (
    operands: Readonly<Record<'x' | 'out' | 'coefficients' | 'period' | 'periods', number>>,
  ) => void;
  /**
   * out[i, j] = (x[i, j] − minusX[j]) · timesX[j] + (y[i, j] − minusY[j]) · timesY[j]; the coefficients are these four rows
   * in this order.
   */
  readonly affinePair: (
    operands: Readonly<Record<'x' | 'y' | 'out' | 'coefficients' | 'period' | 'periods', number>>,
  ) => void;
  /**
   * Adds Σᵢ (y[i, j] − minusY[j]) to the first row of `sums` and Σᵢ (x[i, j] − minusX[j]) · (y[i, j] − minusY[j]) to
   * the second. The coefficients are the rows minusX and minusY.
   */
  readonly productSums: (
    operands: Readonly<Record<'x' | 'y' | 'sums' | 'coefficients' | 'period' | 'periods', number>>,
  ) => void;
  /** out[i] = dy[i] where x[i] > 0, else the number at `slope` times dy[i], for `count` floats, a multiple of 4. */
  readonly slope: (operands: Readonly<Record<'dy' | 'x' | 'out' | 'slope' | 'count', number>>) => void;
  /**
   * to[i, j, 0 … 3] = four numbers of `from` that are `apart` from one another, j floats and i `fromStride`s on, for
   * `columns` j and `rows` i. The fours are `toApart` apart, and `toStride` for the next i.
   */
  readonly interleave: (
    operands: Readonly<
      Record<'from' | 'to' | 'apart' | 'toApart' | 'fromStride' | 'toStride' | 'rows' | 'columns', number>
    >,
  ) => void;
  /** Copies `rows` rows of `bytes` bytes, a multiple of 4. */
  readonly copy: (
    operands: Readonly<Record<'from' | 'to' | 'fromStride' | 'toStride' | 'rows' | 'bytes', number>>,
  ) => void;
}

const FLOAT = 4;

function affineCode(): number[] {
  const [x, out, minus, times, plus, vectors, periods, i, j, m, t, p] = Array.from(
    { length: 12 },
    (_, local) => local,
  ) as [number, number, number, number, number, number, number, number, number, number, number, number];
  const { load, store, subtract, multiply, add, bytes } = lanes.four;
  const step = [
    ...[...get(out), ...get(x), ...load(0)],
    ...[...get(m), ...load(0), ...subtract],
    ...[...get(t), ...load(0), ...multiply],
    ...[...get(p), ...load(0), ...add],
    ...store(0),
    ...[x, out, m, t, p].flatMap((pointer) => advance(pointer, constant(bytes))),
  ];
  const row = [...[...copy(minus, m), ...copy(times, t), ...copy(plus, p)], ...repeat(j, get(vectors), step)];
  return vector([...list([[5, INTEGER]]), ...repeat(i, get(periods), row), 0x0b]);
}

type Two<T> = readonly [T, T];

function affinePairCode(): number[] {
  const [x, y, out, minusX, timesX, minusY, timesY, vectors, periods, i, j, mx, tx, my, ty] = [
    ...Array(15).keys(),
  ] as [
    ...[number, number, number, number, number, number, number, number],
    ...[number, number, number, number, number, number, number],
  ];
  const { load, store, subtract, multiply, add, bytes } = lanes.four;
  const term = (value: number, [minus, times]: Two<number>): number[] => [
    ...[...get(value), ...load(0), ...get(minus), ...load(0), ...subtract],
    ...[...get(times), ...load(0), ...multiply],
  ];
  const step = [
    ...[...get(out), ...term(x, [mx, tx]), ...term(y, [my, ty]), ...add, ...store(0)],
    ...[x, y, out, mx, tx, my, ty].flatMap((pointer) => advance(pointer, constant(bytes))),
  ];
  const row = [
    ...[...copy(minusX, mx), ...copy(timesX, tx), ...copy(minusY, my), ...copy(timesY, ty)],
    ...repeat(j, get(vectors), step),
  ];
  return vector([...list([[6, INTEGER]]), ...repeat(i, get(periods), row), 0x0b]);
}

function productSumsCode(): number[] {
  const [x, y, sums, products, minusX, minusY, vectors, periods, i, j, s, p, mx, my, centred] = [
    ...Array(15).keys(),
  ] as [
    ...[number, number, number, number, number, number, number, number],
    ...[number, number, number, number, number, number, number],
  ];
  const { load, store, subtract, multiply, add, bytes, type } = lanes.four;
  const difference = (value: number, minus: number): number[] => [
    ...[...get(value), ...load(0), ...get(minus), ...load(0), ...subtract],
  ];
  const step = [
    ...[...difference(y, my), ...set(centred)],
    ...[...get(s), ...get(s), ...load(0), ...get(centred), ...add, ...store(0)],
    ...[...get(p), ...get(p), ...load(0)],
    ...[...difference(x, mx), ...get(centred), ...multiply, ...add, ...store(0)],
    ...[x, y, s, p, mx, my].flatMap((pointer) => advance(pointer, constant(bytes))),
  ];
  const row = [
    ...[...copy(sums, s), ...copy(products, p), ...copy(minusX, mx), ...copy(minusY, my)],
    ...repeat(j, get(vectors), step),
  ];
  const locals = list([
    [6, INTEGER],
    [1, type],
  ]);
  return vector([...locals, ...repeat(i, get(periods), row), 0x0b]);
}

function slopeCode(): number[] {
  const [dy, x, out, slope, vectors, i, value] = [0, 1, 2, 3, 4, 5, 6] as const;
  const { load, spread, store, multiply, greater, select, zero, bytes, type } = lanes.four;
  const step = [
    ...[...get(out), ...get(dy), ...load(0)],
    ...[...get(dy), ...load(0), ...get(value), ...multiply],
    ...[...get(x), ...load(0), ...zero, ...greater, ...select, ...store(0)],
    ...[dy, x, out].flatMap((pointer) => advance(pointer, constant(bytes))),
  ];
  const locals = list([
    [1, INTEGER],
    [1, type],
  ]);
  const spreadSlope = [...get(slope), ...spread(0), ...set(value)];
  return vector([...locals, ...spreadSlope, ...repeat(i, get(vectors), step), 0x0b]);
}

function interleaveCode(): number[] {
  const [from, to, apart, toApart, fromStride, toStride, rows, columns, i, j, source, target, value] = [
    ...Array(13).keys(),
  ] as [
    ...[number, number, number, number, number, number, number],
    ...[number, number, number, number, number, number],
  ];
  const { load, store, bytes } = lanes.scalar;
  const step = [
    ...copy(source, value),
    ...[0, 1, 2, 3].flatMap((lane) => [
      ...[...get(target), ...get(value), ...load(0), ...store(lane * bytes)],
      ...(lane < 3 ? advance(value, get(apart)) : []),
    ]),
    ...[...advance(source, constant(bytes)), ...advance(target, get(toApart))],
  ];
  const row = [
    ...[...copy(from, source), ...copy(to, target), ...repeat(j, get(columns), step)],
    ...[...advance(from, get(fromStride)), ...advance(to, get(toStride))],
  ];
  return vector([...list([[5, INTEGER]]), ...repeat(i, get(rows), row), 0x0b]);
}

function copyCode(): number[] {
  const [from, to, fromStride, toStride, rows, bytes, row] = [0, 1, 2, 3, 4, 5, 6] as const;
  const memoryCopy = [0xfc, 0x0a, 0, 0];
  const step = [
    ...[...get(to), ...get(from), ...get(bytes), ...memoryCopy],
    ...advance(from, get(fromStride)),
    ...advance(to, get(toStride)),
  ];
  return vector([...list([[1, INTEGER]]), ...repeat(row, get(rows), step), 0x0b]);
}

const moduleBytes = (shared: boolean): Uint8Array<ArrayBuffer> =>
  bytesOfModule(shared, [
    { name: 'affine', parameters: 7, code: affineCode() },
    { name: 'affinePair', parameters: 9, code: affinePairCode() },
    { name: 'productSums', parameters: 8, code: productSumsCode() },
    { name: 'slope', parameters: 5, code: slopeCode() },
    { name: 'interleave', parameters: 8, code: interleaveCode() },
    { name: 'copy', parameters: 6, code: copyCode() },
  ]);

/** The loops on this memory; undefined where WebAssembly has no vector instructions. */
export function compileRowLoops(memory: WebAssembly.Memory): RowLoops | undefined {
  const functions = instantiate(memory, moduleBytes);
  if (!functions) return undefined;
  const { affine, affinePair, productSums, slope, interleave, copy } = functions as Record<
    keyof RowLoops,
    (...operands: number[]) => void
  >;
  return {
    affine({ x, out, coefficients, period, periods }) {
      if (period < 1 || periods < 1) return;
      const row = period * FLOAT;
      affine(x, out, coefficients, coefficients + row, coefficients + 2 * row, period / 4, periods);
    },
    affinePair({ x, y, out, coefficients, period, periods }) {
      if (period < 1 || periods < 1) return;
      const [mx, tx, my, ty] = [0, 1, 2, 3].map((row) => coefficients + row * period * FLOAT);
      affinePair(x, y, out, mx!, tx!, my!, ty!, period / 4, periods);
    },
    productSums({ x, y, sums, coefficients, period, periods }) {
      if (period < 1 || periods < 1) return;
      const row = period * FLOAT;
      productSums(x, y, sums, sums + row, coefficients, coefficients + row, period / 4, periods);
    },
    slope({ dy, x, out, slope: at, count }) {
      if (count > 0) slope(dy, x, out, at, count / 4);
    },
    interleave({ from, to, apart, toApart, fromStride, toStride, rows, columns }) {
      if (rows < 1 || columns < 1) return;
      interleave(from, to, apart, toApart, fromStride, toStride, rows, columns);
    },
    copy({ from, to, fromStride, toStride, rows, bytes }) {
      if (rows > 0) copy(from, to, fromStride, toStride, rows, bytes);
    },
  };
}

/** The same in plain JavaScript, for engines without vector instructions. `floats` reads the memory as it is now. */
export function plainRowLoops(floats: () => Float32Array): RowLoops {
  return {
    affine({ x, out, coefficients, period, periods }) {
      const memory = floats();
      const [from, to, minus] = [x / FLOAT, out / FLOAT, coefficients / FLOAT];
      for (let i = 0; i < period * periods; i++) {
        const at = minus + (i % period);
        const difference = Math.fround(memory[from + i]! - memory[at]!);
        memory[to + i] = Math.fround(difference * memory[at + period]!) + memory[at + 2 * period]!;
      }
    },
    affinePair({ x, y, out, coefficients, period, periods }) {
      const memory = floats();
      const [mx, tx, my, ty] = [0, 1, 2, 3].map((row) => coefficients / FLOAT + row * period);
      for (let i = 0; i < period * periods; i++) {
        const j = i % period;
        const ofX = Math.fround(memory[x / FLOAT + i]! - memory[mx! + j]!) * memory[tx! + j]!;
        const ofY = Math.fround(memory[y / FLOAT + i]! - memory[my! + j]!) * memory[ty! + j]!;
        memory[out / FLOAT + i] = Math.fround(ofX) + Math.fround(ofY);
      }
    },
    productSums({ x, y, sums, coefficients, period, periods }) {
      const memory = floats();
      const [mx, s] = [coefficients / FLOAT, sums / FLOAT];
      for (let i = 0; i < period * periods; i++) {
        const j = i % period;
        const centred = Math.fround(memory[y / FLOAT + i]! - memory[mx + period + j]!);
        memory[s + j]! += centred;
        const ofX = Math.fround(memory[x / FLOAT + i]! - memory[mx + j]!);
        memory[s + period + j]! += Math.fround(ofX * centred);
      }
    },
    slope({ dy, x, out, slope, count }) {
      const memory = floats();
      for (let i = 0; i < count; i++) {
        const upstream = memory[dy / FLOAT + i]!;
        memory[out / FLOAT + i] = memory[x / FLOAT + i]! > 0 ? upstream : upstream * memory[slope / FLOAT]!;
      }
    },
    interleave({ from, to, apart, toApart, fromStride, toStride, rows, columns }) {
      const memory = floats();
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++)
          for (let lane = 0; lane < 4; lane++)
            memory[(to + i * toStride + j * toApart) / FLOAT + lane] =
              memory[(from + i * fromStride + lane * apart) / FLOAT + j]!;
    },
    copy({ from, to, fromStride, toStride, rows, bytes }) {
      const { buffer } = floats();
      const memory = new Uint8Array(buffer);
      for (let row = 0; row < rows; row++) {
        const start = from + row * fromStride;
        memory.copyWithin(to + row * toStride, start, start + bytes);
      }
    },
  };
}
