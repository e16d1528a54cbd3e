/**
 * What an image file says of itself before any pixel is decoded: its format by its first bytes, and its size. A header
 * of a few bytes can claim gigabytes of pixels, so that decoders are only called once their size is known to be sane.
 *
 * JPEG is a chain of marker segments up to the frame header SOFn (ITU-T T.81, annex B); PNG is a chain of chunks that
 * begins with IHDR (W3C PNG, chapter 11). Either may note an orientation, which the size follows.
 */
import { either as E } from 'fp-ts';
import { refuse, type DataError } from './data-error.ts';
import { notedOrientation, type FilePart } from './orientation-notes.ts';
import { isTransposed, type Orientation, type OrientationRule } from './orientation.ts';

/** What the header of an image file says. */
export interface ImageHeader {
  readonly format: 'jpeg' | 'png';
  /** Height and width of the decoded image, which is turned as `orientation` says. */
  readonly height: number;
  readonly width: number;
  /** Channels that a pixel is decoded to: 1 for grey, 3 for colour. */
  readonly channels: 1 | 3;
  /** Bits of a stored value: 8 in a JPEG, 1 to 16 in a PNG. */
  readonly bits: number;
  /** How the stored pixels are turned: 1 not at all, else as Exif or XMP says. */
  readonly orientation: Orientation;
  /** The byte at which the header of the frame stands, with its marker in a JPEG. */
  readonly offset: number;
}

/** How {@link readImageHeader} reads. */
export interface ImageHeaderOptions {
  /** Whether the size is that of the image as its orientation turns it (default), or as it is stored. */
  readonly orientation?: OrientationRule;
}

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const startsWith = (bytes: Uint8Array, start: readonly number[]): boolean =>
  start.every((value, i) => bytes[i] === value);

/** What a file that is neither JPEG nor PNG seems to be. */
function guess(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'an empty file';
  const ascii = String.fromCharCode(...bytes.subarray(0, 16));
  if (ascii.startsWith('GIF8')) return 'a GIF image';
  if (ascii.startsWith('RIFF') && ascii.slice(8, 12) === 'WEBP') return 'a WebP image';
  if (ascii.startsWith('BM')) return 'a BMP image';
  if (ascii.startsWith('II*\0') || ascii.startsWith('MM\0*')) return 'a TIFF image';
  return /^[\x20-\x7e\s]+$/.test(ascii)
    ? `text that begins with ${JSON.stringify(ascii)}`
    : `bytes that begin with ${Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ')}`;
}

const EXPECTED = 'a JPEG or PNG image';
const CURE = 'convert the image, or fetch it again';

const fault = (where: string, expected: string, found: string, cure = CURE) =>
  refuse(where, expected, found, cure);

/** A marker segment of a JPEG file. */
interface JpegSegment {
  readonly marker: number;
  readonly offset: number;
}

const isFrameHeader = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
const START_OF_SCAN = 0xda;

/** Whether a marker of a JPEG stands alone, without a length and a segment. */
export const isBareMarker = (marker: number): boolean =>
  marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/** The segments in front of the first scan, and that scan; they end at the first byte that is no marker. */
function jpegSegments(bytes: Uint8Array): readonly JpegSegment[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const segments: JpegSegment[] = [];
  for (let offset = 2; offset + 4 <= bytes.length && bytes[offset] === 0xff;) {
    const marker = bytes[offset + 1]!;
    if (marker === 0xff || isBareMarker(marker)) {
      offset += marker === 0xff ? 1 : 2;
      continue;
    }
    segments.push({ marker, offset });
    if (marker === START_OF_SCAN) break;
    offset += 2 + view.getUint16(offset + 2);
  }
  return segments;
}

const APPLICATION_1 = 0xe1;

/** The segments that may note an orientation. */
const notesOf = (bytes: Uint8Array, segments: readonly JpegSegment[]): readonly FilePart[] =>
  segments
    .filter(({ marker }) => marker === APPLICATION_1)
    .map(({ offset }) => {
      const length = bytes[offset + 2]! * 256 + bytes[offset + 3]!;
      return { type: 'APP1', data: bytes.subarray(offset + 4, offset + 2 + length) };
    });

const FRAMES = 'a baseline or progressive JPEG of eight bits, in grey, colour or four inks';

/** Why a frame cannot be decoded, in words. */
function frameFault(marker: number, precision: number, channels: number): string | undefined {
  if (precision !== 8) return `${channels} channels of ${precision} bits`;
  if (marker > 0xc8) return 'one with arithmetic codes';
  if (marker > 0xc2) return marker === 0xc3 ? 'a lossless one' : 'a hierarchical one';
  return [1, 3, 4].includes(channels) ? undefined : `${channels} channels`;
}

function jpegHeader(bytes: Uint8Array, name: string): E.Either<DataError, ImageHeader> {
  const segments = jpegSegments(bytes);
  const frame = segments.find(({ marker }) => isFrameHeader(marker));
  if (frame === undefined || frame.offset + 10 > bytes.length) {
    return fault(name, 'a whole JPEG image', `${bytes.length} bytes without a frame header`);
  }
  const { marker, offset } = frame;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const channels = bytes[offset + 9]!;
  const found = frameFault(marker, bytes[offset + 4]!, channels);
  return found === undefined
    ? E.right({
        format: 'jpeg',
        height: view.getUint16(offset + 5),
        width: view.getUint16(offset + 7),
        channels: channels === 1 ? 1 : 3,
        bits: 8,
        orientation: notedOrientation(notesOf(bytes, segments)),
        offset,
      })
    : fault(`${name}, byte ${offset}`, FRAMES, found);
}

/** PNG colour types 0 and 4 are grey, 2 and 6 colour, 3 an index into a palette of colours. */
const isGrey = (colourType: number): boolean => colourType === 0 || colourType === 4;

/** The chunks of a PNG. Those that note an orientation may come before its pixels or behind them. */
function pngChunks(bytes: Uint8Array, view: DataView): readonly FilePart[] {
  const chunks: FilePart[] = [];
  for (let offset = 8; offset + 12 <= bytes.length; offset += 12 + view.getUint32(offset)) {
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    chunks.push({ type, data: bytes.subarray(offset + 8, offset + 8 + view.getUint32(offset)) });
  }
  return chunks;
}

function pngHeader(bytes: Uint8Array, name: string): E.Either<DataError, ImageHeader> {
  if (bytes.length < 33) return fault(name, 'a whole PNG image', `${bytes.length} bytes without a header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (String.fromCharCode(...bytes.subarray(12, 16)) !== 'IHDR') {
    return fault(`${name}, byte 12`, 'the chunk IHDR', 'another');
  }
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [bits, channels] = [bytes[24]!, isGrey(bytes[25]!) ? 1 : 3] as const;
  const orientation = notedOrientation(pngChunks(bytes, view));
  return E.right({ format: 'png', height, width, channels, bits, orientation, offset: 12 });
}

/** The size of the decoded image, from that of the stored one. */
function turnedHeader(header: ImageHeader, { orientation = 'upright' }: ImageHeaderOptions): ImageHeader {
  if (orientation === 'stored') return { ...header, orientation: 1 };
  return isTransposed(header.orientation)
    ? { ...header, height: header.width, width: header.height }
    : header;
}

/**
 * Format and size of an image file, from its header alone.
 *
 * @param bytes The file, or enough of its beginning; of a PNG, an orientation may be noted at its end.
 * @param name What to call it in an error.
 * @param options Whether the size is that of the upright image.
 * @returns The header, or what the file seems to be instead.
 * @example
 * ```ts
 * import { encodePng, readImageHeader } from 'model-patching/data';
 * const png = encodePng({ height: 2, width: 3, channels: 1, pixels: new Uint8Array(6) });
 * const header = readImageHeader(png);
 * if (header._tag === 'Left' || header.right.width !== 3) throw new Error('three columns expected');
 * const page = readImageHeader(new TextEncoder().encode('<html>not found'), 'bird.jpg');
 * if (page._tag === 'Right' || !page.left.found.startsWith('text that begins')) throw new Error('no image');
 * ```
 */
export function readImageHeader(
  bytes: Uint8Array,
  name = 'image data',
  options: ImageHeaderOptions = {},
): E.Either<DataError, ImageHeader> {
  const header = startsWith(bytes, PNG_SIGNATURE)
    ? pngHeader(bytes, name)
    : startsWith(bytes, [0xff, 0xd8])
      ? jpegHeader(bytes, name)
      : fault(name, EXPECTED, guess(bytes), 'put the image there, converted to JPEG or PNG');
  return E.Monad.chain(header, (read) =>
    read.height >= 1 && read.width >= 1
      ? E.right(turnedHeader(read, options))
      : fault(name, 'an image of at least one pixel', `one of ${read.width} × ${read.height} pixels`),
  );
}
