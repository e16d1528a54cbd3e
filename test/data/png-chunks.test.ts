import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/data/decode-image.ts';
import { readPngParts } from '../../src/data/png-chunks.ts';
import { pngChunk, pngOf } from '../support/png-file.ts';

const GREY = { width: 2, height: 1, depth: 8, colourType: 0 };
const faultOf = (file: Uint8Array): string => {
  const decoded = decodeImage(file);
  if (decoded._tag === 'Right') throw new Error('expected a refusal');
  return decoded.left.found;
};

describe('the chunks of a PNG', () => {
  it('are its layout and its compressed pixels', () => {
    const { layout, compressed } = readPngParts(pngOf(GREY, [0, 3, 9]));
    const palette = null;
    expect(layout).toEqual({ width: 2, height: 1, depth: 8, channels: 1, palette, isInterlaced: false });
    expect(Buffer.concat(compressed)).toEqual(deflateSync(Uint8Array.of(0, 3, 9), { level: 9 }));
  });

  it('that pixels do not depend on are passed over, whatever they unpack to', () => {
    const profile = Buffer.concat([Buffer.from('icc\0\0', 'latin1'), deflateSync(Buffer.alloc(2 ** 26))]);
    const before = ['iCCP', 'zTXt', 'fdAT', 'abCd'].map((type) => pngChunk(type, profile));
    expect(decodeImage(pngOf(GREY, [0, 3, 9], before))).toMatchObject({
      right: { pixels: Uint8Array.of(3, 9) },
    });
  });

  it('that a decoder must know, a second header, and a second palette are refused', () => {
    for (const type of ['IHDR', 'ABcd', 'PLTE'])
      expect(
        faultOf(
          pngOf(
            GREY,
            [0, 3, 9],
            [0, 1].map(() => pngChunk(type, Buffer.alloc(3))),
          ),
        ),
      ).toContain(type);
  });

  it('of layouts that no PNG has are refused', () => {
    for (const [depth, colourType] of [
      [3, 0],
      [4, 2],
      [16, 3],
      [8, 5],
      [8, 3],
    ] as const)
      expect(faultOf(pngOf({ ...GREY, depth, colourType }, [0, 3, 9]))).toContain('damaged');
    expect(faultOf(pngOf({ ...GREY, interlace: 2 }, [0, 3, 9]))).toContain('methods');
  });
});
