import { deflateSync } from 'node:zlib';
import { crc32 } from './png.ts';

/** A chunk with its checksum. */
export function pngChunk(type: string, body: Uint8Array): Buffer {
  const bytes = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  checksum.writeUInt32BE(crc32(bytes));
  return Buffer.concat([length, bytes, checksum]);
}

/** What the header of a PNG says. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** 0 grey, 2 colour, 3 indices, 4 and 6 with transparency. */
  readonly colourType: number;
  readonly interlace?: number;
}

/** A PNG file of rows with their filters in front, and of chunks before them. */
export function pngOf(
  { width, height, depth, colourType, interlace = 0 }: PngHeader,
  rows: ArrayLike<number>,
  before: readonly Buffer[] = [],
): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colourType, 0, 0, interlace], 8);
  const parts = [
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
    ...before,
    pngChunk('IDAT', deflateSync(Uint8Array.from(rows), { level: 9 })),
    pngChunk('IEND', new Uint8Array(0)),
  ];
  return new Uint8Array(Buffer.concat(parts));
}
