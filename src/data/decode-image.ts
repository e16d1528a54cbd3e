/**
 * JPEG and PNG files as bytes of grey or colour, in pure JavaScript, for Node and browsers.
 *
 * JPEG is lossy and leaves the decoder some freedom: this one (jpeg-js) takes the nearest sample where colour is stored
 * at half resolution, where most libraries interpolate, so that its pixels differ from theirs by a few levels. The
 * orientation that a camera may note beside the image is not applied, and neither are colour profiles.
 */
import { decode as decodePngFile, convertIndexedToRgb } from 'fast-png';
import { either as E, function as F } from 'fp-ts';
import jpeg from 'jpeg-js';
import { refuse, type DataError } from './data-error.ts';
import { isJpegCutShort, readImageHeader, type ImageHeader } from './image-header.ts';
import type { ByteImage } from './png.ts';

/** How {@link decodeImage} reads. */
export interface DecodeImageOptions {
  /** What to call the image in an error. */
  readonly name?: string;
  /** Most pixels that an image may claim in its header. Default 2²⁶, 8192 × 8192. */
  readonly maximumPixels?: number;
}

const CURE = 'fetch or convert the image again';

const attempt = <A>(name: string, format: string, decode: () => A): E.Either<DataError, A> =>
  E.tryCatch(decode, (error) => ({
    where: name,
    expected: `a whole ${format} image`,
    found: `a damaged one (${error instanceof Error ? error.message : String(error)})`,
    cure: CURE,
  }));

/** Every `step`-th value. */
const everyNth = (values: Uint8Array, step: number): Uint8Array =>
  Uint8Array.from({ length: values.length / step }, (_, i) => values[step * i]!);

function decodeJpeg(bytes: Uint8Array, header: ImageHeader, name: string): E.Either<DataError, ByteImage> {
  const { height, width, channels } = header;
  if (isJpegCutShort(bytes)) {
    const found = `${bytes.length} bytes without its end`;
    return refuse(name, 'a whole JPEG image', found, CURE);
  }
  return attempt(name, 'JPEG', () => {
    const { data } = jpeg.decode(bytes, { useTArray: true, formatAsRGBA: false, tolerantDecoding: false });
    const pixels = channels === 1 ? everyNth(data, 3) : data;
    if (pixels.length !== height * width * channels) throw new Error('other frames than its header says');
    return { height, width, channels, pixels };
  });
}

/** The bytes of compressed pixels: a deflate stream is never longer than what it holds by more than a trace. */
function compressedBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0;
  for (let offset = 8; offset + 12 <= bytes.length; offset += 12 + view.getUint32(offset)) {
    if (!/^(IHDR|PLTE|tRNS|IEND)$/.test(String.fromCharCode(...bytes.subarray(offset + 4, offset + 8)))) {
      sum += view.getUint32(offset);
    }
  }
  return sum;
}

/** The first `kept` of every `channels` channels, as eight bits. */
function keepChannels(
  data: Uint8Array | Uint8ClampedArray | Uint16Array,
  channels: number,
  kept: number,
): Uint8Array {
  const wide = data instanceof Uint16Array;
  const pixels = new Uint8Array((data.length / channels) * kept);
  for (let i = 0; i < pixels.length; i++) {
    const value = data[Math.floor(i / kept) * channels + (i % kept)]!;
    pixels[i] = wide ? value >> 8 : value;
  }
  return pixels;
}

/** Grey values of fewer than eight bits, packed row by row, spread over 0 … 255. */
function unpackGrey(data: ArrayLike<number>, { height, width }: ImageHeader, depth: number): Uint8Array {
  const stride = Math.ceil((width * depth) / 8);
  const white = 2 ** depth - 1;
  return Uint8Array.from({ length: height * width }, (_, pixel) => {
    const bit = (pixel % width) * depth;
    const byte = data[Math.floor(pixel / width) * stride + (bit >> 3)]!;
    return (((byte >> (8 - depth - (bit & 7))) & white) * 255) / white;
  });
}

function decodePngPixels(
  bytes: Uint8Array,
  header: ImageHeader,
  name: string,
): E.Either<DataError, ByteImage> {
  const { height, width, channels } = header;
  const stated = compressedBytes(bytes);
  const most = 2 ** 20 + 9 * height * (width + 1);
  if (stated > most) {
    const expected = `at most ${most} bytes of compressed data for ${width} × ${height} pixels`;
    return refuse(name, expected, `${stated}`, CURE);
  }
  return attempt(name, 'PNG', () => {
    const png = decodePngFile(bytes, { checkCrc: true });
    const data = png.palette === undefined ? png.data : convertIndexedToRgb(png);
    const stored = png.palette === undefined ? png.channels : data.length / (height * width);
    const pixels =
      png.depth < 8 && png.palette === undefined
        ? unpackGrey(data, header, png.depth)
        : keepChannels(data, stored, channels);
    if (pixels.length !== height * width * channels) throw new Error('another size than its header says');
    return { height, width, channels, pixels };
  });
}

/**
 * Decodes a JPEG (baseline or progressive, grey or colour) or PNG file. Of PNG, transparency is dropped, sixteen bits
 * are cut to eight, palettes and fewer bits become full values.
 *
 * @param bytes The whole file.
 * @param options Its name and a bound on its pixels, which is held before anything is decoded.
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
  const { name = 'image data', maximumPixels = 2 ** 26 } = options;
  return F.pipe(
    readImageHeader(bytes, name),
    E.chain((header) =>
      header.height * header.width <= maximumPixels
        ? E.right(header)
        : refuse(
            name,
            `an image of at most ${maximumPixels} pixels`,
            `one of ${header.width} × ${header.height}`,
            'make the image smaller',
          ),
    ),
    E.chain((header) =>
      header.format === 'jpeg' ? decodeJpeg(bytes, header, name) : decodePngPixels(bytes, header, name),
    ),
  );
}
