/**
 * The pixels of a PNG file: unpacked (RFC 1950), no further than their header says, and taken out of their filters row
 * by row (W3C PNG, chapter 9), in one pass or in the seven of Adam7 (chapter 8).
 */
import { Unzlib, unzlibSync } from 'fflate';
import { MOST_EXPANSION } from './deflate.ts';
import { PngFault, type PngLayout, type PngParts } from './png-chunks.ts';

/** Every so many pixels of every so many rows. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly across: number;
  readonly down: number;
}

const WHOLE: readonly Pass[] = [{ x: 0, y: 0, across: 1, down: 1 }];
const ADAM7: readonly Pass[] = [
  { x: 0, y: 0, across: 8, down: 8 },
  { x: 4, y: 0, across: 8, down: 8 },
  { x: 0, y: 4, across: 4, down: 8 },
  { x: 2, y: 0, across: 4, down: 4 },
  { x: 0, y: 2, across: 2, down: 4 },
  { x: 1, y: 0, across: 2, down: 2 },
  { x: 0, y: 1, across: 1, down: 2 },
];

/** A pass over an image of a certain size. */
interface SizedPass extends Pass {
  readonly width: number;
  readonly height: number;
  /** Bytes of a row, without that of its filter. */
  readonly stride: number;
}

function passesOf({ width, height, depth, channels, isInterlaced }: PngLayout): readonly SizedPass[] {
  return (isInterlaced ? ADAM7 : WHOLE).flatMap((pass) => {
    const columns = Math.ceil((width - pass.x) / pass.across);
    const rows = Math.ceil((height - pass.y) / pass.down);
    const stride = Math.ceil((columns * channels * depth) / 8);
    return columns > 0 && rows > 0 ? [{ ...pass, width: columns, height: rows, stride }] : [];
  });
}

/** Bytes that are unpacked at once, so that a stream which goes on and on is noticed soon. */
const PIECE = 2 ** 14;

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Unpacks piece by piece into `rows`, and says how many bytes there were. */
function unpackPieces(compressed: readonly Uint8Array[], rows: Uint8Array): number {
  let at = 0;
  const inflator = new Unzlib((chunk) => {
    if (at + chunk.length > rows.length) throw new PngFault(`more than ${rows.length} bytes of pixels`);
    rows.set(chunk, at);
    at += chunk.length;
  });
  for (const piece of compressed)
    for (let from = 0; from < piece.length; from += PIECE)
      inflator.push(piece.subarray(from, from + PIECE), false);
  inflator.push(new Uint8Array(0), true);
  return at;
}

/** All rows with their filters, unpacked: as many bytes as there must be, or a fault. */
function unpackedRows(compressed: readonly Uint8Array[], size: number): Uint8Array {
  const packed = compressed.reduce((sum, { length }) => sum + length, 0);
  if (MOST_EXPANSION * packed < size)
    throw new PngFault(`${packed} bytes of compressed pixels for ${size} bytes of pixels`);
  // With room for one byte more, too many of them are noticed.
  const rows = new Uint8Array(size + 1);
  const count =
    packed <= PIECE
      ? unzlibSync(joined(compressed, packed), { out: rows }).length
      : unpackPieces(compressed, rows);
  if (count !== size) throw new PngFault(`${count < size ? count : 'too many'} bytes of pixels, not ${size}`);
  return rows;
}

/** The one of left, above and upper left that is nearest to left + above − upper left. */
function paeth(left: number, above: number, corner: number): number {
  const fromLeft = Math.abs(above - corner);
  const fromAbove = Math.abs(left - corner);
  const fromCorner = Math.abs(left + above - 2 * corner);
  if (fromLeft <= fromAbove && fromLeft <= fromCorner) return left;
  return fromAbove <= fromCorner ? above : corner;
}

/** Takes a row out of its filter, in place; `above` is the row before, or zeros. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, step: number): void {
  const { length } = row;
  if (filter === 1) for (let i = step; i < length; i++) row[i]! += row[i - step]!;
  else if (filter === 2) for (let i = 0; i < length; i++) row[i]! += above[i]!;
  else if (filter === 3)
    for (let i = 0; i < length; i++) row[i]! += ((i < step ? 0 : row[i - step]!) + above[i]!) >> 1;
  else if (filter === 4) {
    for (let i = 0; i < Math.min(step, length); i++) row[i]! += above[i]!;
    for (let i = step; i < length; i++) row[i]! += paeth(row[i - step]!, above[i]!, above[i - step]!);
  } else if (filter !== 0) throw new PngFault(`the filter ${filter}`);
}

/** Writes pixels of a row: `from` says where the first one goes, `across` how far it is to the next. */
type WriteRow = (row: Uint8Array, pixels: number, from: number, across: number) => void;

/** Values of fewer than eight bits, the first in the highest bits of a byte. */
const packedValue = (row: Uint8Array, i: number, depth: number): number =>
  (row[(i * depth) >> 3]! >> (8 - depth - ((i * depth) & 7))) & ((1 << depth) - 1);

/** Colours of indices; one that the palette lacks is black, as Pillow has it. */
function indexedWriter({ depth, palette }: PngLayout, values: Uint8Array): WriteRow {
  return (row, pixels, from, across) => {
    for (let i = 0, to = 3 * from; i < pixels; i++, to += 3 * across) {
      const index = 3 * (depth === 8 ? row[i]! : packedValue(row, i, depth));
      for (let c = 0; c < 3; c++) values[to + c] = palette![index + c] ?? 0;
    }
  };
}

/** Grey values of fewer than eight bits, spread over 0 … 255. */
function greyWriter({ depth }: PngLayout, values: Uint8Array): WriteRow {
  const white = (1 << depth) - 1;
  return (row, pixels, from, across) => {
    for (let i = 0, to = from; i < pixels; i++, to += across)
      values[to] = (packedValue(row, i, depth) * 255) / white;
  };
}

/** Whole bytes, or pairs of them, without transparency. */
function wholeWriter({ depth, channels }: PngLayout, values: Uint8Array | Uint16Array): WriteRow {
  const kept = channels < 3 ? 1 : 3;
  const isWide = depth === 16;
  return (row, pixels, from, across) => {
    if (!isWide && kept === channels && across === 1) {
      values.set(row, kept * from);
      return;
    }
    for (let i = 0, to = kept * from; i < pixels; i++, to += kept * across) {
      for (let c = 0; c < kept; c++) {
        const value = i * channels + c;
        values[to + c] = isWide ? row[2 * value]! * 256 + row[2 * value + 1]! : row[value]!;
      }
    }
  };
}

function writerOf(layout: PngLayout, values: Uint8Array | Uint16Array): WriteRow {
  if (layout.palette !== null) return indexedWriter(layout, values as Uint8Array);
  return layout.depth < 8 ? greyWriter(layout, values as Uint8Array) : wholeWriter(layout, values);
}

/**
 * The values of a PNG's pixels, without transparency: grey, or red, green and blue.
 *
 * @param parts Of the file.
 * @returns Eight bits, or sixteen where so many are stored.
 * @throws PngFault if there are too few or too many of them, or their data are damaged.
 */
export function pngPixels({ layout, compressed }: PngParts): Uint8Array | Uint16Array {
  const { width, height, depth, channels, palette } = layout;
  const passes = passesOf(layout);
  const rows = unpackedRows(
    compressed,
    passes.reduce((sum, pass) => sum + pass.height * (1 + pass.stride), 0),
  );
  const count = width * height * (palette !== null || channels > 2 ? 3 : 1);
  const values = depth === 16 ? new Uint16Array(count) : new Uint8Array(count);
  const write = writerOf(layout, values);
  const step = Math.max(1, (channels * depth) >> 3);
  let at = 0;
  for (const pass of passes) {
    let above: Uint8Array = new Uint8Array(pass.stride);
    for (let y = 0; y < pass.height; y++, at += 1 + pass.stride) {
      const row = rows.subarray(at + 1, at + 1 + pass.stride);
      unfilter(rows[at]!, row, above, step);
      write(row, pass.width, (pass.y + y * pass.down) * width + pass.x, pass.across);
      above = row;
    }
  }
  return values;
}
