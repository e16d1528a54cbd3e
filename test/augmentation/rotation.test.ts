import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageBatch } from '../../src/augmentation/images.ts';
import { randomRotation, rotate } from '../../src/augmentation/rotation.ts';
import { flipHorizontally } from '../../src/augmentation/crop-and-flip.ts';
import { foldKey, randomKey, uniform } from '../../src/random/random.ts';
import { flatten } from '../support/fixture.ts';
import { batch, image, noise } from './random-images.ts';
import { expectWithin, images, of } from './golden-cases.ts';

describe('composition', () => {
  it('draws the angle of image i from the key folded with i', () => {
    const images = noise(3, [3, 7, 7, 2]);
    const angles = [0, 1, 2].map((i) => uniform(foldKey(randomKey(8), i), 1, -30, 30)[0]!);
    expect(randomRotation(30)(images, randomKey(8))).toEqual(rotate(images, angles));
  });
});

describe('rotation', () => {
  it('by 0° changes nothing, by 180° reverses the pixels', () => {
    fc.assert(
      fc.property(batch, (images) => {
        const angles = (degrees: number): number[] => Array(images.shape[0]).fill(degrees);
        expect(rotate(images, angles(0))).toEqual(images);
        const one = image(images, 0);
        const [, , , channels] = one.shape;
        const inside = rotate(imageBatch(Float32Array.from(one.pixels), one.shape), [180]);
        const pixels = one.pixels.length / channels;
        for (let p = 0; p < pixels; p++) {
          for (let c = 0; c < channels; c++) {
            const value = inside.pixels[p * channels + c]!;
            const reversed = one.pixels[(pixels - 1 - p) * channels + c]!;
            // A border pixel may fall outside by a rounding error of the angle, and is then 0.
            expect(Math.min(Math.abs(value), Math.abs(value - reversed))).toBeLessThan(1e-3);
          }
        }
      }),
    );
  });
  it('mirrors: a rotation of the mirror image is the mirror image of the opposite rotation', () => {
    fc.assert(
      fc.property(batch, fc.double({ min: -45, max: 45, noNaN: true }), (images, degrees) => {
        const angles = (sign: number): number[] => Array(images.shape[0]).fill(sign * degrees);
        const flips = Array(images.shape[0]).fill(true) as boolean[];
        const a = rotate(flipHorizontally(images, flips), angles(1)).pixels;
        const b = flipHorizontally(rotate(images, angles(-1)), flips).pixels;
        const differing = a.filter((value, i) => Math.abs(value - b[i]!) > 1).length;
        // On the very border a coordinate may lie inside on one side only.
        expect(differing).toBeLessThanOrEqual(degrees === 0 ? 0 : 4 * a.length ** 0.5);
        if (images.shape[1] % 2 === 1 && images.shape[2] % 2 === 1) {
          const [, h, w, c] = images.shape;
          const middle = ((h >> 1) * w + (w >> 1)) * c;
          expect(a[middle]).toBe(b[middle]);
        }
      }),
    );
  });
  it('commutes with affine changes of brightness, on numbers', () => {
    const shape = [1, 9, 8, 1] as const;
    const x = imageBatch(uniform(randomKey(2), 72), shape);
    const y = imageBatch(uniform(randomKey(3), 72), shape);
    const sum = imageBatch(
      x.pixels.map((value, i) => 2 * value - 3 * y.pixels[i]!),
      shape,
    );
    const [a, b, both] = [x, y, sum].map((images) => rotate(images, [33]).pixels);
    both!.forEach((value, i) => expect(value).toBeCloseTo(2 * a![i]! - 3 * b![i]!, 5));
  });
  it('keeps bytes in range where the spline overshoots', () => {
    const edge = imageBatch(
      Uint8Array.from({ length: 81 }, (_, i) => (i % 9 < 4 ? 0 : 255)),
      [1, 9, 9, 1],
    );
    const numbers = rotate(imageBatch(Float32Array.from(edge.pixels), edge.shape), [20]).pixels;
    expect(Math.max(...numbers)).toBeGreaterThan(256);
    const bytes = rotate(edge, [20]).pixels;
    numbers.forEach((value, i) =>
      expect(Math.abs(bytes[i]! - Math.min(255, Math.max(0, value)))).toBeLessThanOrEqual(0.5 + 1e-4),
    );
  });
});

describe('misuse throws, naming what was expected and received', () => {
  const two = noise(0, [2, 3, 3, 1]);

  it.each<[string, () => unknown, RegExp]>([
    ['angles', () => rotate(two, [1]), /degrees: expected \[2\], received 1/],
    ['angle range', () => randomRotation(-1), /maximumDegrees.*-1/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});

describe('interpolation of the reference', () => {
  it.each(of('rotr'))('%s', (_, c) => {
    expectWithin(rotate(images(c.input), [c.angleDegrees]), c.output, 1);
  });

  it('rotation differs from the reference in hardly any byte', () => {
    const differences = of('rotr').map(([, c]) => {
      const expected = flatten(c.output.values);
      const { pixels } = rotate(images(c.input), [c.angleDegrees]);
      return expected.filter((value, i) => value !== pixels[i]).length / expected.length;
    });
    expect(Math.max(...differences)).toBeLessThan(0.01);
  });
});
