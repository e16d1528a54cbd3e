/**
 * The orientation that a camera notes beside its pixels (Exif 3.0, tag 274): a number from 1 to 8 says how they are
 * turned and mirrored before they are shown.
 */
import type { ByteImage } from './png.ts';

/** 1 as stored; 2 mirrored; 3 upside down; 4 both; 5 to 8 with rows and columns exchanged. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Whether images are turned as their orientation says, or left as they are stored. */
export type OrientationRule = 'upright' | 'stored';

const TAG = 274;
/** Bytes of one value of the types BYTE, SHORT and LONG. */
const INTEGER_SIZES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4 };

/** Whether a number is an orientation. */
export const isOrientation = (value: number): value is Orientation =>
  Number.isInteger(value) && value >= 1 && value <= 8;

/** The integer of an entry, whatever its size is; NaN if it is none. */
function integerOf(view: DataView, entry: number, little: boolean): number {
  const size = INTEGER_SIZES[view.getUint16(entry + 2, little)];
  if (size === 1) return view.getUint8(entry + 8);
  if (size === 2) return view.getUint16(entry + 8, little);
  return size === 4 ? view.getUint32(entry + 8, little) : NaN;
}

/**
 * The orientation in Exif data.
 *
 * @param exif A TIFF header and its first directory, in either order of bytes.
 * @returns The orientation, 1 where it makes no sense; undefined where there is none.
 */
export function exifOrientation(exif: Uint8Array): Orientation | undefined {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const order = String.fromCharCode(...exif.subarray(0, 2));
  if (exif.length < 8 || (order !== 'II' && order !== 'MM')) return undefined;
  const little = order === 'II';
  const directory = view.getUint32(4, little);
  const count = directory + 2 <= exif.length ? view.getUint16(directory, little) : 0;
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > exif.length) return undefined;
    if (view.getUint16(entry, little) !== TAG) continue;
    const value = integerOf(view, entry, little);
    return isOrientation(value) ? value : 1;
  }
  return undefined;
}

/** Whether rows and columns are exchanged. */
export const isTransposed = (orientation: Orientation): boolean => orientation >= 5;

const UPWARD: ReadonlySet<Orientation> = new Set([3, 4, 6, 7]);
const LEFTWARD: ReadonlySet<Orientation> = new Set([2, 3, 7, 8]);

/**
 * An image turned as its orientation says.
 *
 * @param image As it is stored.
 * @param orientation 1 … 8.
 * @returns The upright image; the image itself if it is upright.
 */
export function turned(image: ByteImage, orientation: Orientation): ByteImage {
  if (orientation === 1) return image;
  const { channels } = image;
  const [height, width] = isTransposed(orientation)
    ? [image.width, image.height]
    : [image.height, image.width];
  const up = UPWARD.has(orientation);
  const left = LEFTWARD.has(orientation);
  const first = (up ? image.height - 1 : 0) * image.width + (left ? image.width - 1 : 0);
  const [vertical, horizontal] = [up ? -image.width : image.width, left ? -1 : 1];
  // From a pixel of the upright image to the next one below, and to the next one on its right.
  const [below, beside] = isTransposed(orientation) ? [horizontal, vertical] : [vertical, horizontal];
  const pixels = new Uint8Array(image.pixels.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (first + y * below + x * beside) * channels;
      for (let c = 0; c < channels; c++) pixels[to++] = image.pixels[from + c]!;
    }
  }
  return { height, width, channels, pixels };
}
