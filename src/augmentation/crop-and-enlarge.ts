/**
 * A random crop is enlarged back to the image's size, as in the published pipelines of Waterbirds and CelebA. Of the
 * image, round(fraction·size) pixels are cut from each side, and the rest is enlarged by the two-tap "area" rule of
 * common image libraries. Enlarging n samples to N, result d reads sample i = ⌊d·n/N⌋ and the next one with weight t −
 * ⌊t⌋. There t = (d + 1) − (i + 1)·N/n is the part of d that lies beyond sample i. It is 0 when not positive, and at
 * the end.
 */
import {
  assertDraws,
  emptyLike,
  uniformPerImage,
  type Augmentation,
  type Images,
  type Pixels,
} from './images.ts';

/** Where the two samples of each result are, and the weight of the second one. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Float64Array;
}

/** The taps that enlarge `from` samples, `stride` apart, to `to`. */
function areaTaps(from: number, to: number, stride: number): Taps {
  const [first, second, weight] = [new Int32Array(to), new Int32Array(to), new Float64Array(to)];
  for (let d = 0; d < to; d++) {
    const i = Math.min(from - 1, Math.floor((d * from) / to));
    const beyond = d + 1 - ((i + 1) * to) / from;
    weight[d] = beyond <= 0 || i === from - 1 ? 0 : beyond - Math.floor(beyond);
    first[d] = i * stride;
    second[d] = weight[d] === 0 ? first[d]! : first[d]! + stride;
  }
  return { first, second, weight };
}

/**
 * Writes the enlargement of what begins at `start` in `source` into `pixels`, from `to` on.
 *
 * @param vertical Taps of its rows.
 * @param horizontal Taps of its columns.
 */
function enlarge(
  { source, start }: { readonly source: Pixels; readonly start: number },
  { vertical, horizontal }: Readonly<Record<'vertical' | 'horizontal', Taps>>,
  { pixels, to, channels }: { readonly pixels: Pixels; readonly to: number; readonly channels: number },
): void {
  const half = pixels instanceof Uint8Array ? 0.5 : 0;
  for (let r = 0, at = to; r < vertical.weight.length; r++) {
    const v = vertical.weight[r]!;
    const upper = start + vertical.first[r]!;
    const lower = start + vertical.second[r]!;
    for (let c = 0; c < horizontal.weight.length; c++) {
      const u = horizontal.weight[c]!;
      const a = horizontal.first[c]!;
      const b = horizontal.second[c]!;
      for (let channel = 0; channel < channels; channel++, at++) {
        const above = source[upper + a + channel]! * (1 - u) + source[upper + b + channel]! * u;
        const below = source[lower + a + channel]! * (1 - u) + source[lower + b + channel]! * u;
        pixels[at] = above * (1 - v) + below * v + half;
      }
    }
  }
}

function cutPixels(fraction: number, size: number): number {
  return Math.round(fraction * size);
}

/**
 * Each image cut by its own fractions and enlarged back. Bytes are rounded, other numbers are not.
 *
 * @param images `[n, h, w, c]`.
 * @param fractions `[n, 4]`: of the height or width to cut at the top, right, bottom, left; each ≥ 0.
 * @returns `[n, h, w, c]`, the same kind of number.
 * @throws RangeError unless there are four fractions for each image that leave at least one pixel.
 * @example
 * ```ts
 * import { cropAndEnlarge, imageBatch } from 'model-patching/augmentation';
 * const images = imageBatch(Float32Array.of(7, 1, 2, 3), [1, 1, 4, 1]);
 * const enlarged = cropAndEnlarge(images, [0, 0.25, 0, 0.25]).pixels;
 * if (enlarged.join() !== '1,1,2,2') throw new Error('each pixel twice expected');
 * ```
 */
export function cropAndEnlarge<P extends Pixels>(images: Images<P>, fractions: ArrayLike<number>): Images<P> {
  assertDraws('fractions', fractions, images, 4);
  const [count, height, width, channels] = images.shape;
  const source = images.pixels;
  const pixels = emptyLike(source, source.length);
  for (let i = 0; i < count; i++) {
    const top = cutPixels(fractions[4 * i]!, height);
    const left = cutPixels(fractions[4 * i + 3]!, width);
    const rows = height - top - cutPixels(fractions[4 * i + 2]!, height);
    const columns = width - left - cutPixels(fractions[4 * i + 1]!, width);
    if (!(rows >= 1 && columns >= 1 && rows <= height && columns <= width && top >= 0 && left >= 0)) {
      throw new RangeError(
        `fractions: expected ≥ 0 and to leave pixels, received ${rows} × ${columns} of image ${i}`,
      );
    }
    enlarge(
      { source, start: ((i * height + top) * width + left) * channels },
      {
        vertical: areaTaps(rows, height, width * channels),
        horizontal: areaTaps(columns, width, channels),
      },
      { pixels, to: i * height * width * channels, channels },
    );
  }
  return { pixels, shape: images.shape };
}

/**
 * Whether fractions below `maximum`, cut from two sides, leave a pixel between them whatever is drawn.
 *
 * @param maximum Below 0.5.
 * @param side Height or width, pixels.
 */
export const leavesPixels = (maximum: number, side: number): boolean =>
  2 * Math.ceil(maximum * side - 0.5) < side;

/**
 * Cropping by fractions drawn independently and uniformly from [0, maximum) for the four sides of each image, and
 * enlarging back.
 *
 * @param maximum Below 0.5; default 0.1 (published).
 * @throws RangeError unless 0 ≤ `maximum` < 0.5.
 * @example
 * ```ts
 * import { imageBatch, randomCropAndEnlarge } from 'model-patching/augmentation';
 * import { randomKey } from 'model-patching/random';
 * const images = imageBatch(new Uint8Array(400).fill(8), [1, 20, 20, 1]);
 * const { pixels } = randomCropAndEnlarge()(images, randomKey(1));
 * if (!pixels.every((value) => value === 8)) throw new Error('a flat image stays flat');
 * ```
 */
export function randomCropAndEnlarge(maximum = 0.1): Augmentation {
  if (!(maximum >= 0 && maximum < 0.5)) {
    throw new RangeError(`maximum: expected 0 ≤ maximum < 0.5, received ${maximum}`);
  }
  return (images, key) => cropAndEnlarge(images, uniformPerImage(key, images.shape[0], 4, 0, maximum));
}
