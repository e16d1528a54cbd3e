import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frechetDistance } from '../../src/metrics/frechet-distance.ts';
import { symmetricEigen } from '../../src/metrics/symmetric-eigen.ts';
import { normal, randomKey } from '../../src/random/random.ts';

const features = (seed: number, count: number, size: number, shift = 0) => {
  const draws = normal(randomKey(seed), count * size, shift);
  return Array.from({ length: count }, (_, i) => Array.from(draws.subarray(i * size, (i + 1) * size)));
};

const dimension = (rows: number[][], j: number) => rows.map((row) => row[j]!);

const meanOf = (x: number[]) => x.reduce((sum, v) => sum + v, 0) / x.length;

const covarianceOf = (x: number[], y: number[]) =>
  x.reduce((sum, v, i) => sum + (v - meanOf(x)) * (y[i]! - meanOf(y)), 0) / (x.length - 1);

describe('frechetDistance', () => {
  it('between axis-aligned sets is Σ (Δμ)² + (σ₁ − σ₂)²', () => {
    // The eight corners of a box have the diagonal covariance 8/7·half², over 8 − 1.
    const corners = (centre: number[], half: number[]) =>
      Array.from({ length: 8 }, (_, k) => centre.map((c, j) => c + ((k >> j) & 1 ? half[j]! : -half[j]!)));
    const triple = fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(triple, triple, triple, triple, (c1, h1, c2, h2) => {
        const expected = c1.reduce(
          (sum, c, j) => sum + (c - c2[j]!) ** 2 + (8 / 7) * (h1[j]! - h2[j]!) ** 2,
          0,
        );
        expect(Math.abs(frechetDistance(corners(c1, h1), corners(c2, h2)) - expected)).toBeLessThan(1e-6);
      }),
      { seed: 23 },
    );
  });

  it('in two dimensions agrees with tr √M = √(tr M + 2√det M)', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1e6 }), (seed) => {
        const [a, b] = [features(2 * seed, 9, 2), features(2 * seed + 1, 7, 2, 0.5)];
        const [p, q] = [a, b].map((rows) => {
          const [x, y] = [dimension(rows, 0), dimension(rows, 1)];
          return { xx: covarianceOf(x, x), xy: covarianceOf(x, y), yy: covarianceOf(y, y) };
        });
        const trace = p!.xx * q!.xx + 2 * p!.xy * q!.xy + p!.yy * q!.yy;
        const determinant = (p!.xx * p!.yy - p!.xy ** 2) * (q!.xx * q!.yy - q!.xy ** 2);
        const means = [0, 1].reduce(
          (sum, j) => sum + (meanOf(dimension(a, j)) - meanOf(dimension(b, j))) ** 2,
          0,
        );
        const spread = p!.xx + p!.yy + q!.xx + q!.yy;
        const expected = means + spread - 2 * Math.sqrt(trace + 2 * Math.sqrt(determinant));
        expect(Math.abs(frechetDistance(a, b) - expected)).toBeLessThan(1e-8);
      }),
      { seed: 24 },
    );
  });

  it('with fewer vectors than features agrees with the singular values of the sets’ cross products', () => {
    // With centred rows A, B over √(n − 1), tr (Σ₁Σ₂)^½ is the sum of the singular values of A·Bᵀ.
    const [n, m, size] = [5, 6, 20];
    const [a, b] = [features(31, n, size), features(32, m, size, 0.3)];
    const centred = (rows: number[][]) =>
      rows.map((row) => row.map((v, j) => (v - meanOf(dimension(rows, j))) / Math.sqrt(rows.length - 1)));
    const dot = (x: number[], y: number[]) => x.reduce((sum, v, i) => sum + v * y[i]!, 0);
    const cross = centred(a).map((x) => centred(b).map((y) => dot(x, y)));
    const gram = cross.flatMap((x) => cross.map((y) => dot(x, y)));
    const overlap = symmetricEigen(gram, n).values.reduce((sum, v) => sum + Math.sqrt(Math.max(0, v)), 0);
    const spread = [a, b].reduce((sum, rows) => sum + centred(rows).reduce((s, x) => s + dot(x, x), 0), 0);
    let means = 0;
    for (let j = 0; j < size; j++) means += (meanOf(dimension(a, j)) - meanOf(dimension(b, j))) ** 2;
    expect(frechetDistance(a, b)).toBeCloseTo(means + spread - 2 * overlap, 5);
  });

  it('is symmetric, zero on itself, and not negative beyond rounding', () => {
    const sizes = fc.tuple(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 2, max: 12 }));
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 8 }), fc.nat({ max: 1e6 }), ([n, m], size, seed) => {
        const [a, b] = [features(seed, n, size), features(seed + 1, m, size, 0.2)];
        const distance = frechetDistance(a, b);
        expect(Math.abs(distance - frechetDistance(b, a))).toBeLessThan(1e-5);
        expect(distance).toBeGreaterThan(-1e-6);
        expect(Math.abs(frechetDistance(a, a))).toBeLessThan(1e-6);
      }),
      { seed: 25 },
    );
  });

  it('refuses single vectors and unequal features', () => {
    expect(() => frechetDistance([[1]], [[1], [2]])).toThrow(/first: expected at least 2 rows, received 1/);
    expect(() =>
      frechetDistance(
        [[1], [2]],
        [
          [1, 2],
          [3, 4],
        ],
      ),
    ).toThrow(/second: expected rows of 1 features/);
    expect(() => frechetDistance([[1], [NaN]], [[1], [2]])).toThrow(/first: .*NaN/);
  });
});
