import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cropAndEnlarge, randomCropAndEnlarge } from '../../src/augmentation/crop-and-enlarge.ts';
import { image, noise } from './random-images.ts';
import { expectWithin, images, of } from './golden-cases.ts';

describe('moving pixels', () => {
  it('enlarging a cut stays within the values of the cut', () => {
    fc.assert(
      fc.property(
        fc.nat(1000),
        fc.array(fc.double({ min: 0, max: 0.3, noNaN: true }), { minLength: 4, maxLength: 4 }),
        (seed, fractions) => {
          const images = noise(seed, [1, 10, 7, 1]);
          const cut = fractions.map((fraction, k) => Math.round(fraction * (k % 2 ? 7 : 10)));
          const kept = images.pixels.filter((_, i) => {
            const [row, column] = [Math.floor(i / 7), i % 7];
            return row >= cut[0]! && row < 10 - cut[2]! && column >= cut[3]! && column < 7 - cut[1]!;
          });
          const out = cropAndEnlarge(images, fractions).pixels;
          expect(Math.max(...out)).toBeLessThanOrEqual(Math.max(...kept));
          expect(Math.min(...out)).toBeGreaterThanOrEqual(Math.min(...kept));
        },
      ),
    );
  });
});

describe('misuse throws, naming what was expected and received', () => {
  const two = noise(0, [2, 3, 3, 1]);

  it.each<[string, () => unknown, RegExp]>([
    ['fractions', () => cropAndEnlarge(image(two, 0), [0.6, 0, 0.6, 0]), /fractions/],
    ['negative fraction', () => cropAndEnlarge(image(two, 0), [-0.5, 0, 0.5, 0]), /fractions/],
    ['maximum', () => randomCropAndEnlarge(0.5), /maximum.*0.5/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});

describe('interpolation of the reference', () => {
  it.each(of('imgaug crop'))('%s', (_, c) => {
    const out = cropAndEnlarge(images(c.input), c.percentTopRightBottomLeft);
    expectWithin(out, c.output, 1);
    expect([...out.pixels.subarray(0, 3)]).toEqual(c.croppedTopLeftPixel);
  });
});
