import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { compileRowLoops, plainRowLoops, type RowLoops } from '../../src/wasm/row-loops.ts';
import { normal, randomKey } from '../../src/random.ts';

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
      { numRuns: 100, seed: 2 },
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
      { numRuns: 100, seed: 3 },
    );
  });
});
