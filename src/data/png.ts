/**
 * Eight-bit grey and RGB images as PNG, which is lossless: translated MNIST images come back as they were.
 */
import { encode } from 'fast-png';

/** An image of unsigned bytes, `[height, width, channels]` row-major. */
export interface ByteImage {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 3 RGB. */
  readonly channels: number;
  readonly pixels: Uint8Array;
}

/**
 * Checks that an image is what its shape says.
 *
 * @throws RangeError if the shape does not fit the pixels or there are neither one nor three channels.
 */
export function checkShape({ height, width, channels, pixels }: ByteImage): void {
  if ((channels !== 1 && channels !== 3) || height * width * channels !== pixels.length)
    throw new RangeError(
      `image: expected ${pixels.length} pixel values of one or three channels, received [${height}, ${width}, ${channels}]`,
    );
}

/**
 * Encodes an image as PNG.
 *
 * @param image Grey or RGB.
 * @returns The bytes of the file.
 * @throws RangeError if the shape does not fit the pixels or there are neither one nor three channels.
 * @example
 * ```ts
 * import { decodeImage, encodePng } from 'model-patching/data';
 * const image = { height: 1, width: 2, channels: 1, pixels: Uint8Array.of(3, 250) };
 * const back = decodeImage(encodePng(image));
 * if (back._tag === 'Left' || back.right.pixels.join() !== '3,250') throw new Error('PNG is lossless');
 * ```
 */
export function encodePng(image: ByteImage): Uint8Array {
  checkShape(image);
  const { height, width, channels, pixels } = image;
  return encode({ height, width, channels, depth: 8, data: pixels });
}
