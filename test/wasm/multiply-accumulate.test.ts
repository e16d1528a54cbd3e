import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  columnBlocks,
  compileBlocks,
  moduleBytes,
  plainBlocks,
  rowBlocks,
  type MultiplyAccumulate,
} from '../../src/wasm/multiply-accumulate.ts';
import { normal, randomKey } from '../../src/random/random.ts';

const FLOATS = 1 << 14;
const OUT = 3 * 4096;

const operands: fc.Arbitrary<MultiplyAccumulate> = fc
  .record({
    counts: fc.tuple(...[4, 3, 3].map((max) => fc.integer({ min: 0, max }))) as fc.Arbitrary<
      [number, number, number]
    >,
    aSteps: fc.tuple(...[9, 70, 300].map((max) => fc.integer({ min: -max, max }))) as fc.Arbitrary<
      [number, number, number]
    >,
    bSteps: fc.tuple(...[9, 70, 300].map((max) => fc.integer({ min: -max, max }))) as fc.Arbitrary<
      [number, number, number]
    >,
    aOfM: fc.integer({ min: 0, max: 12 }),
    outOfM: fc.integer({ min: 8, max: 20 }),
    repeats: fc.option(
      fc.record({
        count: fc.integer({ min: 0, max: 3 }),
        aStride: fc.constantFrom(0, 4, 40),
        outStride: fc.constantFrom(4, 32, 400),
      }),
      { nil: undefined },
    ),
  })
  .map(({ counts, aSteps, bSteps, aOfM, outOfM, repeats }) => ({
    ...(repeats && { repeats }),
    a: 2000 * 4,
    b: 8000 * 4,
    out: OUT * 4,
    counts,
    aStrides: aSteps.map((step) => 4 * step) as [number, number, number],
    bStrides: bSteps.map((step) => 4 * step) as [number, number, number],
    aStrideOfM: 4 * aOfM,
    outStrideOfM: 4 * outOfM,
  }));

describe('the inner loop', () => {
  it.each([false, true])(
    'is the plain loop, for every block size and stride (shared memory: %s)',
    (shared) => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared });
      const floats = new Float32Array(memory.buffer, 0, FLOATS);
      const start = Float32Array.from(normal(randomKey(1), FLOATS));
      const fast = compileBlocks(memory)!;
      const other = start.slice();
      const plain = plainBlocks(() => other);
      fc.assert(
        fc.property(
          operands,
          fc.constantFrom(1 as const, 3 as const, 4 as const),
          fc.constantFrom(1 as const, 4 as const, 8 as const),
          fc.integer({ min: 0, max: 5 }),
          (given, m, n, blocks) => {
            floats.set(start);
            other.set(start);
            fast(m, n, blocks, given);
            plain(m, n, blocks, given);
            const worst = floats.reduce((most, value, i) => Math.max(most, Math.abs(value - other[i]!)), 0);
            expect(worst).toBeLessThan(1e-4);
            if (
              blocks * given.counts[0] * given.counts[1] * given.counts[2] * (given.repeats?.count ?? 1) >
              0
            )
              expect(floats.slice(OUT)).not.toEqual(start.slice(OUT));
          },
        ),
        { numRuns: 300, seed: 9 },
      );
    },
  );

  it('is small enough to be compiled at once on a browser’s main thread', () => {
    expect(moduleBytes(false, { m: 4, n: 8, distance: 1 << 20 }).length).toBeLessThan(4096);
  });

  it('covers every column once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), (columns) => {
        const covered = columnBlocks(columns).flatMap(({ column, width }) =>
          Array.from({ length: width }, (_, i) => column + i),
        );
        expect(covered).toEqual(Array.from({ length: columns }, (_, i) => i));
      }),
      { seed: 10 },
    );
  });

  it('covers every row once, in blocks of three and four where there are enough', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), (rows) => {
        const covered = rowBlocks(rows).flatMap(({ row, height, blocks }) =>
          Array.from({ length: height * blocks }, (_, i) => row + i),
        );
        expect(covered).toEqual(Array.from({ length: rows }, (_, i) => i));
        if (rows > 5) expect(rowBlocks(rows).every(({ height }) => height > 1)).toBe(true);
      }),
      { seed: 11 },
    );
  });
});
