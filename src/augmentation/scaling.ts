/**
 * Scalings go between bytes and the ranges that networks take: [0, 1] for the published MNIST classifier, [−1, 1] for
 * the CycleGAN, the ImageNet standardisation for ResNet-50. One goes back from a generator's [−1, 1] to bytes.
 */
import type { Images } from './images.ts';

function map(images: Images, scale: (value: number, channel: number) => number): Images<Float32Array> {
  const { pixels: given, shape } = images;
  const channels = shape[3];
  const pixels = new Float32Array(given.length);
  // A channel at a time: a gray image then has no inner loop of one turn per pixel.
  for (let c = 0; c < channels; c++) {
    if (given instanceof Uint8Array) {
      // A byte has 256 values, a batch of photographs millions of bytes.
      const scaled = Float32Array.from({ length: 256 }, (_, value) => scale(value, c));
      for (let i = c; i < pixels.length; i += channels) pixels[i] = scaled[given[i]!]!;
    } else {
      for (let i = c; i < pixels.length; i += channels) pixels[i] = scale(given[i]!, c);
    }
  }
  return { pixels, shape };
}

/**
 * x / 255.
 *
 * @param images `[n, h, w, c]` on the 0–255 scale.
 * @returns `[n, h, w, c]` in [0, 1].
 * @example
 * ```ts
 * import { imageBatch, zeroToOne } from 'model-patching/augmentation';
 * const { pixels } = zeroToOne(imageBatch(Uint8Array.of(0, 255), [1, 1, 2, 1]));
 * if (pixels.join() !== '0,1') throw new Error('not in [0, 1]');
 * ```
 */
export function zeroToOne(images: Images): Images<Float32Array> {
  return map(images, (value) => value / 255);
}

/**
 * x / 127.5 − 1.
 *
 * @param images `[n, h, w, c]` on the 0–255 scale.
 * @returns `[n, h, w, c]` in [−1, 1].
 * @example
 * ```ts
 * import { imageBatch, minusOneToOne } from 'model-patching/augmentation';
 * const { pixels } = minusOneToOne(imageBatch(Uint8Array.of(0, 255), [1, 1, 2, 1]));
 * if (pixels.join() !== '-1,1') throw new Error('not in [-1, 1]');
 * ```
 */
export function minusOneToOne(images: Images): Images<Float32Array> {
  // Rounded to single precision twice, as the published pipeline's is: truncation to bytes would show the difference.
  return map(images, (value) => Math.fround(value / 127.5) - 1);
}

/**
 * ½x + ½: from the generator's range to the classifier's.
 *
 * @param images `[n, h, w, c]` in [−1, 1].
 * @returns `[n, h, w, c]` in [0, 1].
 * @example
 * ```ts
 * import { imageBatch, signedToUnit } from 'model-patching/augmentation';
 * const { pixels } = signedToUnit(imageBatch(Float32Array.of(-1, 0, 1), [1, 1, 3, 1]));
 * if (pixels.join() !== '0,0.5,1') throw new Error('not in [0, 1]');
 * ```
 */
export function signedToUnit(images: Images): Images<Float32Array> {
  return map(images, (value) => value / 2 + 0.5);
}

const IMAGENET_MEANS = [0.485, 0.456, 0.406] as const;
const IMAGENET_DEVIATIONS = [0.229, 0.224, 0.225] as const;

/**
 * (x / 255 − mean) / deviation with the means and standard deviations of ImageNet's red, green and blue.
 *
 * @param images `[n, h, w, 3]` on the 0–255 scale.
 * @returns `[n, h, w, 3]`.
 * @throws RangeError unless the images have three channels.
 * @example
 * ```ts
 * import { imageBatch, imagenetNormalization } from 'model-patching/augmentation';
 * const { pixels } = imagenetNormalization(imageBatch(new Uint8Array(3), [1, 1, 1, 3]));
 * if (Math.abs(pixels[0]! + 0.485 / 0.229) > 1e-6) throw new Error('black is −mean / deviation');
 * ```
 */
export function imagenetNormalization(images: Images): Images<Float32Array> {
  if (images.shape[3] !== 3) {
    throw new RangeError(`images: expected [n, h, w, 3], received [${images.shape.join()}]`);
  }
  return map(
    images,
    (value, channel) => (value / 255 - IMAGENET_MEANS[channel]!) / IMAGENET_DEVIATIONS[channel]!,
  );
}

/**
 * Luma 0.2989 R + 0.587 G + 0.114 B (ITU-R BT.601).
 *
 * @param images `[n, h, w, 3]`.
 * @returns `[n, h, w, 1]` on the same scale.
 * @throws RangeError unless the images have three channels.
 * @example
 * ```ts
 * import { grayscale, imageBatch } from 'model-patching/augmentation';
 * const { pixels } = grayscale(imageBatch(Uint8Array.of(100, 0, 0), [1, 1, 1, 3]));
 * if (Math.abs(pixels[0]! - 29.89) > 1e-4) throw new Error('red weighs 0.2989');
 * ```
 */
export function grayscale(images: Images): Images<Float32Array> {
  const [count, height, width, channels] = images.shape;
  if (channels !== 3)
    throw new RangeError(`images: expected [n, h, w, 3], received [${images.shape.join()}]`);
  const pixels = new Float32Array(count * height * width);
  for (let i = 0; i < pixels.length; i++) {
    const [red, green, blue] = [images.pixels[3 * i]!, images.pixels[3 * i + 1]!, images.pixels[3 * i + 2]!];
    pixels[i] = 0.2989 * red + 0.587 * green + 0.114 * blue;
  }
  return { pixels, shape: [count, height, width, 1] };
}

/**
 * 255·(½y + ½) as bytes. Values outside [−1, 1] are clamped.
 *
 * @param images `[n, h, w, c]` in [−1, 1], such as a generator's output.
 * @param options `rounding`: `nearest`, the default, or `truncate`, which is what the published pipeline does in
 *   single precision (so that half of the bytes of a translated image are one too dark).
 * @returns `[n, h, w, c]`.
 * @example
 * ```ts
 * import { imageBatch, toBytes } from 'model-patching/augmentation';
 * const images = imageBatch(Float32Array.of(-1, 0, 1), [1, 1, 3, 1]);
 * if (toBytes(images).pixels.join() !== '0,128,255') throw new Error('rounding expected');
 * if (toBytes(images, { rounding: 'truncate' }).pixels.join() !== '0,127,255') throw new Error('truncation expected');
 * ```
 */
export function toBytes(
  images: Images,
  options: { readonly rounding?: 'nearest' | 'truncate' } = {},
): Images<Uint8Array> {
  const half = options.rounding === 'truncate' ? 0 : 0.5;
  const pixels = new Uint8Array(images.pixels.length);
  for (let i = 0; i < pixels.length; i++) {
    const scaled = Math.fround(255 * Math.fround(images.pixels[i]! * 0.5 + 0.5));
    pixels[i] = Math.min(255, Math.max(0, scaled + half));
  }
  return { pixels, shape: images.shape };
}
