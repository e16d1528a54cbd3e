/**
 * A decoded image brought to the shape that a network takes: its channels, then its size.
 */
import { resize, type ResizeOptions } from '../augmentation/resize.ts';
import type { ByteImage } from './png.ts';

/** How {@link fitImage} resizes. */
export interface FitImageOptions extends ResizeOptions {
  /**
   * What becomes of an image of another aspect ratio: `stretch` (default) resizes it as a whole; `crop` first cuts the
   * largest central part of the wanted aspect ratio.
   */
  readonly fit?: 'stretch' | 'crop';
}

/** ITU-R BT.601. */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * The same image in grey or in colour. Grey becomes three equal channels; colour becomes luma,
 * 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded.
 *
 * @param image `[h, w, 1]` or `[h, w, 3]`.
 * @param channels 1 or 3.
 * @returns `[h, w, channels]`; the image itself if it has them already.
 * @throws RangeError if either has neither one nor three channels.
 * @example
 * ```ts
 * import { withChannels } from 'model-patching/data';
 * const red = { height: 1, width: 1, channels: 3, pixels: Uint8Array.of(255, 0, 0) };
 * const grey = withChannels(red, 1);
 * if (grey.pixels.join() !== '76') throw new Error('red weighs 0.299');
 * if (withChannels(grey, 3).pixels.join() !== '76,76,76') throw new Error('three equal channels expected');
 * ```
 */
export function withChannels(image: ByteImage, channels: number): ByteImage {
  if (image.channels === channels) return image;
  const { height, width, pixels } = image;
  if (image.channels === 1 && channels === 3) {
    const tripled = new Uint8Array(3 * pixels.length);
    for (let i = 0; i < tripled.length; i++) tripled[i] = pixels[Math.floor(i / 3)]!;
    return { height, width, channels, pixels: tripled };
  }
  if (image.channels === 3 && channels === 1) {
    const luma = new Uint8Array(height * width);
    for (let i = 0; i < luma.length; i++) {
      const at = 3 * i;
      luma[i] = LUMA[0] * pixels[at]! + LUMA[1] * pixels[at + 1]! + LUMA[2] * pixels[at + 2]! + 0.5;
    }
    return { height, width, channels, pixels: luma };
  }
  throw new RangeError(`channels: expected 1 or 3, received ${channels} for an image of ${image.channels}`);
}

/** The largest central part of an image with the aspect ratio of the given size. */
function centralPart(image: ByteImage, toHeight: number, toWidth: number): ByteImage {
  const height = Math.max(1, Math.min(image.height, Math.round((image.width * toHeight) / toWidth)));
  const width = Math.max(1, Math.min(image.width, Math.round((image.height * toWidth) / toHeight)));
  const [top, left] = [(image.height - height) >> 1, (image.width - width) >> 1];
  const pixels = new Uint8Array(height * width * image.channels);
  for (let row = 0; row < height; row++) {
    const from = ((top + row) * image.width + left) * image.channels;
    pixels.set(image.pixels.subarray(from, from + width * image.channels), row * width * image.channels);
  }
  return { height, width, channels: image.channels, pixels };
}

/**
 * An image in the given shape.
 *
 * @param image Bytes of grey or colour.
 * @param shape `[height, width, 1 or 3]`.
 * @param options Whether to antialias, and whether to stretch or to crop.
 * @returns The image; itself if it has the shape already.
 * @throws RangeError if the shape has neither one nor three channels or no size.
 * @example
 * ```ts
 * import { fitImage } from 'model-patching/data';
 * const image = { height: 1, width: 4, channels: 1, pixels: Uint8Array.of(0, 10, 20, 90) };
 * if (fitImage(image, [1, 2, 1]).pixels.join() !== '5,55') throw new Error('the means of two expected');
 * if (fitImage(image, [1, 2, 1], { fit: 'crop' }).pixels.join() !== '10,20') throw new Error('the middle expected');
 * ```
 */
export function fitImage(
  image: ByteImage,
  shape: readonly [height: number, width: number, channels: number],
  options: FitImageOptions = {},
): ByteImage {
  const [height, width, channels] = shape;
  const coloured = withChannels(image, channels);
  const part = options.fit === 'crop' ? centralPart(coloured, height, width) : coloured;
  const { pixels } = resize(
    { pixels: part.pixels, shape: [1, part.height, part.width, channels] },
    [height, width],
    options,
  );
  return { height, width, channels, pixels };
}
