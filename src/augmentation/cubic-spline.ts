/**
 * In interpolation by cubic B-splines, the image is first filtered so that the spline passes through its pixels. Then
 * the spline is evaluated anywhere from 4 × 4 coefficients. The filter is separable: each row and column has a causal
 * and an anticausal recursion with the pole √3 − 2. The signal is mirrored about its first and last sample (Unser,
 * Aldroubi, Eden: "B-spline signal processing", IEEE Trans. Signal Processing 41, 1993; Unser: "Splines: a perfect
 * fit", IEEE Signal Processing Magazine 16, 1999). Along each axis the weights are here six times as large as usual,
 * and the coefficients a sixth.
 */

const POLE = Math.sqrt(3) - 2;

/**
 * The weights with which the samples of a line of one length enter the first number of the causal recursion. That of
 * the first sample is 1. The sum is then divided by 1 − last².
 */
export interface LineFilter {
  readonly length: number;
  /** This weighs the last sample. */
  readonly last: number;
  /** These weigh samples 1, 2, … as far as they weigh anything. */
  readonly inner: Float64Array;
}

/** The filter of lines of `length` samples, at least 1. */
export function lineFilter(length: number): LineFilter {
  const last = POLE ** (length - 1);
  const inner: number[] = [];
  let forward = POLE;
  let backward = last * last;
  // The mirrored copies beyond a few dozen samples weigh less than a rounding error.
  for (let k = 1; k < length - 1 && Math.abs(forward) >= 1e-20; k++) {
    backward /= POLE;
    inner.push(forward + backward);
    forward *= POLE;
  }
  return { length, last, inner: Float64Array.from(inner) };
}

/** Where lines lie: sample i of line l at l·`apart` + i·`stride`. */
export interface Lines {
  readonly count: number;
  readonly apart: number;
  readonly stride: number;
}

/**
 * Filters lines in place, one sample of all of them after the other, so that consecutive additions do not wait for one
 * another.
 */
export function prefilterLines(
  data: Float64Array,
  { count, apart, stride }: Lines,
  { length, last, inner }: LineFilter,
): void {
  if (length === 1) {
    for (let i = 0; i < count * apart; i += apart) data[i]! /= 6;
    return;
  }
  const end = (length - 1) * stride;
  const eachLine = count * apart;
  for (let i = 0; i < eachLine; i += apart) {
    let sum = data[i]! + last * data[i + end]!;
    for (let k = 0, at = i + stride; k < inner.length; k++, at += stride) sum += inner[k]! * data[at]!;
    data[i] = sum / (1 - last * last);
  }
  for (let start = stride; start <= end; start += stride)
    for (let i = start; i < start + eachLine; i += apart) data[i]! += POLE * data[i - stride]!;
  for (let i = end; i < end + eachLine; i += apart)
    data[i] = (POLE / (POLE * POLE - 1)) * (data[i]! + POLE * data[i - stride]!);
  for (let start = end - stride; start >= 0; start -= stride)
    for (let i = start; i < start + eachLine; i += apart) data[i] = POLE * (data[i + stride]! - data[i]!);
}

/** The index in 0 … size − 1 that mirrors `index` about the first and the last sample. */
export function mirrored(index: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const folded = ((index % period) + period) % period;
  return folded < size ? folded : period - folded;
}

/** Coefficients of one channel after the other, in the same memory. */
export interface CoefficientPlane {
  /** `[h + 3, w + 3]`: one mirrored row and column before and two after, so that an evaluation need not test indices. */
  readonly plane: Float64Array;
  /** Makes the plane that of the channel whose value (r, c) is at `offset + (r·width + c)·channels`. */
  fill(pixels: ArrayLike<number>, offset: number, channels: number): void;
}

/** The plane of spline coefficients for channels of one size. */
export function coefficientPlane(height: number, width: number): CoefficientPlane {
  const columns = width + 3;
  const plane = new Float64Array((height + 3) * columns);
  const inside = plane.subarray(columns + 1);
  const [ofRow, ofColumn] = [lineFilter(width), lineFilter(height)];
  const rowsBeyond = [-1, height, height + 1].map((row) => [row + 1, mirrored(row, height) + 1] as const);
  const columnsBeyond = [-1, width, width + 1].map((column) => [column, mirrored(column, width)] as const);
  return {
    plane,
    fill(pixels, offset, channels) {
      for (let row = 0, at = offset; row < height; row++)
        for (let i = row * columns; i < row * columns + width; i++, at += channels) inside[i] = pixels[at]!;
      prefilterLines(inside, { count: height, apart: columns, stride: 1 }, ofRow);
      prefilterLines(inside, { count: width, apart: 1, stride: columns }, ofColumn);
      for (let start = columns + 1; start <= height * columns + 1; start += columns)
        for (const [to, from] of columnsBeyond) plane[start + to] = plane[start + from]!;
      for (const [to, from] of rowsBeyond)
        plane.copyWithin(to * columns, from * columns, (from + 1) * columns);
    },
  };
}

/**
 * The spline's value at (row, column), 0 ≤ row ≤ h − 1, 0 ≤ column ≤ w − 1.
 *
 * @param plane Of a {@link CoefficientPlane}.
 * @param columns w + 3.
 */
export function splineValue(plane: Float64Array, columns: number, row: number, column: number): number {
  // Rounded down to integers, for an engine computes sixteen indices of doubles slowly.
  const r = row | 0;
  const c = column | 0;
  const v = row - r;
  const u = column - c;
  const u1 = 1 - u;
  const a0 = u1 * u1 * u1;
  const a3 = u * u * u;
  const a1 = 4 - 3 * u * u * (2 - u);
  const a2 = 6 - a0 - a1 - a3;
  const v1 = 1 - v;
  const b0 = v1 * v1 * v1;
  const b3 = v * v * v;
  const b1 = 4 - 3 * v * v * (2 - v);
  const b2 = 6 - b0 - b1 - b3;
  const i = r * columns + c;
  const j = i + columns;
  const k = j + columns;
  const l = k + columns;
  return (
    b0 * (a0 * plane[i]! + a1 * plane[i + 1]! + a2 * plane[i + 2]! + a3 * plane[i + 3]!) +
    b1 * (a0 * plane[j]! + a1 * plane[j + 1]! + a2 * plane[j + 2]! + a3 * plane[j + 3]!) +
    b2 * (a0 * plane[k]! + a1 * plane[k + 1]! + a2 * plane[k + 2]! + a3 * plane[k + 3]!) +
    b3 * (a0 * plane[l]! + a1 * plane[l + 1]! + a2 * plane[l + 2]! + a3 * plane[l + 3]!)
  );
}
