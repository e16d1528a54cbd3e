import fc from 'fast-check';
import { describe, expect, it, afterEach, beforeAll } from 'vitest';
import {
  cropAndEnlarge,
  randomCropAndEnlarge,
  leavesPixels,
} from '../../src/augmentation/crop-and-enlarge.ts';
import { image, noise } from './random-images.ts';
import { expectWithin, images, of } from './golden-cases.ts';
import * as tf from '@tensorflow/tfjs';
import { imageBatch } from '../../src/augmentation/images.ts';
import { randomKey } from '../../src/random/random.ts';
import { useBackend } from '../support/backend.ts';

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

beforeAll(() => useBackend('wasm'));

afterEach(() => expect(tf.memory().numTensors).toBe(0));

const seed = Number(process.env['SEED'] ?? 20);

describe('leavesPixels', () => {
  it('by hand', () => {
    // Of 2 pixels 0.26 cuts off one at either side; 0.25 is never drawn, and less is rounded down.
    expect([leavesPixels(0.25, 2), leavesPixels(0.26, 2)]).toEqual([true, false]);
    // Of 34 pixels 0.49 cuts off ⌈16.16⌉ = 17 at either side, 0.48 ⌈15.82⌉ = 16.
    expect([leavesPixels(0.48, 34), leavesPixels(0.49, 34)]).toEqual([true, false]);
  });
  it('is true only where no draw leaves nothing, and false only where some do', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0, max: 0.499, noNaN: true }),
        (side, maximum) => {
          const crop = (): void => {
            const count = 4000;
            randomCropAndEnlarge(maximum)(
              imageBatch(new Uint8Array(count * side), [count, side, 1, 1]),
              randomKey(seed),
            );
          };
          if (leavesPixels(maximum, side)) expect(crop).not.toThrow();
          // A margin, as the largest draws of a few thousand do not come near enough to the maximum.
          else if (!leavesPixels(0.96 * maximum, side)) expect(crop).toThrow('to leave pixels');
        },
      ),
      { numRuns: 40, seed },
    );
  });
});
