/**
 * The samples of a PNG file (W3C PNG, third edition): chunks with their checksums, the deflate stream, the filters of
 * rows, and the seven passes of an interlaced image. Palettes and transparency are for others.
 */
import { unzlibSync } from 'fflate';

type Samples = Uint8Array | Uint16Array;

/** What is stored in a PNG file. */
export interface PngSamples {
  readonly depth: number;
  /** Samples of a pixel: 1 grey or a place in the palette, 2 with transparency, 3 colour, 4 with transparency. */
  readonly count: number;
  /** Colours in the order R, G, B; null where samples are values themselves. */
  readonly palette: Uint8Array | null;
  /** Row by row, each as it is stored, of 1 to 16 bits. */
  readonly values: Samples;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  return remainder;
});

function crc32(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    remainder = (remainder >>> 8) ^ CRC_TABLE[(remainder ^ bytes[i]!) & 0xff]!;
  }
  return ~remainder >>> 0;
}

/** The chunks of a kind, in their order. */
type Chunks = ReadonlyMap<string, readonly Uint8Array[]>;

/** All chunks up to the end; throws where one is cut off or has another checksum. */
function chunksOf(bytes: Uint8Array): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks = new Map<string, Uint8Array[]>();
  for (let offset = 8; !chunks.has('IEND');) {
    const length = offset + 12 > bytes.length ? Infinity : view.getUint32(offset);
    if (offset + 12 + length > bytes.length) throw new Error(`it ends within the chunk at byte ${offset}`);
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    const end = offset + 8 + length;
    if (crc32(bytes.subarray(offset + 4, end)) !== view.getUint32(end))
      throw new Error(`the checksum of the chunk ${type} at byte ${offset} is wrong`);
    const same = chunks.get(type) ?? [];
    same.push(bytes.subarray(offset + 8, end));
    chunks.set(type, same);
    offset = end + 4;
  }
  return chunks;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

/** The rows and columns that one pass holds. */
interface Pass {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly down: number;
  readonly height: number;
  readonly width: number;
}

const ONE_PASS = [[0, 0, 1, 1]] as const;
/** First column and row of each pass of Adam7, and the steps to the next ones. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

const passesOf = (height: number, width: number, isInterlaced: boolean): readonly Pass[] =>
  (isInterlaced ? ADAM7 : ONE_PASS)
    .map(([left, top, right, down]) => ({
      ...{ left, top, right, down },
      height: Math.ceil((height - top) / down),
      width: Math.ceil((width - left) / right),
    }))
    .filter((pass) => pass.height > 0 && pass.width > 0);

/** The nearest of left, above and above left to left + above − above left. */
function paeth(left: number, above: number, corner: number): number {
  const [toLeft, toAbove] = [Math.abs(above - corner), Math.abs(left - corner)];
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

/** Takes the filter from a row, in place. The row above is without its own. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array | null, step: number): void {
  const up = above ?? new Uint8Array(row.length);
  if (filter === 0) return;
  if (filter === 1) for (let i = step; i < row.length; i++) row[i]! += row[i - step]!;
  else if (filter === 2) for (let i = 0; i < row.length; i++) row[i]! += up[i]!;
  else if (filter === 3)
    for (let i = 0; i < row.length; i++) row[i]! += ((i < step ? 0 : row[i - step]!) + up[i]!) >> 1;
  else if (filter === 4)
    for (let i = 0; i < row.length; i++)
      row[i]! += i < step ? up[i]! : paeth(row[i - step]!, up[i]!, up[i - step]!);
  else throw new Error(`a row has the filter ${filter}`);
}

/** The sample at a place of a packed row. */
function sampleAt(row: Uint8Array, depth: number, i: number): number {
  if (depth === 16) return row[2 * i]! * 256 + row[2 * i + 1]!;
  const bit = i * depth;
  return (row[bit >> 3]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

/** How samples lie in a file. */
interface Layout {
  readonly depth: number;
  readonly count: number;
  readonly width: number;
}

/** Puts the samples of a packed row where they belong. */
function placeRow(
  row: Uint8Array,
  y: number,
  pass: Pass,
  { depth, count, width }: Layout,
  to: Samples,
): void {
  let at = ((pass.top + y * pass.down) * width + pass.left) * count;
  if (depth === 8 && pass.right === 1) return to.set(row, at);
  for (let i = 0; i < pass.width * count; at += pass.right * count)
    for (let c = 0; c < count; c++) to[at + c] = sampleAt(row, depth, i++);
}

/** The number of samples of a pixel, by the colour type. */
const COUNTS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

const bytesOfRow = ({ width }: Pass, { depth, count }: Layout): number =>
  Math.ceil((width * depth * count) / 8);

/** The samples of all passes, from the inflated bytes. */
function placed(packed: Uint8Array, passes: readonly Pass[], layout: Layout, values: Samples): Samples {
  const bytesOfPixel = Math.max(1, (layout.depth * layout.count) / 8);
  let at = 0;
  for (const pass of passes) {
    let above: Uint8Array | null = null;
    for (let y = 0; y < pass.height; y++) {
      const row = packed.subarray(at + 1, at + 1 + bytesOfRow(pass, layout));
      unfilter(packed[at]!, row, above, bytesOfPixel);
      placeRow(row, y, pass, layout, values);
      above = row;
      at += 1 + row.length;
    }
  }
  return values;
}

/**
 * The samples of a PNG file.
 *
 * @param bytes The whole file, with a header.
 * @param size The size that its header says.
 * @throws Error in a few words if the file is damaged or cut off.
 */
export function pngSamples(
  bytes: Uint8Array,
  { height, width }: { readonly height: number; readonly width: number },
): PngSamples {
  const chunks = chunksOf(bytes);
  const header = chunks.get('IHDR')?.[0] ?? new Uint8Array(13);
  const [depth, colourType, isInterlaced] = [header[8]!, header[9]!, header[12] === 1] as const;
  const count = COUNTS[colourType];
  if (count === undefined || ![1, 2, 4, 8, 16].includes(depth))
    throw new Error(`it has the colour type ${colourType} with ${depth} bits`);
  const palette = colourType === 3 ? chunks.get('PLTE')?.[0] : null;
  if (palette === undefined) throw new Error('it has no palette');
  const layout = { depth, count, width };
  const passes = passesOf(height, width, isInterlaced);
  const length = passes.reduce((sum, pass) => sum + pass.height * (1 + bytesOfRow(pass, layout)), 0);
  const packed = unzlibSync(joined(chunks.get('IDAT') ?? []), { out: new Uint8Array(length) });
  if (packed.length < length) throw new Error(`it has ${packed.length} of ${length} bytes of pixels`);
  const values = new (depth === 16 ? Uint16Array : Uint8Array)(height * width * count);
  return { depth, count, palette, values: placed(packed, passes, layout, values) };
}
