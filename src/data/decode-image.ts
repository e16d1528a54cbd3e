/**
 * JPEG and PNG files as bytes of grey or colour, in plain JavaScript, for Node and browsers. JPEG images have the pixels
 * that libjpeg gives. Colour profiles are not applied.
 */
import { either as E, function as F } from 'fp-ts';
import { refuse, type DataError } from './data-error.ts';
import { decodePng, decodePngValues, largestValue, SIXTEEN_BIT_WHITE } from './decode-png.ts';
import { readImageHeader, type ImageHeader } from './image-header.ts';
import { decodeJpeg } from './jpeg/decode-jpeg.ts';
import { isTransposed, turned, type OrientationRule } from './orientation.ts';
import type { ByteImage } from './png.ts';

/** How {@link decodeImage} reads. */
export interface DecodeImageOptions {
  /** What to call the image in an error. */
  readonly name?: string;
  /** Most pixels that an image may claim in its header. Default 2²⁶, 8192 × 8192. */
  readonly maximumPixels?: number;
  /** Whether images are turned as their Exif or XMP orientation says (default), or left as they are stored. */
  readonly orientation?: OrientationRule;
  /**
   * The value of a sixteen-bit PNG that becomes 255, such as 4095 for data of twelve bits: v becomes
   * ⌊256 v / (maximum + 1)⌋, and an image that exceeds it is refused. Default 65,535, which keeps the upper eight bits.
   */
  readonly sixteenBitMaximum?: number;
}

/** The header of an image that claims no more pixels than it may. */
function boundedHeader(bytes: Uint8Array, options: DecodeImageOptions): E.Either<DataError, ImageHeader> {
  const { name = 'image data', maximumPixels = 2 ** 26, orientation = 'upright' } = options;
  return E.Monad.chain(readImageHeader(bytes, name, { orientation }), (header) =>
    header.height * header.width <= maximumPixels
      ? E.right(header)
      : refuse(
          name,
          `an image of at most ${maximumPixels} pixels`,
          `one of ${header.width} × ${header.height}`,
          'make the image smaller',
        ),
  );
}

/** Its size as it is stored. */
const stored = (header: ImageHeader): ImageHeader =>
  isTransposed(header.orientation) ? { ...header, height: header.width, width: header.height } : header;

/**
 * Decodes a JPEG (baseline or progressive; grey, colour, CMYK or YCCK) or PNG file, and turns it upright. Of PNG,
 * transparency is dropped, sixteen bits are cut to eight, palettes and fewer bits become full values.
 *
 * @param bytes The whole file.
 * @param options Its name, a bound on its pixels, which is held before anything is decoded, and how it is read.
 * @returns Eight-bit grey or colour, `[height, width, 1 or 3]`; or why it cannot be read: no image, too large, cut off.
 * @example
 * ```ts
 * import { decodeImage, encodePng } from 'model-patching/data';
 * const image = { height: 1, width: 2, channels: 3, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) };
 * const decoded = decodeImage(encodePng(image), { name: 'two.png' });
 * if (decoded._tag === 'Left' || decoded.right.pixels.join() !== '1,2,3,4,5,6') throw new Error('PNG is lossless');
 * const large = decodeImage(encodePng(image), { maximumPixels: 1 });
 * if (large._tag === 'Right') throw new Error('two pixels are too many');
 * ```
 */
export function decodeImage(
  bytes: Uint8Array,
  options: DecodeImageOptions = {},
): E.Either<DataError, ByteImage> {
  const { name = 'image data', sixteenBitMaximum = SIXTEEN_BIT_WHITE } = options;
  return F.pipe(
    boundedHeader(bytes, options),
    E.chain((header) =>
      F.pipe(
        header.format === 'jpeg'
          ? decodeJpeg(bytes, header.offset, name)
          : decodePng(bytes, stored(header), name, sixteenBitMaximum),
        E.map((image) => turned(image, header.orientation)),
      ),
    ),
  );
}

/**
 * The largest value of a sixteen-bit PNG. Where those of all images are far below 65,535, the images have fewer bits
 * and are nearly black unless `sixteenBitMaximum` says so.
 *
 * @param bytes The whole file.
 * @param options Its name, and a bound on its pixels.
 * @returns The value, transparency left out; null for an image of other kind; or why it cannot be read.
 * @example
 * ```ts
 * import { encodePng, largestSixteenBitValue } from 'model-patching/data';
 * const grey = encodePng({ height: 1, width: 1, channels: 1, pixels: Uint8Array.of(9) });
 * const largest = largestSixteenBitValue(grey);
 * if (largest._tag === 'Left' || largest.right !== null) throw new Error('it has eight bits');
 * ```
 */
export function largestSixteenBitValue(
  bytes: Uint8Array,
  options: Pick<DecodeImageOptions, 'name' | 'maximumPixels'> = {},
): E.Either<DataError, number | null> {
  const { name = 'image data' } = options;
  return E.Monad.chain(boundedHeader(bytes, { ...options, orientation: 'stored' }), (header) =>
    header.format === 'png' && header.bits === 16
      ? E.Functor.map(decodePngValues(bytes, header, name), largestValue)
      : E.right(null),
  );
}
