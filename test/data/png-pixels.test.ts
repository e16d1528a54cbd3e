import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/data/decode-image.ts';
import { readPngParts } from '../../src/data/png-chunks.ts';
import { pngPixels } from '../../src/data/png-pixels.ts';
import { drawnPng, PNG_KINDS } from '../support/plain-png.ts';

describe('a PNG of every kind', () => {
  // Sizes from which some of the seven passes are missing, and with rows that do not end with a byte.
  const sizes = [1, 2, 5, 9].flatMap((height) => [1, 3, 12].map((width) => [height, width] as const));
  it.each(PNG_KINDS)('has the pixels that were drawn: colour type %i, %i bits', (...kind) => {
    for (const [height, width] of sizes)
      for (const seed of [height, 100 + width]) {
        const { bytes, picture } = drawnPng(height, width, kind, { seed });
        expect(decodeImage(bytes), `${height} × ${width}, seed ${seed}`).toEqual({
          _tag: 'Right',
          right: picture,
        });
      }
  });
});

it('all five filters are taken away, as another program has put them there', () => {
  // fast-png writes the filter that suits a row best.
  const data = Uint8Array.from(
    { length: 40 * 40 * 3 },
    (_, i) => 128 + 60 * Math.sin(i / 31) + 50 * Math.cos(i / 977),
  );
  const bytes = encode({ height: 40, width: 40, channels: 3, data });
  expect(pngPixels(readPngParts(bytes))).toEqual(data);
});

describe('a damaged PNG', () => {
  const { bytes } = drawnPng(6, 5, [2, 8], { seed: 3 });
  it('is told by what is wrong with it', () => {
    expect(() => readPngParts(bytes.subarray(0, -3))).toThrow(
      /^it ends (early|inside the chunk at byte \d+)$/,
    );
    const changed = Buffer.from(bytes);
    changed[changed.indexOf('IDAT') + 9]! ^= 4;
    expect(() => readPngParts(changed)).toThrow(/^the checksum of the chunk at byte \d+ is wrong$/);
    const parts = readPngParts(bytes);
    expect(() => pngPixels({ ...parts, layout: { ...parts.layout, height: 600 } })).toThrow(
      /^\d+ bytes of pixels, not 10125$/,
    );
  });
});
