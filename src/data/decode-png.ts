/** PNG files as bytes of grey or colour: transparency is dropped, palettes and fewer bits become full values. */
import { either as E } from 'fp-ts';
import { refuse, type DataError } from './data-error.ts';
import type { ImageHeader } from './image-header.ts';
import { readPngParts } from './png-chunks.ts';
import { pngPixels } from './png-pixels.ts';
import type { ByteImage } from './png.ts';

/** The white of sixteen bits. */
export const SIXTEEN_BIT_WHITE = 65_535;

const CURE = 'fetch or convert the image again';

/** A size as it is stored, and what a pixel is decoded to. */
type StoredSize = Pick<ImageHeader, 'height' | 'width' | 'channels'>;

/** What a part of the decoder makes, or the fault that it or the unpacking throws. */
const attempt = <A>(name: string, decode: () => A): E.Either<DataError, A> =>
  E.tryCatch(decode, (error) => ({
    where: name,
    expected: 'a whole PNG image',
    found: `a damaged one (${error instanceof Error ? error.message : String(error)})`,
    cure: CURE,
  }));

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
  const parts = attempt(name, () => readPngParts(bytes));
  if (E.isLeft(parts)) return parts;
  const { layout, compressed } = parts.right;
  if (layout.width !== size.width || layout.height !== size.height)
    throw new RangeError(`size: expected ${layout.width} × ${layout.height}, received another`);
  const stated = compressed.reduce((sum, { length }) => sum + length, 0);
  // A deflate stream is never longer than what it holds by more than a trace.
  const most = 2 ** 20 + 9 * size.height * (size.width + 1);
  if (stated > most) {
    const expected = `at most ${most} bytes of compressed data for ${size.width} × ${size.height} pixels`;
    return refuse(name, expected, `${stated}`, CURE);
  }
  return attempt(name, () => pngPixels(parts.right));
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
