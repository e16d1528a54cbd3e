/**
 * Eight-bit grey and RGB images as PNG, which is lossless: translated MNIST images come back as they were.
 */
import { decode, encode } from 'fast-png';
import { either as E } from 'fp-ts';
import type { DataError } from './data-error.ts';

/** An image of unsigned bytes, `[height, width, channels]` row-major. */
export interface ByteImage {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 3 RGB. */
  readonly channels: number;
  readonly pixels: Uint8Array;
}

/**
 * Encodes an image as PNG.
 *
 * @param image Grey or RGB.
 * @returns The bytes of the file.
 * @throws RangeError if the shape does not fit the pixels or there are neither one nor three channels.
 * @example
 * ```ts
 * import { decodePng, encodePng } from 'model-patching/data';
 * const image = { height: 1, width: 2, channels: 1, pixels: Uint8Array.of(3, 250) };
 * const back = decodePng(encodePng(image));
 * if (back._tag === 'Left' || back.right.pixels.join() !== '3,250') throw new Error('PNG is lossless');
 * ```
 */
export function encodePng({ height, width, channels, pixels }: ByteImage): Uint8Array {
  if ((channels !== 1 && channels !== 3) || height * width * channels !== pixels.length) {
    throw new RangeError(
      `image: expected ${pixels.length} pixel values of one or three channels, received [${height}, ${width}, ${channels}]`,
    );
  }
  return encode({ height, width, channels, depth: 8, data: pixels });
}

/** Enough for any image of the field; a damaged header could claim 2⁶² pixels. */
const MOST_PIXELS = 2 ** 26;

function claimedPixels(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.length < 24 ? 0 : view.getUint32(16) * view.getUint32(20);
}

/**
 * Decodes a PNG file of eight-bit grey or RGB.
 *
 * @param bytes The whole file.
 * @param name What to call it in an error.
 * @returns The image, or why it cannot be read.
 * @example
 * ```ts
 * import { decodePng, encodePng } from 'model-patching/data';
 * const file = encodePng({ height: 2, width: 1, channels: 3, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) });
 * const image = decodePng(file);
 * if (image._tag === 'Left' || image.right.pixels[3] !== 4) throw new Error('the second pixel is (4, 5, 6)');
 * const cut = decodePng(file.subarray(0, 40), 'cut.png');
 * if (cut._tag === 'Right' || cut.left.where !== 'cut.png') throw new Error('a file that is cut is none');
 * ```
 */
export function decodePng(bytes: Uint8Array, name = 'PNG data'): E.Either<DataError, ByteImage> {
  const expected = 'a PNG image of eight-bit grey or RGB';
  const cure = 'convert the image, or make it again';
  if (claimedPixels(bytes) > MOST_PIXELS) {
    return E.left({ where: name, expected, found: `one of ${claimedPixels(bytes)} pixels`, cure });
  }
  return E.Monad.chain(
    E.tryCatch(
      () => decode(bytes, { checkCrc: true }),
      (error): DataError => ({ where: name, expected, found: `no such image (${String(error)})`, cure }),
    ),
    ({ height, width, channels, depth, palette, data }) =>
      depth === 8 && palette === undefined && (channels === 1 || channels === 3)
        ? E.right({ height, width, channels, pixels: new Uint8Array(data) })
        : E.left({
            where: name,
            expected,
            found: `${channels} channels of ${depth} bits${palette === undefined ? '' : ' with a palette'}`,
            cure,
          }),
  );
}
