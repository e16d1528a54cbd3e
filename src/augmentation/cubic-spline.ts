/**
 * Interpolation by cubic B-splines: the image is first filtered so that the spline passes through its pixels, then
 * the spline is evaluated anywhere from 4 × 4 coefficients. The filter is separable: per row and column one causal
 * and one anticausal recursion with the pole √3 − 2, the signal mirrored about its first and last sample (Unser,
 * Aldroubi, Eden: "B-spline signal processing", IEEE Trans. Signal Processing 41, 1993; Unser: "Splines: a perfect
 * fit", IEEE Signal Processing Magazine 16, 1999).
 */

const POLE = Math.sqrt(3) - 2;

/** Filters `length` samples, `stride` apart from `start`, in place. */
export function prefilterLine(data: Float64Array, start: number, stride: number, length: number): void {
  if (length < 2) return;
  const last = start + (length - 1) * stride;
  const poleToLast = POLE ** (length - 1);
  let sum = data[start]! + poleToLast * data[last]!;
  let forward = POLE;
  let backward = poleToLast * poleToLast;
  for (let k = 1; k < length - 1; k++) {
    backward /= POLE;
    // The mirrored copies beyond a few dozen samples weigh less than a rounding error.
    if (Math.abs(forward) < 1e-20) break;
    sum += (forward + backward) * data[start + k * stride]!;
    forward *= POLE;
  }
  data[start] = sum / (1 - poleToLast * poleToLast);
  for (let i = start + stride; i <= last; i += stride) data[i]! += POLE * data[i - stride]!;
  data[last] = (POLE / (POLE * POLE - 1)) * (data[last]! + POLE * data[last - stride]!);
  for (let i = last - stride; i >= start; i -= stride) data[i] = POLE * (data[i + stride]! - data[i]!);
  for (let i = start; i <= last; i += stride) data[i]! *= 6;
}

/** The index in 0 … size − 1 that mirrors `index` about the first and the last sample. */
export function mirrored(index: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const folded = ((index % period) + period) % period;
  return folded < size ? folded : period - folded;
}

/**
 * The plane of spline coefficients of one channel, with one mirrored row and column before and two after, so that
 * an evaluation inside the image needs no test of its indices.
 *
 * @param pixels Where the channel lies: value (r, c) at `offset + (r·width + c)·channels`.
 * @param plane `[h + 3, w + 3]`, overwritten.
 * @param core `[h, w]`, scratch.
 */
export function splineCoefficients(
  pixels: ArrayLike<number>,
  offset: number,
  channels: number,
  height: number,
  width: number,
  core: Float64Array,
  plane: Float64Array,
): void {
  for (let i = 0, at = offset; i < height * width; i++, at += channels) core[i] = pixels[at]!;
  for (let row = 0; row < height; row++) prefilterLine(core, row * width, 1, width);
  for (let column = 0; column < width; column++) prefilterLine(core, column, width, height);
  const columns = width + 3;
  for (let row = 0; row < height + 3; row++) {
    const from = mirrored(row - 1, height) * width;
    const to = row * columns;
    for (let column = 0; column < width; column++) plane[to + column + 1] = core[from + column]!;
    plane[to] = core[from + mirrored(-1, width)]!;
    plane[to + width + 1] = core[from + mirrored(width, width)]!;
    plane[to + width + 2] = core[from + mirrored(width + 1, width)]!;
  }
}

/**
 * The spline's value at (row, column), 0 ≤ row ≤ h − 1, 0 ≤ column ≤ w − 1.
 *
 * @param plane As `splineCoefficients` leaves it.
 * @param columns w + 3.
 */
export function splineValue(plane: Float64Array, columns: number, row: number, column: number): number {
  const r = Math.floor(row);
  const c = Math.floor(column);
  const v = row - r;
  const u = column - c;
  const u1 = 1 - u;
  const v1 = 1 - v;
  const a0 = (u1 * u1 * u1) / 6;
  const a3 = (u * u * u) / 6;
  const a1 = 2 / 3 - u * u * (1 - u / 2);
  const a2 = 1 - a0 - a1 - a3;
  const b0 = (v1 * v1 * v1) / 6;
  const b3 = (v * v * v) / 6;
  const b1 = 2 / 3 - v * v * (1 - v / 2);
  const b2 = 1 - b0 - b1 - b3;
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
