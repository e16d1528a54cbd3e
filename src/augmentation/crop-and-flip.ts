/**
 * These augmentations move or hide whole pixels: a shift by zero-padding and cropping (Lee et al., "Deeply-supervised
 * nets", AISTATS 2015), the mirror image, and cutout (DeVries and Taylor, arXiv 1708.04552).
 */
import { foldKey } from '../random/random.ts';
import {
  assertDraws,
  emptyLike,
  integersPerImage,
  uniformPerImage,
  type Augmentation,
  type Images,
  type Pixels,
} from './images.ts';

/**
 * Each image with `padding` zeros on every side, cut back to its size at its own offset: a shift by
 * (padding − top, padding − left).
 *
 * @param images `[n, h, w, c]`.
 * @param offsets `[n, 2]`: top, left, whole numbers 0 … 2·padding.
 * @param padding Pixels, default 4.
 * @returns `[n, h, w, c]`, the same kind of number.
 * @throws RangeError unless there are two offsets in the range for each image.
 * @example
 * ```ts
 * import { imageBatch, padAndCrop } from 'model-patching/augmentation';
 * const images = imageBatch(Uint8Array.of(1, 2, 3, 4), [1, 2, 2, 1]);
 * const shifted = padAndCrop(images, [0, 1], 1).pixels;
 * if (shifted.join() !== '0,0,1,2') throw new Error('down by one pixel expected');
 * ```
 */
export function padAndCrop<P extends Pixels>(
  images: Images<P>,
  offsets: ArrayLike<number>,
  padding = 4,
): Images<P> {
  assertDraws('offsets', offsets, images, 2);
  const [count, height, width, channels] = images.shape;
  const pixels = emptyLike(images.pixels, images.pixels.length);
  for (let i = 0; i < count; i++) {
    const [down, right] = [padding - offsets[2 * i]!, padding - offsets[2 * i + 1]!];
    if (!(
      Number.isInteger(down) &&
      Number.isInteger(right) &&
      Math.max(Math.abs(down), Math.abs(right)) <= padding
    )) {
      const received = `(${offsets[2 * i]}, ${offsets[2 * i + 1]})`;
      throw new RangeError(
        `offsets: expected whole numbers 0 … ${2 * padding}, received ${received} for image ${i}`,
      );
    }
    const first = Math.max(0, -right);
    const kept = width - Math.abs(right);
    if (kept <= 0) continue;
    for (let row = Math.max(0, down); row < Math.min(height, height + down); row++) {
      const from = ((i * height + row - down) * width + first) * channels;
      const to = ((i * height + row) * width + first + right) * channels;
      pixels.set(images.pixels.subarray(from, from + kept * channels), to);
    }
  }
  return { pixels, shape: images.shape };
}

/**
 * Padding and cropping at an offset drawn uniformly for each image.
 *
 * @param options `padding`: pixels, default 4. `offsets`: `all`, the default, draws 0 … 2·padding; `published` never
 *   draws the last one, as the published pipeline.
 * @throws RangeError unless `padding` is a whole number ≥ 1.
 * @example
 * ```ts
 * import { imageBatch, randomPadAndCrop } from 'model-patching/augmentation';
 * import { randomKey } from 'model-patching/random';
 * const images = imageBatch(new Uint8Array(16).fill(5), [1, 4, 4, 1]);
 * const { pixels } = randomPadAndCrop({ padding: 1 })(images, randomKey(0));
 * if (![...pixels].every((value) => value === 0 || value === 5)) throw new Error('only zeros may come in');
 * ```
 */
export function randomPadAndCrop(
  options: { readonly padding?: number; readonly offsets?: 'all' | 'published' } = {},
): Augmentation {
  const { padding = 4, offsets = 'all' } = options;
  if (!(Number.isInteger(padding) && padding >= 1)) {
    throw new RangeError(`padding: expected a whole number ≥ 1, received ${padding}`);
  }
  const choices = 2 * padding + (offsets === 'all' ? 1 : 0);
  return (images, key) => padAndCrop(images, integersPerImage(key, images.shape[0], 2, 0, choices), padding);
}

/**
 * The chosen images mirrored left to right.
 *
 * @param images `[n, h, w, c]`.
 * @param flips `[n]`: true (or not 0) mirrors the image.
 * @returns `[n, h, w, c]`, the same kind of number.
 * @throws RangeError unless there is one flip for each image.
 * @example
 * ```ts
 * import { flipHorizontally, imageBatch } from 'model-patching/augmentation';
 * const images = imageBatch(Uint8Array.of(1, 2, 3, 4), [1, 2, 2, 1]);
 * if (flipHorizontally(images, [true]).pixels.join() !== '2,1,4,3') throw new Error('not mirrored');
 * ```
 */
export function flipHorizontally<P extends Pixels>(
  images: Images<P>,
  flips: ArrayLike<boolean | number>,
): Images<P> {
  assertDraws('flips', flips, images);
  const [count, height, width, channels] = images.shape;
  const pixels = emptyLike(images.pixels, images.pixels.length);
  pixels.set(images.pixels);
  for (let i = 0; i < count; i++) {
    if (!flips[i]) continue;
    for (let row = i * height; row < (i + 1) * height; row++) {
      for (let column = 0; column < width; column++) {
        for (let channel = 0; channel < channels; channel++) {
          pixels[(row * width + width - 1 - column) * channels + channel] =
            images.pixels[(row * width + column) * channels + channel]!;
        }
      }
    }
  }
  return { pixels, shape: images.shape };
}

/**
 * Each image mirrored left to right with the given probability.
 *
 * @param probability 0 … 1, default 0.5 (published `fliplr`). An image is mirrored when its draw from [0, 1) is above
 *   1 − probability.
 * @throws RangeError unless `probability` is in 0 … 1.
 * @example
 * ```ts
 * import { imageBatch, randomHorizontalFlip } from 'model-patching/augmentation';
 * import { randomKey } from 'model-patching/random';
 * const images = imageBatch(Uint8Array.of(1, 2), [1, 1, 2, 1]);
 * if (randomHorizontalFlip(0)(images, randomKey(0)).pixels.join() !== '1,2') throw new Error('never mirrored');
 * ```
 */
export function randomHorizontalFlip(probability = 0.5): Augmentation {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`probability: expected 0 … 1, received ${probability}`);
  }
  return (images, key) => {
    const draws = uniformPerImage(key, images.shape[0], 1, 0, 1);
    return flipHorizontally(
      images,
      Array.from(draws, (draw) => probability === 1 || draw > 1 - probability),
    );
  };
}

/**
 * Each image gets a square of zeros at its own centre, cut off at the borders. It covers rows
 * max(0, r − size/2) … min(h, r + size/2) − 1, and columns likewise.
 *
 * @param images `[n, h, w, c]`.
 * @param centres `[n, 2]`: row, column.
 * @param size Pixels, even; default 16.
 * @returns `[n, h, w, c]`, the same kind of number.
 * @throws RangeError unless there is one centre for each image and `size` is even.
 * @example
 * ```ts
 * import { cutout, imageBatch } from 'model-patching/augmentation';
 * const images = imageBatch(new Uint8Array(9).fill(1), [1, 3, 3, 1]);
 * if (cutout(images, [0, 0], 2).pixels.join() !== '0,1,1,1,1,1,1,1,1') throw new Error('one corner expected');
 * ```
 */
export function cutout<P extends Pixels>(
  images: Images<P>,
  centres: ArrayLike<number>,
  size = 16,
): Images<P> {
  assertDraws('centres', centres, images, 2);
  if (!(Number.isInteger(size / 2) && size >= 0))
    throw new RangeError(`size: expected even, received ${size}`);
  const [count, height, width, channels] = images.shape;
  const pixels = emptyLike(images.pixels, images.pixels.length);
  pixels.set(images.pixels);
  for (let i = 0; i < count; i++) {
    const [row, column] = [centres[2 * i]!, centres[2 * i + 1]!];
    const left = Math.max(0, column - size / 2);
    const right = Math.min(width, column + size / 2);
    for (let r = Math.max(0, row - size / 2); r < Math.min(height, row + size / 2); r++) {
      const start = (i * height + r) * width;
      pixels.fill(0, (start + left) * channels, (start + Math.max(left, right)) * channels);
    }
  }
  return { pixels, shape: images.shape };
}

/**
 * Cutout at a centre drawn uniformly from the pixels of each image.
 *
 * @param size Pixels, even; default 16.
 * @example
 * ```ts
 * import { imageBatch, randomCutout } from 'model-patching/augmentation';
 * import { randomKey } from 'model-patching/random';
 * const images = imageBatch(new Uint8Array(16).fill(1), [1, 4, 4, 1]);
 * const { pixels } = randomCutout(2)(images, randomKey(5));
 * if (!pixels.includes(0)) throw new Error('something is hidden');
 * ```
 */
export function randomCutout(size = 16): Augmentation {
  return (images, key) => {
    const [count, height, width] = images.shape;
    const rows = integersPerImage(foldKey(key, 'row'), count, 1, 0, height);
    const columns = integersPerImage(foldKey(key, 'column'), count, 1, 0, width);
    return cutout(
      images,
      Array.from({ length: 2 * count }, (_, i) => (i % 2 ? columns : rows)[i >> 1]!),
      size,
    );
  };
}
