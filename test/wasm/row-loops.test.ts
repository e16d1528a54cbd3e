import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { compileRowLoops, plainRowLoops, type RowLoops } from '../../src/wasm/row-loops.ts';
import { normal, randomKey } from '../../src/random/random.ts';

const FLOATS = 1 << 14;

describe.each([false, true])('the loops over rows (shared memory: %s)', (shared) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared });
  const floats = new Float32Array(memory.buffer, 0, FLOATS);
  const start = Float32Array.from(normal(randomKey(1), FLOATS));
  const fast = compileRowLoops(memory)!;
  const other = start.slice();
  const plain = plainRowLoops(() => other);

  /** Both loops leave the same bits, and only those within [first, end) changed. */
  function expectSame(run: (loops: RowLoops) => void, first: number, end: number): void {
    floats.set(start);
    other.set(start);
    run(fast);
    run(plain);
    expect([...floats]).toEqual([...other]);
    if (end > first) expect(floats.slice(first, end)).not.toEqual(start.slice(first, end));
    const untouched = floats.every((value, i) => (i >= first && i < end) || value === start[i]);
    expect(untouched).toBe(true);
  }

  it('map each column', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 20 }), (vectors, periods) => {
        const operands = { x: 4, out: 8000 * 4, coefficients: 5001 * 4, period: 4 * vectors, periods };
        expectSame(({ affine }) => affine(operands), 8000, 8000 + operands.period * periods);
        if (vectors * periods === 0) return;
        const [row, column] = [periods - 1, operands.period - 1];
        const [minus, times, plus] = [0, 1, 2].map((i) => start[5001 + i * operands.period + column]!);
        const x = start[1 + row * operands.period + column]!;
        expect(floats[8000 + row * operands.period + column]).toBeCloseTo((x - minus!) * times! + plus!, 5);
      }),
      { numRuns: 40, seed: 2 },
    );
  });

  it('map the columns of two', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 20 }), (vectors, periods) => {
        const period = 4 * vectors;
        const operands = { x: 4, y: 3000 * 4, out: 8000 * 4, coefficients: 7001 * 4, period, periods };
        expectSame(({ affinePair }) => affinePair(operands), 8000, 8000 + period * periods);
        if (vectors * periods === 0) return;
        const at = period * periods - 1;
        const [mx, tx, my, ty] = [0, 1, 2, 3].map((row) => start[7001 + row * period + period - 1]!);
        const expected = (start[1 + at]! - mx!) * tx! + (start[3000 + at]! - my!) * ty!;
        expect(floats[8000 + at]).toBeCloseTo(expected, 4);
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  it('sum the products of the columns of two', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 20 }), (vectors, periods) => {
        const period = 4 * vectors;
        const operands = { x: 4, y: 3000 * 4, sums: 8000 * 4, coefficients: 7001 * 4, period, periods };
        expectSame(({ productSums }) => productSums(operands), 8000, 8000 + (periods > 0 ? 2 * period : 0));
        if (vectors * periods === 0) return;
        const last = period - 1;
        const rows = Array.from({ length: periods }, (_, i) => i * period + last);
        const centred = rows.map((i) => start[3000 + i]! - start[7001 + period + last]!);
        const sum = centred.reduce((total, value) => total + value, start[8000 + last]!);
        const products = rows.reduce(
          (total, row, i) => total + (start[1 + row]! - start[7001 + last]!) * centred[i]!,
          start[8000 + period + last]!,
        );
        expect(floats[8000 + last]).toBeCloseTo(sum, 4);
        expect(floats[8000 + period + last]).toBeCloseTo(products, 3);
      }),
      { numRuns: 40, seed: 5 },
    );
  });

  it('take the slope of a leaky ReLU', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), (vectors) => {
        const count = 4 * vectors;
        const operands = { dy: 4, x: 3000 * 4, out: 8000 * 4, slope: 7001 * 4, count };
        expectSame(({ slope }) => slope(operands), 8000, 8000 + count);
        for (let i = 0; i < count; i++)
          expect(floats[8000 + i]).toBe(
            Math.fround(start[1 + i]! * (start[3000 + i]! > 0 ? 1 : start[7001]!)),
          );
      }),
      { numRuns: 30, seed: 6 },
    );
  });

  it('interleave four columns', () => {
    const size = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(size, size, size, (rows, columns, gap) => {
        const [apart, toApart] = [columns + gap, 4 + gap];
        const [fromStride, toStride] = [4 * apart + gap, columns * toApart + gap];
        const operands = {
          ...{ from: 4, to: 8000 * 4, apart: 4 * apart, toApart: 4 * toApart },
          ...{ fromStride: 4 * fromStride, toStride: 4 * toStride, rows, columns },
        };
        expectSame(
          ({ interleave }) => interleave(operands),
          8000,
          8000 + (rows * columns > 0 ? rows * toStride : 0),
        );
        if (rows * columns === 0) return;
        const [i, j] = [rows - 1, columns - 1];
        for (let lane = 0; lane < 4; lane++)
          expect(floats[8000 + i * toStride + j * toApart + lane]).toBe(
            start[1 + i * fromStride + lane * apart + j],
          );
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it('copy rows', () => {
    const size = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(size, size, size, size, (rows, words, fromGap, toGap) => {
        const [fromStride, toStride] = [4 * (words + fromGap), 4 * (words + toGap)];
        const operands = { from: 4, to: 8000 * 4, fromStride, toStride, rows, bytes: 4 * words };
        expectSame(({ copy }) => copy(operands), 8000, 8000 + rows * (words + toGap) - toGap);
        const at = 8000 + (rows - 1) * (words + toGap);
        expect(floats[at]).toBe(start[1 + (rows - 1) * (words + fromGap)]);
      }),
      { numRuns: 40, seed: 3 },
    );
  });
});
