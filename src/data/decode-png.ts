/** PNG files as bytes of grey or colour: transparency is dropped, palettes and fewer bits become full values. */
import { either as E } from 'fp-ts';
import { refuse, type DataError } from './data-error.ts';
import type { ImageHeader } from './image-header.ts';
import type { ByteImage } from './png.ts';
import { pngSamples } from './png-samples.ts';

/** The white of sixteen bits. */
export const SIXTEEN_BIT_WHITE = 65_535;

const CURE = 'fetch or convert the image again';

/** A size as it is stored, and what a pixel is decoded to. */
type StoredSize = Pick<ImageHeader, 'height' | 'width' | 'channels'>;

/** The bytes of compressed pixels: a deflate stream is never longer than what it holds by more than a trace. */
function compressedBytes(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0;
  for (let offset = 8; offset + 12 <= bytes.length; offset += 12 + view.getUint32(offset)) {
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    if (type === 'IDAT') sum += view.getUint32(offset);
  }
  return sum;
}

/** The first `kept` of every `count` samples. */
function keepSamples<Values extends Uint8Array | Uint16Array>(
  values: Values,
  count: number,
  kept: number,
): Values {
  if (count === kept) return values;
  const pixels = new (values.constructor as new (length: number) => Values)((values.length / count) * kept);
  for (let from = 0, to = 0; from < values.length; from += count)
    for (let c = 0; c < kept; c++) pixels[to++] = values[from + c]!;
  return pixels;
}

/** The colours at places in a palette; one that it lacks is black, as elsewhere. */
function coloursOf(places: ArrayLike<number>, palette: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(3 * places.length);
  for (let i = 0; i < pixels.length; i++) pixels[i] = palette[3 * places[Math.floor(i / 3)]! + (i % 3)] ?? 0;
  return pixels;
}

/** The values of a PNG, of eight or sixteen bits; fewer are spread over 0 … 255. */
function valuesOf(bytes: Uint8Array, size: StoredSize): Uint8Array | Uint16Array {
  const { depth, count, palette, values } = pngSamples(bytes, size);
  if (palette !== null) return coloursOf(values, palette);
  const white = 2 ** depth - 1;
  return depth < 8
    ? Uint8Array.from(values, (value) => (value * 255) / white)
    : keepSamples(values, count, size.channels);
}

/**
 * The values of a PNG file as they are stored, without transparency.
 *
 * @param bytes The whole file.
 * @param size Its size as it is stored, and the channels to keep.
 * @param name What to call it in an error.
 * @returns Eight or sixteen bits; or why the file is damaged.
 */
export function decodePngValues(
  bytes: Uint8Array,
  size: StoredSize,
  name: string,
): E.Either<DataError, Uint8Array | Uint16Array> {
  const stated = compressedBytes(bytes);
  const most = 2 ** 20 + 9 * size.height * (size.width + 1);
  if (stated > most) {
    const expected = `at most ${most} bytes of compressed data for ${size.width} × ${size.height} pixels`;
    return refuse(name, expected, `${stated}`, CURE);
  }
  return E.tryCatch(
    () => valuesOf(bytes, size),
    (error) => ({
      where: name,
      expected: 'a whole PNG image',
      found: `a damaged one (${error instanceof Error ? error.message : String(error)})`,
      cure: CURE,
    }),
  );
}

/** The largest of some values. */
export function largestValue(values: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, values[i]!);
  return largest;
}

/** Eight bits of values whose white is `white`: ⌊256 v / (white + 1)⌋, the upper eight bits if all are used. */
function scaled(values: Uint16Array, white: number): Uint8Array {
  return Uint8Array.from(values, (value) => Math.floor((256 * value) / (white + 1)));
}

/**
 * Decodes a PNG file.
 *
 * @param bytes The whole file.
 * @param size Its size as it is stored, and the channels to decode to.
 * @param name What to call it in an error.
 * @param white The value of sixteen bits that becomes 255.
 * @returns Eight-bit grey or colour; or why the file is damaged, or which value lies above white.
 */
export function decodePng(
  bytes: Uint8Array,
  size: StoredSize,
  name: string,
  white: number,
): E.Either<DataError, ByteImage> {
  const { height, width, channels } = size;
  return E.Monad.chain(decodePngValues(bytes, size, name), (values) => {
    if (values instanceof Uint8Array) return E.right({ height, width, channels, pixels: values });
    const largest = largestValue(values);
    return largest > white
      ? refuse(
          name,
          `sixteen-bit values of at most ${white}`,
          `${largest}`,
          'give a sixteenBitMaximum that no image exceeds, or leave it out',
        )
      : E.right({ height, width, channels, pixels: scaled(values, white) });
  });
}
