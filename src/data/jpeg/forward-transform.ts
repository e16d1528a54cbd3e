/**
 * The cosine transform of a block in integers, as libjpeg's accurate one: the way back of the inverse transform, with
 * the same constants, and two bits kept between its passes.
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
  const s0 = values[at]! + values[i7]!;
  const s1 = values[i1]! + values[i6]!;
  const s2 = values[i2]! + values[i5]!;
  const s3 = values[i3]! + values[i4]!;
  const d0 = values[at]! - values[i7]!;
  const d1 = values[i1]! - values[i6]!;
  const d2 = values[i2]! - values[i5]!;
  const d3 = values[i3]! - values[i4]!;
  const half = 1 << (shift - 1);
  const even = Math.imul(s1 - s2 + s0 - s3, C0541) + half;
  const z5 = Math.imul(d3 + d1 + d2 + d0, C1175) + half;
  const z1 = -Math.imul(d3 + d0, C0899);
  const z2 = -Math.imul(d2 + d1, C2562);
  const z3 = z5 - Math.imul(d3 + d1, C1961);
  const z4 = z5 - Math.imul(d2 + d0, C0390);
  values[at] = (((s0 + s3 + s1 + s2) << 13) + half) >> shift;
  values[i4] = (((s0 + s3 - s1 - s2) << 13) + half) >> shift;
  values[i2] = (even + Math.imul(s0 - s3, C0765)) >> shift;
  values[i6] = (even - Math.imul(s1 - s2, C1847)) >> shift;
  values[i1] = (Math.imul(d0, C1501) + z1 + z4) >> shift;
  values[i3] = (Math.imul(d1, C3072) + z2 + z3) >> shift;
  values[i5] = (Math.imul(d2, C2053) + z2 + z4) >> shift;
  values[i7] = (Math.imul(d3, C0298) + z1 + z3) >> shift;
}

/**
 * Transforms a block in place, into eight times its coefficients.
 *
 * @param samples 64 samples less 128, row by row.
 */
export function transformBlock(samples: Int32Array): void {
  for (let row = 0; row < 8; row++) transformEight(samples, 8 * row, 1, 11);
  for (let column = 0; column < 8; column++) transformEight(samples, column, 8, 15);
}
