import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/data/decode-image.ts';
import { pngSamples } from '../../src/data/png-samples.ts';
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
  expect(pngSamples(bytes, { height: 40, width: 40 })).toEqual({
    depth: 8,
    count: 3,
    palette: null,
    values: data,
  });
});

describe('a damaged PNG', () => {
  const { bytes } = drawnPng(6, 5, [2, 8], { seed: 3 });
  it('is told by what is wrong with it', () => {
    const size = { height: 6, width: 5 };
    expect(() => pngSamples(bytes.subarray(0, -3), size)).toThrow(/^it ends within the chunk at byte \d+$/);
    const changed = Buffer.from(bytes);
    changed[changed.indexOf('IDAT') + 9]! ^= 4;
    expect(() => pngSamples(changed, size)).toThrow(/^the checksum of the chunk IDAT at byte \d+ is wrong$/);
    expect(() => pngSamples(bytes, { height: 600, width: 5 })).toThrow(
      /^it has \d+ of 10125 bytes of pixels$/,
    );
  });
});
