/**
 * Two loops over the rows of a matrix, as WebAssembly on the memory of tfjs's backend: an affine map of each column, and a
 * copy from one place to another.
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
  repeat,
  vector,
} from './assembly.ts';

/** Addresses and strides in bytes. */
export interface RowLoops {
  /**
   * out[i, j] = (x[i, j] − minus[j]) · times[j] + plus[j] for `periods` rows of `period` floats, a multiple of 4; the
   * coefficients are those three rows.
   */
  readonly affine: (
    operands: Readonly<Record<'x' | 'out' | 'coefficients' | 'period' | 'periods', number>>,
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
    ...[x, out, m, t, p].flatMap((pointer) => advance(pointer, integer(bytes))),
  ];
  const row = [...[...copy(minus, m), ...copy(times, t), ...copy(plus, p)], ...repeat(j, get(vectors), step)];
  return vector([...list([[5, INTEGER]]), ...repeat(i, get(periods), row), 0x0b]);
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
    { name: 'copy', parameters: 6, code: copyCode() },
  ]);

/** The loops on this memory; undefined where WebAssembly has no vector instructions. */
export function compileRowLoops(memory: WebAssembly.Memory): RowLoops | undefined {
  const functions = instantiate(memory, moduleBytes);
  if (!functions) return undefined;
  const { affine, copy } = functions as Record<'affine' | 'copy', (...operands: number[]) => void>;
  return {
    affine({ x, out, coefficients, period, periods }) {
      if (period < 1 || periods < 1) return;
      const row = period * FLOAT;
      affine(x, out, coefficients, coefficients + row, coefficients + 2 * row, period / 4, periods);
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
