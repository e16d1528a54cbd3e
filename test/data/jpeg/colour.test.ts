import { describe, expect, it } from 'vitest';
import { colourSpaceOf, PIXELS } from '../../../src/data/jpeg/colour.ts';

const pixelOf = (space: keyof typeof PIXELS, ...components: number[]): number[] => {
  const out = new Uint8ClampedArray(4).fill(9);
  PIXELS[space](
    components.map((value) => Uint8Array.of(value)),
    1,
    out,
    1,
  );
  expect(out[0]).toBe(9);
  return [...out.subarray(1)];
};

const clamp = (value: number): number => Math.min(255, Math.max(0, value));

describe('colours of JPEG', () => {
  it('are within half a level of the formula of JFIF', () => {
    for (let i = 0; i < 4000; i++) {
      const [y, cb, cr] = [(i * 37) % 256, (i * 101) % 256, (i * 59) % 256];
      const expected = [
        clamp(y + 1.402 * (cr - 128)),
        clamp(y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128)),
        clamp(y + 1.772 * (cb - 128)),
      ];
      pixelOf('ycbcr', y, cb, cr).forEach((value, c) => {
        expect(Math.abs(value - expected[c]!)).toBeLessThan(0.51);
      });
    }
  });

  it('of four inks are the product of what ink and black leave', () => {
    expect(pixelOf('cmyk', 255, 128, 0, 255)).toEqual([255, 128, 0]);
    expect(pixelOf('cmyk', 255, 128, 0, 0)).toEqual([0, 0, 0]);
    for (let i = 0; i < 2000; i++) {
      const [c, m, y, k] = [(i * 37) % 256, (i * 101) % 256, (i * 59) % 256, (i * 83) % 256];
      pixelOf('cmyk', c, m, y, k).forEach((value, ink) => {
        expect(Math.abs(value - ([c, m, y][ink]! * k) / 255)).toBeLessThan(0.51);
      });
      // The three inks of YCCK are YCbCr of what they leave, stored inverted once more.
      const inks = pixelOf('ycbcr', c, m, y).map((value) => 255 - value) as [number, number, number];
      expect(pixelOf('ycck', c, m, y, k)).toEqual(pixelOf('cmyk', ...inks, k));
    }
  });

  it.each([
    [[1], false, null, 'grey'],
    [[1, 2, 3], false, null, 'ycbcr'],
    [[0x52, 0x47, 0x42], false, null, 'rgb'],
    [[0x52, 0x47, 0x42], true, null, 'ycbcr'],
    [[1, 2, 3], false, 0, 'rgb'],
    [[1, 2, 3], true, 0, 'ycbcr'],
    [[0x52, 0x47, 0x42], false, 1, 'ycbcr'],
    [[1, 2, 3, 4], false, null, 'cmyk'],
    [[1, 2, 3, 4], true, 0, 'cmyk'],
    [[1, 2, 3, 4], false, 2, 'ycck'],
  ] as const)(
    'are told by the components %j, JFIF %j and Adobe’s transform %j: %s',
    (ids, isJfif, adobe, space) => {
      expect(colourSpaceOf({ ids, isJfif, adobe })).toBe(space);
    },
  );
});
