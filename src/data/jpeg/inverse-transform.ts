/**
 * The inverse cosine transform of a block in integers, as libjpeg's accurate one: the algorithm of Loeffler, Ligtenberg
 * and Moschytz (ICASSP 1989) with 12 multiplications, constants of 13 bits, and two bits kept between its passes.
 */

import {
  C0298,
  C0390,
  C0541,
  C0765,
  C0899,
  C1175,
  C1501,
  C1847,
  C1961,
  C2053,
  C2562,
  C3072,
} from './cosines.ts';

/** Transforms the eight values at `at`, `at + step`, … in place; results lose their lowest `shift` bits, rounded. */
function transformEight(values: Int32Array, at: number, step: number, shift: number): void {
  const i1 = at + step;
  const i2 = i1 + step;
  const i3 = i2 + step;
  const i4 = i3 + step;
  const i5 = i4 + step;
  const i6 = i5 + step;
  const i7 = i6 + step;
  const v0 = values[at]!;
  const v1 = values[i1]!;
  const v2 = values[i2]!;
  const v3 = values[i3]!;
  const v4 = values[i4]!;
  const v5 = values[i5]!;
  const v6 = values[i6]!;
  const v7 = values[i7]!;
  const half = 1 << (shift - 1);
  if ((v1 | v2 | v3 | v4 | v5 | v6 | v7) === 0) {
    const flat = ((v0 << 13) + half) >> shift;
    values[at] = values[i1] = values[i2] = values[i3] = flat;
    values[i4] = values[i5] = values[i6] = values[i7] = flat;
    return;
  }
  const even = Math.imul(v2 + v6, C0541);
  const t2 = even - Math.imul(v6, C1847);
  const t3 = even + Math.imul(v2, C0765);
  const sum = ((v0 + v4) << 13) + half;
  const difference = ((v0 - v4) << 13) + half;
  const e0 = sum + t3;
  const e3 = sum - t3;
  const e1 = difference + t2;
  const e2 = difference - t2;
  const z5 = Math.imul(v7 + v3 + v5 + v1, C1175);
  const z1 = -Math.imul(v7 + v1, C0899);
  const z2 = -Math.imul(v5 + v3, C2562);
  const z3 = z5 - Math.imul(v7 + v3, C1961);
  const z4 = z5 - Math.imul(v5 + v1, C0390);
  const o3 = Math.imul(v7, C0298) + z1 + z3;
  const o2 = Math.imul(v5, C2053) + z2 + z4;
  const o1 = Math.imul(v3, C3072) + z2 + z3;
  const o0 = Math.imul(v1, C1501) + z1 + z4;
  values[at] = (e0 + o0) >> shift;
  values[i7] = (e0 - o0) >> shift;
  values[i1] = (e1 + o1) >> shift;
  values[i6] = (e1 - o1) >> shift;
  values[i2] = (e2 + o2) >> shift;
  values[i5] = (e2 - o2) >> shift;
  values[i3] = (e3 + o3) >> shift;
  values[i4] = (e3 - o3) >> shift;
}

/** Writes the samples of a block that is one grey, which is what the passes make of coefficient 0 alone. */
function writeGrey(dc: number, plane: Uint8ClampedArray, to: number, stride: number): void {
  const grey = ((dc + 4) >> 3) + 128;
  for (let row = 0; row < 8; row++) plane.fill(grey, to + row * stride, to + row * stride + 8);
}

/**
 * Writes the samples of a block.
 *
 * @param coefficients Quantised, row by row, from `from` on.
 * @param from Where the block begins among them.
 * @param steps The 64 steps of the quantisation, row by row.
 * @param plane Samples 0 … 255, clamped when they are stored.
 * @param to Where the block begins in the plane.
 * @param stride From one row of the plane to the next.
 * @param work Space for 64 values.
 */
export function writeBlock(
  coefficients: Int16Array,
  from: number,
  steps: Uint16Array,
  plane: Uint8ClampedArray,
  to: number,
  stride: number,
  work: Int32Array,
): void {
  let others = 0;
  for (let i = 0; i < 64; i++) {
    const coefficient = coefficients[from + i]!;
    if (i > 0) others |= coefficient;
    work[i] = Math.imul(coefficient, steps[i]!);
  }
  if (others === 0) {
    writeGrey(work[0]!, plane, to, stride);
    return;
  }
  for (let column = 0; column < 8; column++) transformEight(work, column, 8, 11);
  for (let row = 0; row < 8; row++) {
    transformEight(work, 8 * row, 1, 18);
    const start = to + row * stride;
    for (let i = 0; i < 8; i++) plane[start + i] = work[8 * row + i]! + 128;
  }
}
