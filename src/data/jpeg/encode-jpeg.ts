/**
 * JPEG files, sequential with the standard Huffman codes. Colour is kept at full resolution (4:4:4), as the published
 * translations are stored. Files have the bytes that libjpeg writes.
 */
import { checkShape, type ByteImage } from '../png.ts';
import { bitWriter, fillLast, putBits, type BitWriter } from './bit-writer.ts';
import { ZIGZAG } from './coefficients.ts';
import { transformBlock } from './forward-transform.ts';
import { AC_CODES, DC_CODES, STEPS, type StoredCodes } from './standard-tables.ts';

/** By symbol, its code and the length of it. */
interface SymbolCodes {
  readonly codes: Uint16Array;
  readonly sizes: Uint8Array;
}

/** What the components of one kind have in common: luminance, or colour. */
interface ComponentCoding {
  readonly steps: Uint8Array;
  readonly dc: SymbolCodes;
  readonly ac: SymbolCodes;
}

/** Samples of a component, less 128. */
interface Samples {
  readonly plane: Int16Array;
  readonly coding: ComponentCoding;
  /** The coefficient 0 of the block before. */
  previous: number;
}

/** Codes by symbol: each is one more than the one before, with zeros behind where it is longer (T.81, annex C). */
function symbolCodes({ counts, symbols }: StoredCodes): SymbolCodes {
  const [codes, sizes] = [new Uint16Array(256), new Uint8Array(256)];
  for (let length = 1, code = 0, i = 0; length <= 16; length++, code <<= 1) {
    for (let left = counts[length - 1]!; left > 0; left--, code++, i++) {
      codes[symbols[i]!] = code;
      sizes[symbols[i]!] = length;
    }
  }
  return { codes, sizes };
}

/** Steps for a quality: those of 50 by a share that falls from 50 to 1 and from 50 to 2 at its ends. */
function stepsFor(standard: Uint8Array, quality: number): Uint8Array {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return standard.map((step) => Math.min(255, Math.max(1, Math.floor((step * percent + 50) / 100))));
}

const HALF = 1 << 15;
/** Rounded down at the middle, which keeps colours from 255.5. */
const MIDDLE = HALF - 1;

/** Planes of Y, Cb and Cr less 128, in integers of 16 bits behind the point. */
function colourPlanes(pixels: Uint8Array): readonly Int16Array[] {
  const planes = Array.from({ length: 3 }, () => new Int16Array(pixels.length / 3));
  for (let i = 0; 3 * i < pixels.length; i++) {
    const [red, green, blue] = [pixels[3 * i]!, pixels[3 * i + 1]!, pixels[3 * i + 2]!];
    planes[0]![i] = ((19_595 * red + 38_470 * green + 7471 * blue + HALF) >> 16) - 128;
    planes[1]![i] = (HALF * blue - 11_059 * red - 21_709 * green + MIDDLE) >> 16;
    planes[2]![i] = (HALF * red - 27_439 * green - 5329 * blue + MIDDLE) >> 16;
  }
  return planes;
}

/** The block at a row and a column of samples; behind the edges the last ones are repeated. */
function takeBlock(
  plane: Int16Array,
  { height, width }: ByteImage,
  top: number,
  left: number,
  block: Int32Array,
) {
  for (let y = 0; y < 8; y++) {
    const row = Math.min(top + y, height - 1) * width;
    for (let x = 0; x < 8; x++) block[8 * y + x] = plane[row + Math.min(left + x, width - 1)]!;
  }
}

/** A coefficient divided by its step, rounded away from zero at the middle; coefficients are eight times too large. */
function quantised(value: number, step: number): number {
  const size = Math.floor((Math.abs(value) + 4 * step) / (8 * step));
  return value < 0 ? -size : size;
}

/** Bits that the size of a number needs. */
const sizeOf = (value: number): number => 32 - Math.clz32(Math.abs(value));

function putSymbol(writer: BitWriter, { codes, sizes }: SymbolCodes, symbol: number): void {
  putBits(writer, codes[symbol]!, sizes[symbol]!);
}

/** A number of `size` bits, whose leading bit is its sign. */
const putSigned = (writer: BitWriter, value: number, size: number): void =>
  putBits(writer, value < 0 ? value - 1 : value, size);

/** Writes coefficients in their order (T.81, F.1.2). */
function putBlock(writer: BitWriter, samples: Samples, block: Int32Array): void {
  const { steps, dc, ac } = samples.coding;
  const first = quantised(block[0]!, steps[0]!);
  const difference = first - samples.previous;
  samples.previous = first;
  putSymbol(writer, dc, sizeOf(difference));
  putSigned(writer, difference, sizeOf(difference));
  let zeros = 0;
  for (let k = 1; k < 64; k++) {
    const value = quantised(block[ZIGZAG[k]!]!, steps[k]!);
    if (value === 0) {
      zeros++;
      continue;
    }
    for (; zeros > 15; zeros -= 16) putSymbol(writer, ac, 0xf0);
    putSymbol(writer, ac, (zeros << 4) | sizeOf(value));
    putSigned(writer, value, sizeOf(value));
    zeros = 0;
  }
  if (zeros > 0) putSymbol(writer, ac, 0);
}

const word = (value: number): readonly number[] => [value >> 8, value & 255];

const segment = (marker: number, ...body: readonly number[]): readonly number[] => [
  0xff,
  marker,
  ...word(body.length + 2),
  ...body,
];

/** The segments in front of the data. */
function header({ height, width, channels }: ByteImage, codings: readonly ComponentCoding[]): number[] {
  const components = Array.from({ length: channels }, (_, i) => ({ id: i + 1, kind: i === 0 ? 0 : 1 }));
  const frame = components.flatMap(({ id, kind }) => [id, 0x11, kind]);
  const table = (index: number, { counts, symbols }: StoredCodes) =>
    segment(0xc4, index, ...counts, ...symbols);
  return [
    ...[0xff, 0xd8],
    // JFIF 1.1, without a density or a small picture.
    ...segment(0xe0, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, ...word(1), ...word(1), 0, 0),
    ...codings.flatMap(({ steps }, kind) => segment(0xdb, kind, ...steps)),
    ...segment(0xc0, 8, ...word(height), ...word(width), channels, ...frame),
    ...codings.flatMap((_, kind) => [
      ...table(kind, DC_CODES[kind]!),
      ...table(0x10 + kind, AC_CODES[kind]!),
    ]),
    ...segment(0xda, channels, ...components.flatMap(({ id, kind }) => [id, 0x11 * kind]), 0, 63, 0),
  ];
}

/** The planes of an image with what encodes them. */
function samplesOf({ channels, pixels }: ByteImage, codings: readonly ComponentCoding[]): readonly Samples[] {
  const planes = channels === 1 ? [Int16Array.from(pixels, (value) => value - 128)] : colourPlanes(pixels);
  return planes.map((plane, i) => ({ plane, coding: codings[i === 0 ? 0 : 1]!, previous: 0 }));
}

/**
 * Encodes an image as baseline JPEG.
 *
 * @param image Bytes of grey or colour, `[h, w, 1]` or `[h, w, 3]`, of at most 65,535 rows and columns.
 * @param quality 1 … 100. Default 95, as published.
 * @returns The bytes of the file.
 * @throws RangeError if the shape does not fit the pixels or the format, or the quality is out of its range.
 */
export function encodeJpeg(image: ByteImage, quality = 95): Uint8Array {
  checkShape(image);
  const { height, width, channels } = image;
  if (!(height >= 1 && width >= 1 && height < 65_536 && width < 65_536)) {
    throw new RangeError(`image: expected 1 … 65535 rows and columns, received ${height} and ${width}`);
  }
  if (!(quality >= 1 && quality <= 100)) {
    throw new RangeError(`quality: expected 1 … 100, received ${quality}`);
  }
  const codings = (channels === 1 ? [0] : [0, 1]).map((kind) => ({
    steps: stepsFor(STEPS[kind]!, Math.round(quality)),
    dc: symbolCodes(DC_CODES[kind]!),
    ac: symbolCodes(AC_CODES[kind]!),
  }));
  const writer = bitWriter(header(image, codings));
  const samples = samplesOf(image, codings);
  const block = new Int32Array(64);
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      for (const component of samples) {
        takeBlock(component.plane, image, top, left, block);
        transformBlock(block);
        putBlock(writer, component, block);
      }
    }
  }
  fillLast(writer);
  writer.bytes.push(0xff, 0xd9);
  return Uint8Array.from(writer.bytes);
}
