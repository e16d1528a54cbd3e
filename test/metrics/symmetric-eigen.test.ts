import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { symmetricEigen } from '../../src/metrics/symmetric-eigen.ts';
import { normal, randomKey } from '../../src/random/random.ts';

describe('symmetricEigen', () => {
  it('reconstructs the matrix from orthonormal vectors', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat({ max: 1e6 }), (size, seed) => {
        const draws = normal(randomKey(seed), size * size);
        const at = (i: number, j: number) => draws[Math.min(i, j) * size + Math.max(i, j)]!;
        const matrix = Float64Array.from({ length: size * size }, (_, k) =>
          at(Math.floor(k / size), k % size),
        );
        const { values, vectors } = symmetricEigen(matrix, size);
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++) {
            let [rebuilt, product] = [0, 0];
            for (let k = 0; k < size; k++) {
              rebuilt += values[k]! * vectors[i * size + k]! * vectors[j * size + k]!;
              product += vectors[k * size + i]! * vectors[k * size + j]!;
            }
            expect(rebuilt).toBeCloseTo(matrix[i * size + j]!, 11);
            expect(product).toBeCloseTo(i === j ? 1 : 0, 11);
          }
        }
      }),
      { seed: 22, numRuns: 40 },
    );
  });

  it('refuses what is not a finite square matrix', () => {
    expect(() => symmetricEigen([1, 2, 3], 2)).toThrow(/matrix: expected 2·2 numbers, received 3/);
    expect(() => symmetricEigen([NaN], 1)).toThrow(/finite/);
    expect(() => symmetricEigen([], 0)).toThrow(/size/);
  });
});
