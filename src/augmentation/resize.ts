/**
 * Resizing by triangular ("bilinear") interpolation. Result d reads the input around (d + ½)·n/N − ½. Without
 * antialiasing it takes the two nearest samples whatever the scale, as TensorFlow's and PyTorch's defaults do. With it,
 * the triangle is widened by n/N when the image shrinks, so that no input pixel is passed over (Heckbert: "Fundamentals
 * of texture mapping and image warping", 1989). Enlarging is the same either way.
 */
import { emptyLike, type Images, type Pixels } from './images.ts';

/** How {@link resize} samples. */
export interface ResizeOptions {
  /** True averages over all input pixels when shrinking. The default is false, as in `tf.image.resize`. */
  readonly antialias?: boolean;
}

interface Taps {
  /** First input sample of each result. */
  readonly first: Int32Array;
  /** Number of samples of each result. */
  readonly width: number;
  /** `[to, width]`, each row summing to 1. */
  readonly weights: Float64Array;
}

function triangleTaps(from: number, to: number, antialias: boolean): Taps {
  const scale = from / to;
  const radius = antialias ? Math.max(1, scale) : 1;
  const width = Math.min(from, 2 * Math.ceil(radius) + 1);
  const first = new Int32Array(to);
  const weights = new Float64Array(to * width);
  for (let d = 0; d < to; d++) {
    // Without antialiasing samples beyond the border repeat it; with it they count for nothing.
    const unclamped = (d + 0.5) * scale - 0.5;
    const centre = antialias ? unclamped : Math.min(from - 1, Math.max(0, unclamped));
    const start = Math.max(0, Math.min(from - width, Math.ceil(centre - radius)));
    first[d] = start;
    let sum = 0;
    for (let k = 0; k < width; k++) {
      const weight = Math.max(0, 1 - Math.abs(start + k - centre) / radius);
      weights[d * width + k] = weight;
      sum += weight;
    }
    for (let k = 0; k < width; k++) weights[d * width + k] = weights[d * width + k]! / sum;
  }
  return { first, width, weights };
}

/** Rows resized: `[h, w, c]` at `offset` of the pixels to `[h, to, c]`. */
function resizeRows(
  pixels: Pixels,
  offset: number,
  [height, width, channels]: readonly [number, number, number],
  { first, width: taps, weights }: Taps,
): Float64Array {
  const to = first.length;
  const result = new Float64Array(height * to * channels);
  for (let row = 0, at = 0; row < height; row++) {
    for (let d = 0; d < to; d++) {
      const start = offset + (row * width + first[d]!) * channels;
      for (let channel = 0; channel < channels; channel++, at++) {
        let sum = 0;
        for (let k = 0; k < taps; k++)
          sum += weights[d * taps + k]! * pixels[start + k * channels + channel]!;
        result[at] = sum;
      }
    }
  }
  return result;
}

/**
 * Images resized to another height and width.
 *
 * @param images `[n, h, w, c]`; bytes are rounded to the nearest, other numbers are not.
 * @param size `[height, width]`, whole numbers ≥ 1.
 * @param options Whether to antialias.
 * @returns `[n, height, width, c]`, the same kind of number; the images themselves if they have the size already.
 * @throws RangeError unless the size is two whole numbers ≥ 1.
 * @example
 * ```ts
 * import { imageBatch, resize } from 'model-patching/augmentation';
 * const images = imageBatch(Float32Array.of(0, 1, 2, 3), [1, 1, 4, 1]);
 * if (resize(images, [1, 2]).pixels.join() !== '0.5,2.5') throw new Error('the means of two expected');
 * if (resize(images, [1, 8]).pixels[2] !== 0.75) throw new Error('a quarter before 1');
 * ```
 */
export function resize<P extends Pixels>(
  images: Images<P>,
  size: readonly [height: number, width: number],
  options: ResizeOptions = {},
): Images<P> {
  const { antialias = false } = options;
  const [toHeight, toWidth] = size;
  if (!(size.length === 2 && size.every((side) => Number.isInteger(side) && side >= 1))) {
    throw new RangeError(`size: expected [height, width] in whole numbers ≥ 1, received [${size.join()}]`);
  }
  const [count, height, width, channels] = images.shape;
  if (height === toHeight && width === toWidth) return images;
  const columns = triangleTaps(width, toWidth, antialias);
  const rows = triangleTaps(height, toHeight, antialias);
  const pixels = emptyLike(images.pixels, count * toHeight * toWidth * channels);
  const half = pixels instanceof Uint8Array ? 0.5 : 0;
  const stride = toWidth * channels;
  for (let i = 0; i < count; i++) {
    const narrow = resizeRows(
      images.pixels,
      i * height * width * channels,
      [height, width, channels],
      columns,
    );
    for (let d = 0; d < toHeight; d++) {
      for (let at = 0; at < stride; at++) {
        let sum = 0;
        for (let k = 0; k < rows.width; k++) {
          sum += rows.weights[d * rows.width + k]! * narrow[(rows.first[d]! + k) * stride + at]!;
        }
        pixels[(i * toHeight + d) * stride + at] = sum + half;
      }
    }
  }
  return { pixels, shape: [count, toHeight, toWidth, channels] };
}
