import { deflateSync } from 'node:zlib';
import { decode, encode } from 'fast-png';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/data/decode-image.ts';
import { pngChunk, pngOf, type PngHeader } from '../support/png-file.ts';

const pixelsOf = (file: Uint8Array): Uint8Array => {
  const decoded = decodeImage(file);
  if (decoded._tag === 'Left') throw new Error(decoded.left.found);
  return decoded.right.pixels;
};
const faultOf = (file: Uint8Array): string => {
  const decoded = decodeImage(file);
  if (decoded._tag === 'Right') throw new Error('expected a refusal');
  return decoded.left.found;
};

/** The passes of Adam7 by the picture of the standard: which pass a pixel of the upper left 8 × 8 belongs to. */
const ADAM7 = [
  '16462646',
  '77777777',
  '56565656',
  '77777777',
  '36463646',
  '77777777',
  '56565656',
  '77777777',
];

/** The rows of an interlaced image, values of so many bits, none of them filtered. */
function interlacedRows({ width, height, depth }: PngHeader, values: readonly number[]): number[] {
  const rows: number[] = [];
  for (let pass = 1; pass <= 7; pass++)
    for (let y = 0; y < height; y++) {
      const xs = Array.from({ length: width }, (_, x) => x).filter((x) => ADAM7[y % 8]![x % 8] === `${pass}`);
      const bits = xs.map((x) => values[y * width + x]!.toString(2).padStart(depth, '0')).join('');
      if (xs.length > 0)
        rows.push(0, ...(bits.match(/.{1,8}/g) ?? []).map((byte) => parseInt(byte.padEnd(8, '0'), 2)));
    }
  return rows;
}

describe('the pixels of a PNG', () => {
  it('are those of another decoder, over sizes, channels and filters', () => {
    fc.assert(
      fc.property(
        fc.record({ width: fc.integer({ min: 1, max: 9 }), height: fc.integer({ min: 1, max: 9 }) }),
        fc.constantFrom(1, 3),
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 9, maxLength: 9 }),
        fc.uint8Array({ minLength: 243, maxLength: 243 }),
        ({ width, height }, channels, filters, values) => {
          const stride = width * channels;
          const rows = Array.from({ length: height }, (_, y) => [
            filters[y]!,
            ...values.subarray(y * stride, (y + 1) * stride),
          ]).flat();
          const file = pngOf({ width, height, depth: 8, colourType: channels === 1 ? 0 : 2 }, rows);
          expect(pixelsOf(file)).toEqual(new Uint8Array(decode(file).data));
        },
      ),
    );
  });

  it('come out of the passes of Adam7, of one bit and of eight', () => {
    for (const [depth, white] of [
      [1, 255],
      [2, 85],
      [8, 1],
    ] as const)
      for (const [width, height] of [
        [1, 1],
        [3, 2],
        [9, 7],
        [17, 16],
      ] as const) {
        const values = Array.from({ length: width * height }, (_, i) => (i * 37 + (i >> 3)) % 2 ** depth);
        const header = { width, height, depth, colourType: 0, interlace: 1 };
        const file = pngOf(header, interlacedRows(header, values));
        expect([...pixelsOf(file)], `${depth} bits, ${width} × ${height}`).toEqual(
          values.map((value) => value * white),
        );
      }
  });

  it('come whole from a stream that is unpacked in pieces', () => {
    const values = Uint8Array.from(
      { length: 300 * 300 },
      (_, i) => Math.imul(Math.imul(i + 1, 0x9e3779b1) ^ (i >>> 3), Math.imul(i, i) | 1) >>> 24,
    );
    const file = encode({ width: 300, height: 300, channels: 1, depth: 8, data: values });
    expect(file.length).toBeGreaterThan(2 ** 15);
    expect(pixelsOf(file)).toEqual(values);
  });

  it('of indices that have no colour are refused', () => {
    const palette = pngChunk('PLTE', Buffer.from([1, 2, 3, 4, 5, 6]));
    const header = { width: 2, height: 1, depth: 8, colourType: 3 };
    expect(pixelsOf(pngOf(header, [0, 1, 0], [palette]))).toEqual(Uint8Array.of(4, 5, 6, 1, 2, 3));
    expect(faultOf(pngOf(header, [0, 1, 2], [palette]))).toContain('the index 2 of 2 colours');
  });

  it('are refused where there are fewer or more than the header says, though all checksums are right', () => {
    const header = { width: 2, height: 2, depth: 8, colourType: 0 };
    expect(pixelsOf(pngOf(header, [0, 1, 2, 0, 3, 4]))).toHaveLength(4);
    expect(faultOf(pngOf(header, [0, 1, 2, 0, 3]))).toContain('5 bytes of pixels, not 6');
    expect(faultOf(pngOf(header, [0, 1, 2, 0, 3, 4, 0]))).toContain('too many bytes of pixels');
    expect(faultOf(pngOf(header, [5, 1, 2, 0, 3, 4]))).toContain('the filter 5');
  });

  it('are refused before anything is reserved where so few bytes cannot hold them', () => {
    const header = { width: 8192, height: 8192, depth: 8, colourType: 2 };
    expect(faultOf(pngOf(header, [0]))).toMatch(/\d+ bytes of compressed pixels for 201334784 bytes/);
  });

  it('are unpacked no further than the header says', () => {
    const bomb = deflateSync(new Uint8Array(2 ** 28), { level: 9 });
    const small = { width: 100, height: 100, depth: 8, colourType: 0 };
    const [before, began] = [process.memoryUsage().arrayBuffers, process.cpuUsage()];
    const file = pngOf(small, [], [pngChunk('IDAT', bomb)]);
    const building = process.cpuUsage(began).user;
    expect(faultOf(file)).toContain('more than 10101 bytes of pixels');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
    // All of it would take a second.
    expect(process.cpuUsage(began).user - building).toBeLessThan(500_000);
  });
});
