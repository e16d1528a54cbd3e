import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageBatch } from '../../src/augmentation/images.ts';
import {
  flipHorizontally,
  padAndCrop,
  randomHorizontalFlip,
  randomPadAndCrop,
  cutout,
} from '../../src/augmentation/crop-and-flip.ts';
import { cropAndEnlarge } from '../../src/augmentation/crop-and-enlarge.ts';
import { randomKey } from '../../src/random/random.ts';
import { batch, image, noise } from './random-images.ts';
import { expectWithin, images, of } from './golden-cases.ts';

describe('moving pixels', () => {
  it('shifting there and back restores what stayed inside', () => {
    fc.assert(
      fc.property(
        batch,
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        (images, top, left) => {
          const count = images.shape[0];
          const offsets = Array(count).fill([top, left]).flat() as number[];
          const back = offsets.map((offset) => 4 - offset);
          const out = padAndCrop(padAndCrop(images, offsets, 2), back, 2);
          const [, h, w, c] = images.shape;
          const [down, right] = [2 - top, 2 - left];
          out.pixels.forEach((value, i) => {
            const column = Math.floor(i / c) % w;
            const row = Math.floor(i / (c * w)) % h;
            const stayed = row + down >= 0 && row + down < h && column + right >= 0 && column + right < w;
            expect(value).toBe(stayed ? images.pixels[i] : 0);
          });
        },
      ),
    );
  });

  it('the middle offset and two flips change nothing; no cut is no change', () => {
    fc.assert(
      fc.property(batch, (images) => {
        const flips = Array(images.shape[0]).fill(1) as number[];
        expect(padAndCrop(images, Array(2 * images.shape[0]).fill(4))).toEqual(images);
        expect(flipHorizontally(flipHorizontally(images, flips), flips)).toEqual(images);
        expect(cropAndEnlarge(images, Array(4 * images.shape[0]).fill(0))).toEqual(images);
      }),
    );
  });

  it('draws every offset, the published form all but the last', () => {
    const bright = imageBatch(new Uint8Array(400).fill(1), [400, 1, 1, 1]);
    const rightmost = (offsets: 'all' | 'published'): number => {
      const wide = imageBatch(
        Uint8Array.from({ length: 400 * 3 }, (_, i) => (i % 3) + 1),
        [400, 1, 3, 1],
      );
      const out = randomPadAndCrop({ padding: 1, offsets })(wide, randomKey(1));
      return Array.from({ length: 400 }, (_, i) => image(out, i).pixels.join()).filter((p) => p === '2,3,0')
        .length;
    };
    expect(rightmost('all')).toBeGreaterThan(20);
    expect(rightmost('published')).toBe(0);
    const kept = randomPadAndCrop({ padding: 1 })(bright, randomKey(2)).pixels.filter((p) => p === 1).length;
    // One of nine shifts keeps the single pixel: 44 of 400 expected, four standard deviations are 25.
    expect(Math.abs(kept - 400 / 9)).toBeLessThan(25);
  });

  it('mirrors with the given probability', () => {
    const images = imageBatch(
      Uint8Array.from({ length: 2000 }, (_, i) => i % 2),
      [1000, 1, 2, 1],
    );
    const share = (p: number): number =>
      randomHorizontalFlip(p)(images, randomKey(5)).pixels.filter((value, i) => i % 2 === 0 && value).length /
      1000;
    expect([share(0), share(1)]).toEqual([0, 1]);
    expect(Math.abs(share(0.2) - 0.2)).toBeLessThan(0.05);
  });
});

describe('misuse throws, naming what was expected and received', () => {
  const two = noise(0, [2, 3, 3, 1]);

  it.each<[string, () => unknown, RegExp]>([
    ['offset count', () => padAndCrop(two, [0, 0]), /offsets: expected \[2, 2\], received 2/],
    ['offset range', () => padAndCrop(two, [0, 0, 9, 0]), /0 … 8, received \(9, 0\) for image 1/],
    ['offset fraction', () => padAndCrop(two, [0, 0.5, 0, 0]), /whole numbers/],
    ['padding', () => randomPadAndCrop({ padding: 0 }), /padding.*0/],
    ['probability', () => randomHorizontalFlip(2), /probability.*2/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});

describe('moved pixels of the reference', () => {
  it.each(of('pad:crop', 'pad:crop:flip'))('%s', (_, c) => {
    const shifted = padAndCrop(images(c.input), [c.top, c.left], c.pad);
    const out = c.what === 'pad:crop:flip' ? flipHorizontally(shifted, [c.flipDraw > 0.5]) : shifted;
    expectWithin(out, c.output, 0);
  });
  it.each(of('fliplr'))('%s', (_, c) => {
    expectWithin(flipHorizontally(images(c.input), [true]), c.output, 0);
  });
  it.each(of('cutout'))('%s', (_, c) => {
    expectWithin(cutout(images(c.input), [c.centerRow, c.centerColumn], c.size), c.output, 0);
  });
});
