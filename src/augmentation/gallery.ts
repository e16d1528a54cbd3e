/** Images tiled into one, for looking at a batch. */
import { emptyLike, type Images, type Pixels } from './images.ts';

/**
 * The images tiled row by row, without gaps.
 *
 * @param images `[n, h, w, c]`, n ≥ 1.
 * @param columns A divisor of n; default the smallest one that is at least ⌊√n⌋, which makes the grid square or
 *   taller than wide (of a prime number, one row).
 * @returns `[1, h·n/columns, w·columns, c]`.
 * @throws RangeError unless `columns` divides n.
 * @example
 * ```ts
 * import { imageBatch, imageGallery } from 'model-patching/augmentation';
 * const tiled = imageGallery(imageBatch(Uint8Array.of(1, 2, 3, 4), [2, 1, 2, 1]), 1);
 * if (tiled.shape.join() !== '1,2,2,1' || tiled.pixels.join() !== '1,2,3,4') throw new Error('one above the other');
 * ```
 */
export function imageGallery<P extends Pixels>(images: Images<P>, columns?: number): Images<P> {
  const [count, height, width, channels] = images.shape;
  let across = columns ?? Math.max(1, Math.floor(Math.sqrt(count)));
  if (columns === undefined) while (across < count && count % across !== 0) across++;
  if (!(count >= 1 && Number.isInteger(across) && across >= 1 && count % across === 0)) {
    throw new RangeError(`columns: expected a divisor of ${count} images, received ${across}`);
  }
  const pixels = emptyLike(images.pixels, images.pixels.length);
  const line = width * channels;
  for (let i = 0; i < count; i++) {
    const column = i % across;
    const row = (i - column) / across;
    for (let r = 0; r < height; r++) {
      const from = (i * height + r) * line;
      pixels.set(images.pixels.subarray(from, from + line), ((row * height + r) * across + column) * line);
    }
  }
  return { pixels, shape: [1, (count / across) * height, width * across, channels] };
}
