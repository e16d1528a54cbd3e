/**
 * Fréchet distance between two sets of feature vectors, each taken as a normal distribution (Dowson & Landau 1982;
 * Heusel et al. 2017, who use the features of a classifier to compare generated with real images).
 *
 * tr (Σ₁Σ₂)^½ is computed as Σ√λ of the symmetric Σ₁^½ Σ₂ Σ₁^½, which has the same eigenvalues as Σ₁Σ₂; so
 * singular covariances (fewer vectors than features) need no special care.
 */
import { type Predictions, readScores } from './predictions.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

interface Moments {
  readonly mean: Float64Array;
  /** Unbiased (over n − 1), `[d·d]`. */
  readonly covariance: Float64Array;
}

function moments(rows: readonly ArrayLike<number>[], argument: string): Moments {
  if (rows.length < 2) throw new RangeError(`${argument}: expected at least 2 rows, received ${rows.length}`);
  const { values, count, classes: size } = readScores(rows as Predictions, rows.length, argument);
  const mean = new Float64Array(size);
  values.forEach((value, k) => (mean[k % size]! += value / count));
  const covariance = new Float64Array(size * size);
  for (let r = 0; r < count; r++) {
    for (let i = 0; i < size; i++) {
      const deviation = (values[r * size + i]! - mean[i]!) / (count - 1);
      for (let j = i; j < size; j++) {
        covariance[i * size + j]! += deviation * (values[r * size + j]! - mean[j]!);
      }
    }
  }
  for (let i = 0; i < size; i++)
    for (let j = 0; j < i; j++) covariance[i * size + j] = covariance[j * size + i]!;
  return { mean, covariance };
}

function multiply(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const factor = a[i * size + k]!;
      for (let j = 0; j < size; j++) out[i * size + j]! += factor * b[k * size + j]!;
    }
  }
  return out;
}

/** √λ of the eigenvalues of a positive semi-definite matrix; what is rounding below or above zero counts as zero. */
function rootsOf(values: Float64Array): Float64Array {
  const floor = values.length * Number.EPSILON * values.reduce((top, value) => Math.max(top, value), 0);
  return values.map((value) => (value > floor ? Math.sqrt(value) : 0));
}

function squareRoot(matrix: Float64Array, size: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, size);
  const roots = rootsOf(values);
  const transposed = vectors.map((_, k) => vectors[(k % size) * size + Math.floor(k / size)]!);
  return multiply(
    vectors.map((value, k) => value * roots[k % size]!),
    transposed,
    size,
  );
}

/**
 * Fréchet distance between two sets of feature vectors: ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2(Σ₁Σ₂)^½), the covariances
 * over n − 1, in float64.
 *
 * It is biased upwards for small sets, so compare values at equal sizes only. Time grows as d³.
 *
 * @param first n ≥ 2 rows of d features, for instance a classifier's last hidden layer on translated images.
 * @param second m ≥ 2 rows of d features, on real images of the target domain.
 * @returns The squared distance, in squared units of the features: ≥ 0 up to rounding.
 * @throws RangeError if a set has fewer than 2 rows, rows differ in length or an element is not finite.
 * @example
 * ```ts
 * import { frechetDistance } from 'model-patching/metrics';
 * const shifted = frechetDistance([[0, 0], [2, 0], [1, 3]], [[4, 0], [6, 0], [5, 3]]);
 * if (Math.abs(shifted - 16) > 1e-6) throw new Error('equal spread, means 4 apart');
 * ```
 */
export function frechetDistance(
  first: readonly ArrayLike<number>[],
  second: readonly ArrayLike<number>[],
): number {
  const [a, b] = [moments(first, 'first'), moments(second, 'second')];
  const size = a.mean.length;
  if (b.mean.length !== size) {
    throw new RangeError(`second: expected rows of ${size} features, received ${b.mean.length}`);
  }
  const root = squareRoot(a.covariance, size);
  const product = multiply(multiply(root, b.covariance, size), root, size);
  const overlap = rootsOf(symmetricEigen(product, size).values).reduce((sum, value) => sum + value, 0);
  let distance = -2 * overlap;
  for (let i = 0; i < size; i++) {
    distance += (a.mean[i]! - b.mean[i]!) ** 2;
    distance += a.covariance[i * (size + 1)]! + b.covariance[i * (size + 1)]!;
  }
  return distance;
}
