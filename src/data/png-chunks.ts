/**
 * The chunks of a PNG file (W3C PNG, chapter 5): a length, four letters, data, and a checksum over letters and data.
 * Only those that pixels depend on are kept. Profiles and texts are passed over and never unpacked.
 */

/** How the pixels of a PNG are stored. */
export interface PngLayout {
  readonly width: number;
  readonly height: number;
  /** Bits of a stored value. */
  readonly depth: number;
  /** Stored values of a pixel, transparency included. */
  readonly channels: number;
  /** Red, green and blue of each index; null where pixels are no indices. */
  readonly palette: Uint8Array | null;
  readonly isInterlaced: boolean;
}

/** What a PNG holds. */
export interface PngParts {
  readonly layout: PngLayout;
  /** The compressed pixels, in pieces. */
  readonly compressed: readonly Uint8Array[];
}

/** What is wrong with a PNG, thrown inside its decoder alone. */
export class PngFault extends Error {}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  return remainder;
});

function crc32(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (let i = 0; i < bytes.length; i++)
    remainder = (remainder >>> 8) ^ TABLE[(remainder ^ bytes[i]!) & 255]!;
  return ~remainder >>> 0;
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

/** The chunk at an offset, with its checksum verified; PNG files are big-endian. */
function chunkAt(bytes: Uint8Array, view: DataView, at: number): Chunk {
  if (at + 12 > bytes.length) throw new PngFault('it ends early');
  const end = at + 8 + view.getUint32(at);
  if (end + 4 > bytes.length) throw new PngFault(`it ends inside the chunk at byte ${at}`);
  const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
  if (crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end))
    throw new PngFault(`the checksum of the chunk at byte ${at} is wrong`);
  return { type, data: bytes.subarray(at + 8, end) };
}

/** By colour type, the values of a pixel and the bits that a value may have. */
const COLOURS: Readonly<Record<number, { readonly channels: number; readonly depths: readonly number[] }>> = {
  0: { channels: 1, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, depths: [8, 16] },
  3: { channels: 1, depths: [1, 2, 4, 8] },
  4: { channels: 2, depths: [8, 16] },
  6: { channels: 4, depths: [8, 16] },
};
const INDEXED = 3;

function layoutOf(header: Uint8Array, palette: Uint8Array | null): PngLayout {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const [depth, type, compression, filter, interlace] = header.subarray(8);
  const colour = COLOURS[type!];
  if (colour === undefined || !colour.depths.includes(depth!))
    throw new PngFault(`${depth} bits of colour type ${type}`);
  if (compression !== 0 || filter !== 0 || interlace! > 1)
    throw new PngFault(`methods ${compression}, ${filter} and ${interlace}`);
  if (type === INDEXED && palette === null) throw new PngFault('it has no palette');
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth: depth!,
    channels: colour.channels,
    palette: type === INDEXED ? palette : null,
    isInterlaced: interlace === 1,
  };
}

/** Whether a decoder that does not know a chunk may pass over it. */
const isAncillary = (type: string): boolean => (type.charCodeAt(0) & 0x20) !== 0;

/**
 * The parts of a PNG file.
 *
 * @param bytes The whole file, whose signature and header chunk have been seen.
 * @throws PngFault if a chunk is cut off or damaged, or says what no PNG does.
 */
export function readPngParts(bytes: Uint8Array): PngParts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = chunkAt(bytes, view, 8).data;
  if (header.length !== 13) throw new PngFault(`a header of ${header.length} bytes`);
  const compressed: Uint8Array[] = [];
  let palette: Uint8Array | null = null;
  for (let at = 8 + 12 + header.length; ;) {
    const { type, data } = chunkAt(bytes, view, at);
    if (type === 'IEND') return { layout: layoutOf(header, palette), compressed };
    if (type === 'IDAT') compressed.push(data);
    else if (type === 'PLTE' && palette === null && data.length % 3 === 0 && data.length <= 768)
      palette = data;
    else if (!isAncillary(type)) throw new PngFault(`the chunk ${JSON.stringify(type)} at byte ${at}`);
    at += 12 + data.length;
  }
}
