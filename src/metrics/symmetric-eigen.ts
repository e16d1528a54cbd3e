/**
 * Eigenvalues and eigenvectors of a real symmetric matrix by cyclic Jacobi rotations (Golub & Van Loan, "Matrix
 * computations", section 8.5): each rotation zeroes one off-diagonal pair, and sweeps over all pairs converge
 * quadratically. Slower than tridiagonal methods, but short and accurate; meant for up to a few hundred rows.
 */

/** A = Σₖ λₖ vₖ vₖᵀ. */
export interface SymmetricEigen {
  /** `[d]`, unsorted. */
  readonly values: Float64Array;
  /** `[d·d]` row-major; column k is the unit eigenvector of `values[k]`. */
  readonly vectors: Float64Array;
}

const MAXIMUM_SWEEPS = 60;

/** Sum of the squares above the diagonal. */
function offDiagonal(a: Float64Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) sum += a[i * size + j]! ** 2;
  return sum;
}

/** Rotates rows p and q of a row-major matrix: rowₚ ← c·rowₚ − s·rowᵩ, rowᵩ ← s·rowₚ + c·rowᵩ. */
function rotateRows(a: Float64Array, size: number, p: number, q: number, c: number, s: number): void {
  for (let k = 0; k < size; k++) {
    const first = a[p * size + k]!;
    const second = a[q * size + k]!;
    a[p * size + k] = c * first - s * second;
    a[q * size + k] = s * first + c * second;
  }
}

function rotateColumns(a: Float64Array, size: number, p: number, q: number, c: number, s: number): void {
  for (let k = 0; k < size * size; k += size) {
    const first = a[k + p]!;
    const second = a[k + q]!;
    a[k + p] = c * first - s * second;
    a[k + q] = s * first + c * second;
  }
}

/** Zeroes a[p, q] by a rotation applied from both sides, and turns the eigenvectors with it. */
function annihilate(a: Float64Array, vectors: Float64Array, size: number, p: number, q: number): void {
  const entry = a[p * size + q]!;
  if (entry === 0) return;
  const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * entry);
  // The smaller root: rotations by less than 45° are what makes the sweeps converge.
  const tangent = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cosine = 1 / Math.hypot(tangent, 1);
  const sine = tangent * cosine;
  rotateColumns(a, size, p, q, cosine, sine);
  rotateRows(a, size, p, q, cosine, sine);
  a[p * size + q] = a[q * size + p] = 0;
  rotateColumns(vectors, size, p, q, cosine, sine);
}

/**
 * Eigenvalues and orthonormal eigenvectors of a symmetric matrix, A = V diag(λ) Vᵀ.
 *
 * @param matrix `[d·d]` row-major, symmetric: the mean of it and its transpose is taken.
 * @param size d ≥ 1.
 * @throws RangeError if the length is not d² or an element is not finite.
 */
export function symmetricEigen(matrix: ArrayLike<number>, size: number): SymmetricEigen {
  if (!(Number.isInteger(size) && size >= 1)) {
    throw new RangeError(`size: expected an integer ≥ 1, received ${size}`);
  }
  if (matrix.length !== size * size) {
    throw new RangeError(`matrix: expected ${size}·${size} numbers, received ${matrix.length}`);
  }
  const a = Float64Array.from(
    { length: size * size },
    (_, k) => (matrix[k]! + matrix[(k % size) * size + Math.floor(k / size)]!) / 2,
  );
  const vectors = Float64Array.from({ length: size * size }, (_, k) => (k % (size + 1) === 0 ? 1 : 0));
  const squaredNorm = a.reduce((sum, value) => sum + value * value, 0);
  if (!Number.isFinite(squaredNorm)) throw new RangeError('matrix: expected finite numbers');
  for (let sweep = 0; sweep < MAXIMUM_SWEEPS && offDiagonal(a, size) > 1e-32 * squaredNorm; sweep++) {
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) annihilate(a, vectors, size, p, q);
  }
  return { values: Float64Array.from({ length: size }, (_, k) => a[k * (size + 1)]!), vectors };
}
