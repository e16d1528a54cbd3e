import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  foldKey,
  normal,
  permutation,
  permutationEntry,
  randomIntegers,
  randomKey,
  uniform,
} from '../../src/random/random.ts';
import { threefry2x32 } from '../../src/random/threefry.ts';

describe('keys', () => {
  it('folding a path is folding its parts one by one', () => {
    const key = randomKey(5);
    expect(foldKey(key, 'dropout', 3, 'x')).toEqual(foldKey(foldKey(foldKey(key, 'dropout'), 3), 'x'));
  });

  it('different paths and seeds give different keys', () => {
    const keys = new Set<string>();
    for (let seed = -50; seed < 50; seed++) {
      for (const path of [[], [0], [1], ['0'], ['1'], ['a', 'b'], ['ab'], [0, 0], [2 ** 40]])
        keys.add(foldKey(randomKey(seed), ...path).join());
    }
    expect(keys.size).toBe(100 * 9);
  });

  it('refuses what is no safe integer', () => {
    expect(() => randomKey(0.5)).toThrow('seed: expected a safe integer, received 0.5');
    expect(() => foldKey(randomKey(0), Number.NaN)).toThrow(RangeError);
  });
});

describe('draws', () => {
  const n = 200_000;

  // Bounds are five standard errors of the statistic under the law it is drawn from.
  it('uniform: range, mean, variance, and no correlation between neighbours', () => {
    const u = uniform(randomKey(1), n);
    expect(u.every((x) => x >= 0 && x < 1)).toBe(true);
    const mean = u.reduce((s, x) => s + x, 0) / n;
    const variance = u.reduce((s, x) => s + (x - mean) ** 2, 0) / n;
    const lag = u.slice(1).reduce((s, x, i) => s + (x - mean) * (u[i]! - mean), 0) / n / variance;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n));
    expect(Math.abs(lag)).toBeLessThan(5 / Math.sqrt(n));
  });

  it('normal: mean, variance, fourth moment', () => {
    const z = normal(randomKey(2), n);
    const moment = (k: number): number => z.reduce((s, x) => s + x ** k, 0) / n;
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
  });

  it('integers: chi-square over seven cells', () => {
    const counts = new Float64Array(7);
    for (const value of randomIntegers(randomKey(3), n, -3, 4)) counts[value + 3]! += 1;
    const chiSquare = counts.reduce((s, c) => s + (c - n / 7) ** 2 / (n / 7), 0);
    expect(chiSquare).toBeLessThan(6 + 5 * Math.sqrt(12));
  });

  it('takes its words block by block from the function of the known answers', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.nat(41),
        fc.double({ min: -3, max: 3, noNaN: true }),
        (seed, count, low) => {
          const key = randomKey(seed);
          const word = (stream: number, i: number): number => threefry2x32(key, i >>> 1, stream)[i & 1]!;
          const high = low + 2.5;
          const expected = Float32Array.from(
            { length: count },
            (_, i) => low + (word(0x80000000, i) >>> 8) * ((high - low) / 2 ** 24),
          );
          expect(uniform(key, count, low, high)).toEqual(expected);
          const integers = Int32Array.from({ length: count }, (_, i) => {
            const [a, b] = [word(0xc0000000, 2 * i), word(0xc0000000, 2 * i + 1)];
            return -5 + Math.floor((((a >>> 5) * 2 ** 26 + (b >>> 6)) / 2 ** 53) * 1000);
          });
          expect(randomIntegers(key, count, -5, 995)).toEqual(integers);
          const normals = Float32Array.from({ length: count }, (_, i) => {
            const radius = Math.sqrt(-2 * Math.log((word(0x80000000, i & ~1) + 1) / 2 ** 32));
            const angle = (2 * Math.PI * word(0x80000000, i | 1)) / 2 ** 32;
            return radius * (i & 1 ? Math.sin(angle) : Math.cos(angle));
          });
          expect(normal(key, count)).toEqual(normals);
        },
      ),
      { seed: 1, numRuns: 100 },
    );
  });

  it('is a function of key and position only', () => {
    expect(Array.from(uniform(randomKey(4), 10).slice(0, 5))).toEqual(Array.from(uniform(randomKey(4), 5)));
  });
});

describe('permutations', () => {
  it('every key and size gives a permutation', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 300 }), (seed, size) => {
        expect(Array.from(permutation(randomKey(seed), size)).sort((a, b) => a - b)).toEqual(
          Array.from({ length: size }, (_, i) => i),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('every element reaches every place about equally often', () => {
    const size = 8;
    const trials = 8000;
    const counts = Array.from({ length: size }, () => new Float64Array(size));
    for (let seed = 0; seed < trials; seed++)
      permutation(randomKey(seed), size).forEach((to, from) => (counts[from]![to]! += 1));
    const chiSquare = counts
      .flatMap((row) => Array.from(row))
      .reduce((s, c) => s + (c - trials / size) ** 2 / (trials / size), 0);
    const freedom = (size - 1) ** 2;
    expect(chiSquare).toBeLessThan(freedom + 5 * Math.sqrt(2 * freedom));
  });

  it('refuses an index outside the range', () => {
    expect(() => permutationEntry(randomKey(0), 5, 5)).toThrow(
      'index: expected an integer in [0, 5), received 5',
    );
  });
});
