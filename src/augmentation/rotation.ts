/**
 * An image is rotated about its centre, by cubic B-spline interpolation. Pixel (r, c) of the result reads the
 * image at M·((r, c) − m) + m with M = [[cos θ, sin θ], [−sin θ, cos θ]] and m = ((h − 1)/2, (w − 1)/2). Outside the
 * image it is 0. The published stage-1 pipeline of MNIST-Correlation draws θ from ±45°, on bytes, before scaling.
 */
import { coefficientPlane, splineValue } from './cubic-spline.ts';
import {
  assertDraws,
  emptyLike,
  uniformPerImage,
  type Augmentation,
  type Images,
  type Pixels,
} from './images.ts';

/** Writes the channel of `plane`, turned, to `turned`, 0 outside the image. */
function rotateChannel(
  plane: Float64Array,
  [height, width]: readonly [number, number],
  degrees: number,
  turned: Float64Array,
): void {
  const cos = Math.cos((degrees * Math.PI) / 180);
  const sin = Math.sin((degrees * Math.PI) / 180);
  const middleRow = (height - 1) / 2;
  const middleColumn = (width - 1) / 2;
  for (let r = 0, pixel = 0; r < height; r++) {
    const rowOfRow = cos * (r - middleRow);
    const columnOfRow = sin * (r - middleRow);
    for (let c = 0; c < width; c++, pixel++) {
      const row = rowOfRow + sin * (c - middleColumn) + middleRow;
      const column = cos * (c - middleColumn) - columnOfRow + middleColumn;
      const inside = row >= 0 && row <= height - 1 && column >= 0 && column <= width - 1;
      turned[pixel] = inside ? splineValue(plane, width + 3, row, column) : 0;
    }
  }
}

/** Writes a channel into `pixels`, from `offset` on, `channels` apart; bytes are rounded, halves upwards, and clamped. */
function writeChannel(turned: Float64Array, pixels: Pixels, offset: number, channels: number): void {
  if (pixels instanceof Float32Array) {
    for (let p = 0, at = offset; p < turned.length; p++, at += channels) pixels[at] = turned[p]!;
    return;
  }
  for (let p = 0, at = offset; p < turned.length; p++, at += channels) {
    const raised = turned[p]! + 0.5;
    pixels[at] = raised <= 0 ? 0 : raised >= 255 ? 255 : raised;
  }
}

/**
 * Each image rotated by its own angle; same size, 0 outside. Bytes are rounded and clamped, other numbers are not.
 *
 * @param images `[n, h, w, c]`.
 * @param degrees `[n]`, in the direction that brings the right edge upwards when positive.
 * @returns `[n, h, w, c]`, the same kind of number.
 * @throws RangeError unless there is one angle for each image.
 * @example
 * ```ts
 * import { imageBatch, rotate } from 'model-patching/augmentation';
 * const images = imageBatch(Uint8Array.of(0, 0, 0, 0, 0, 9, 0, 0, 0), [1, 3, 3, 1]);
 * const turned = rotate(images, [90]).pixels;
 * if (turned.join() !== '0,9,0,0,0,0,0,0,0') throw new Error(`not a quarter turn: ${turned.join()}`);
 * ```
 */
export function rotate<P extends Pixels>(images: Images<P>, degrees: ArrayLike<number>): Images<P> {
  assertDraws('degrees', degrees, images);
  const [count, height, width, channels] = images.shape;
  const pixels = emptyLike(images.pixels, images.pixels.length);
  const coefficients = coefficientPlane(height, width);
  const turned = new Float64Array(height * width);
  for (let i = 0; i < count; i++) {
    for (let channel = 0; channel < channels; channel++) {
      const offset = i * turned.length * channels + channel;
      coefficients.fill(images.pixels, offset, channels);
      rotateChannel(coefficients.plane, [height, width], degrees[i]!, turned);
      writeChannel(turned, pixels, offset, channels);
    }
  }
  return { pixels, shape: images.shape };
}

/**
 * Rotation by an angle drawn uniformly from ± `maximumDegrees` for each image.
 *
 * @param maximumDegrees Default 45, the published `rotr`.
 * @throws RangeError unless `maximumDegrees` is finite and not negative.
 * @example
 * ```ts
 * import { imageBatch, randomRotation } from 'model-patching/augmentation';
 * import { randomKey } from 'model-patching/random';
 * const images = imageBatch(new Float32Array(9).fill(1), [1, 3, 3, 1]);
 * const centre = randomRotation(45)(images, randomKey(0)).pixels[4] ?? NaN;
 * if (Math.abs(centre - 1) > 1e-6) throw new Error('the centre stays');
 * ```
 */
export function randomRotation(maximumDegrees = 45): Augmentation {
  if (!(Number.isFinite(maximumDegrees) && maximumDegrees >= 0)) {
    throw new RangeError(`maximumDegrees: expected a number ≥ 0, received ${maximumDegrees}`);
  }
  return (images, key) =>
    rotate(images, uniformPerImage(key, images.shape[0], 1, -maximumDegrees, maximumDegrees));
}
