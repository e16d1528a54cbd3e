/** Writes PNG files of random samples, of every kind that the format has (W3C PNG, third edition). */
import { crc32, deflateSync } from 'node:zlib';
import { draws, exif, xmp, type DrawnFile, type FileOptions, type Note } from './plain-pictures.ts';

const big32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

/** Colour type and bits of a PNG. */
export type PngKind = readonly [colour: 0 | 2 | 3 | 4 | 6, depth: 1 | 2 | 4 | 8 | 16];

export const PNG_KINDS: readonly PngKind[] = [
  ...([1, 2, 4, 8, 16] as const).map((depth) => [0, depth] as const),
  ...([8, 16] as const).flatMap((depth) => ([2, 4, 6] as const).map((colour) => [colour, depth] as const)),
  ...([1, 2, 4, 8] as const).map((depth) => [3, depth] as const),
];

const SAMPLES = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;
/** First column and row of each pass, and the steps to the next ones (W3C PNG, 8.2). */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** One row of samples, packed, with its filter: none, that of the left neighbour, or that of the upper one. */
function packedRow(
  samples: readonly number[],
  depth: number,
  bytesOfPixel: number,
  filter: number,
  above: Buffer,
) {
  const bits = samples.map((value) => value.toString(2).padStart(depth, '0')).join('');
  const plain = Buffer.from(bits.match(/.{1,8}/g)!.map((byte) => parseInt(byte.padEnd(8, '0'), 2)));
  const neighbour = (i: number): number =>
    filter === 0 ? 0 : filter === 1 ? (plain[i - bytesOfPixel] ?? 0) : (above[i] ?? 0);
  return { plain, filtered: Buffer.from([filter, ...plain.map((byte, i) => byte - neighbour(i))]) };
}

const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([big32(data.length), body, big32(crc32(body))]);
};

const PNG_NOTES: Readonly<Record<Note, (orientation: number) => Buffer>> = {
  'exif-little': (orientation) => chunk('eXIf', exif(orientation, true)),
  'exif-big': (orientation) => chunk('eXIf', exif(orientation, false)),
  'xmp-attribute': (orientation) =>
    chunk('iTXt', Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0${xmp(orientation, false)}`)),
  'xmp-element': (orientation) =>
    chunk(
      'iTXt',
      Buffer.concat([
        Buffer.from('XML:com.adobe.xmp\0\u0001\0\0\0'),
        deflateSync(Buffer.from(xmp(orientation, true))),
      ]),
    ),
  'raw-profile': (orientation) => {
    const hex = Buffer.concat([Buffer.from('Exif\0\0'), exif(orientation, true)]).toString('hex');
    const text = `\nexif\n${String(hex.length / 2).padStart(8)}\n${hex.replace(/.{72}/g, '$&\n')}\n`;
    return chunk(
      'zTXt',
      Buffer.concat([Buffer.from('Raw profile type exif\0\0'), deflateSync(Buffer.from(text))]),
    );
  },
};

/** A PNG of random samples. */
export function drawnPng(
  height: number,
  width: number,
  [colour, depth]: PngKind,
  { seed, orientation = 1, note = 'exif-little' }: FileOptions,
): DrawnFile {
  const random = draws(seed);
  const [white, count] = [2 ** depth - 1, SAMPLES[colour]];
  const samples = Array.from({ length: height * width * count }, () => random(white + 1));
  const palette = Buffer.from(Array.from({ length: 3 * (white + 1) }, () => random(256)).slice(0, 768));
  const [isInterlaced, isTransparent, isLast] = [random(3) === 0, random(2) === 0, random(2) === 0];
  const rows = (isInterlaced ? ADAM7 : ([[0, 0, 1, 1]] as const)).flatMap(([left, top, right, down]) => {
    let above = Buffer.alloc(0);
    const made: Buffer[] = [];
    for (let y = top; y < height && left < width; y += down) {
      const row: number[] = [];
      for (let x = left; x < width; x += right)
        row.push(...samples.slice((y * width + x) * count, (y * width + x + 1) * count));
      const packed = packedRow(row, depth, Math.max(1, (depth * count) / 8), random(3), above);
      above = packed.plain;
      made.push(packed.filtered);
    }
    return made;
  });
  const turning = orientation === 1 ? [] : [PNG_NOTES[note](orientation)];
  const bytes = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk(
      'IHDR',
      Buffer.concat([big32(width), big32(height), Buffer.from([depth, colour, 0, 0, isInterlaced ? 1 : 0])]),
    ),
    ...(isLast ? [] : turning),
    ...(colour === 3 ? [chunk('PLTE', palette)] : []),
    ...(isTransparent && colour === 3 ? [chunk('tRNS', Buffer.from([7, 100]))] : []),
    ...(isTransparent && colour < 3 ? [chunk('tRNS', Buffer.alloc(colour === 0 ? 2 : 6))] : []),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    ...(isLast ? turning : []),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  const byte = (value: number): number => (depth === 16 ? value >> 8 : (value * 255) / white);
  const channels = colour === 0 || colour === 4 ? 1 : 3;
  const pixels = Uint8Array.from({ length: height * width * channels }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / channels), i % channels];
    return colour === 3 ? palette[3 * samples[pixel]! + channel]! : byte(samples[pixel * count + channel]!);
  });
  return { bytes, picture: { height, width, channels, pixels }, within: 0 };
}
