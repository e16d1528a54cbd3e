import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compose, imageBatch, type Augmentation, type Images } from '../../src/augmentation/images.ts';
import { lineFilter, mirrored, prefilterLines } from '../../src/augmentation/cubic-spline.ts';
import { randomRotation, rotate } from '../../src/augmentation/rotation.ts';
import {
  flipHorizontally,
  padAndCrop,
  randomCutout,
  randomHorizontalFlip,
  randomPadAndCrop,
} from '../../src/augmentation/crop-and-flip.ts';
import { cropAndEnlarge, randomCropAndEnlarge } from '../../src/augmentation/crop-and-enlarge.ts';
import { minusOneToOne, signedToUnit, toBytes, zeroToOne } from '../../src/augmentation/scaling.ts';
import { concatenateImages, consecutiveBatches } from '../../src/augmentation/pairing.ts';
import { imageGallery } from '../../src/augmentation/gallery.ts';
import { foldKey, randomIntegers, randomKey, uniform } from '../../src/random/random.ts';

function noise(seed: number, shape: readonly [number, number, number, number]): Images<Uint8Array> {
  const size = shape.reduce((product, n) => product * n, 1);
  return imageBatch(Uint8Array.from(randomIntegers(randomKey(seed), size, 0, 256)), shape);
}
const side = fc.integer({ min: 1, max: 9 });
const batch = fc
  .tuple(fc.nat(1000), fc.integer({ min: 1, max: 4 }), side, side, fc.integer({ min: 1, max: 3 }))
  .map(([seed, n, h, w, c]) => noise(seed, [n, h, w, c]));
const image = (images: Images, i: number): Images => {
  const size = images.pixels.length / images.shape[0];
  const pixels = images.pixels.slice(i * size, (i + 1) * size);
  return imageBatch(pixels, [1, images.shape[1], images.shape[2], images.shape[3]]);
};

const augmentations: Record<string, Augmentation> = {
  rotation: randomRotation(45),
  'pad and crop': randomPadAndCrop(),
  'published pad and crop': randomPadAndCrop({ padding: 2, offsets: 'published' }),
  flip: randomHorizontalFlip(),
  'crop and enlarge': randomCropAndEnlarge(),
  cutout: randomCutout(4),
  composed: compose(randomHorizontalFlip(), randomRotation(20), randomPadAndCrop(), minusOneToOne),
};

describe.each(Object.entries(augmentations))('%s', (_, augment) => {
  it('is a pure function of the images and the key', () => {
    fc.assert(
      fc.property(batch, fc.nat(), (images, seed) => {
        const before = images.pixels.slice();
        const first = augment(images, randomKey(seed));
        expect(augment(images, randomKey(seed))).toEqual(first);
        expect(images.pixels).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });
  it('does the same to an image whatever the others are, and however many follow', () => {
    fc.assert(
      fc.property(batch, fc.nat(), fc.nat(1000), (images, seed, other) => {
        const key = randomKey(seed);
        const count = images.shape[0];
        const last = image(augment(images, key), count - 1);
        const [, h, w, c] = images.shape;
        const others = noise(other, [count - 1, h, w, c]);
        const parts = [image(images, count - 1) as Images<Uint8Array>, noise(other + 1, [2, h, w, c])];
        const changed = concatenateImages(count > 1 ? [others, ...parts] : parts);
        expect(image(augment(changed, key), count - 1)).toEqual(last);
      }),
      { numRuns: 40 },
    );
  });
  it('treats equal images differently, and another key differently', () => {
    const one = noise(1, [1, 9, 9, 1]);
    const equal = concatenateImages(Array.from({ length: 30 }, () => one));
    const out = augment(equal, randomKey(0));
    const distinct = new Set(Array.from({ length: 30 }, (_, i) => image(out, i).pixels.join()));
    expect(distinct.size).toBeGreaterThan(1);
    expect(augment(equal, randomKey(1))).not.toEqual(out);
  });
});

describe('composition', () => {
  it('gives stage s the key folded with s, the whole batch going through each stage', () => {
    const keys: string[] = [];
    const stage: Augmentation = (images, key) => {
      keys.push(key.join());
      return images;
    };
    compose(stage, stage)(noise(0, [2, 2, 2, 1]), randomKey(4));
    expect(keys).toEqual([foldKey(randomKey(4), 0).join(), foldKey(randomKey(4), 1).join()]);
  });
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

describe('cubic spline', () => {
  it('passes through the samples: c₋₁ + 4c₀ + c₁ with mirrored ends', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true })),
        (length, count, sideBySide, stream) => {
          const samples = Array.from({ length: length * count }, () => stream.next().value);
          const lines = {
            count,
            ...(sideBySide ? { apart: 1, stride: count } : { apart: length, stride: 1 }),
          };
          const data = Float64Array.from(samples);
          prefilterLines(data, lines, lineFilter(length));
          samples.forEach((sample, place) => {
            const line = sideBySide ? place % count : Math.floor(place / length);
            const i = (place - line * lines.apart) / lines.stride;
            const at = (index: number): number =>
              data[line * lines.apart + mirrored(index, length) * lines.stride]!;
            expect(at(i - 1) + 4 * at(i) + at(i + 1)).toBeCloseTo(sample, 10);
          });
        },
      ),
    );
  });
});

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

describe('scalings', () => {
  it('bytes survive the way to [−1, 1] and back by rounding; truncation loses at most one', () => {
    const all = imageBatch(
      Uint8Array.from({ length: 256 }, (_, i) => i),
      [1, 16, 16, 1],
    );
    expect(toBytes(minusOneToOne(all))).toEqual(all);
    toBytes(minusOneToOne(all), { rounding: 'truncate' }).pixels.forEach((value, i) =>
      expect([i, i - 1]).toContain(value),
    );
    const unit = zeroToOne(all).pixels;
    signedToUnit(minusOneToOne(all)).pixels.forEach((value, i) => expect(value).toBeCloseTo(unit[i]!, 6));
  });
  it('clamps what lies outside [−1, 1] instead of wrapping around', () => {
    const wide = imageBatch(Float32Array.of(-3, -1.001, 1.001, 3), [1, 2, 2, 1]);
    expect([...toBytes(wide).pixels]).toEqual([0, 0, 255, 255]);
    expect([...toBytes(wide, { rounding: 'truncate' }).pixels]).toEqual([0, 0, 255, 255]);
  });
});

describe('batches', () => {
  it('cutting and joining changes nothing', () => {
    fc.assert(
      fc.property(batch, fc.integer({ min: 1, max: 5 }), (images, size) => {
        expect(concatenateImages(consecutiveBatches(images, size))).toEqual(images);
      }),
    );
  });
});

describe('misuse throws, naming what was expected and received', () => {
  const two = noise(0, [2, 3, 3, 1]);
  it.each<[string, () => unknown, RegExp]>([
    ['size', () => imageBatch(new Uint8Array(5), [1, 2, 3, 1]), /pixels: expected 6 .* received 5/],
    ['shape', () => imageBatch(new Uint8Array(0), [1, 0, 3, 1]), /shape: expected \[n, h, w, c\].*1,0,3,1/],
    ['angles', () => rotate(two, [1]), /degrees: expected \[2\], received 1/],
    ['angle range', () => randomRotation(-1), /maximumDegrees.*-1/],
    ['offset count', () => padAndCrop(two, [0, 0]), /offsets: expected \[2, 2\], received 2/],
    ['offset range', () => padAndCrop(two, [0, 0, 9, 0]), /0 … 8, received \(9, 0\) for image 1/],
    ['offset fraction', () => padAndCrop(two, [0, 0.5, 0, 0]), /whole numbers/],
    ['padding', () => randomPadAndCrop({ padding: 0 }), /padding.*0/],
    ['probability', () => randomHorizontalFlip(2), /probability.*2/],
    ['fractions', () => cropAndEnlarge(image(two, 0), [0.6, 0, 0.6, 0]), /fractions/],
    ['negative fraction', () => cropAndEnlarge(image(two, 0), [-0.5, 0, 0.5, 0]), /fractions/],
    ['maximum', () => randomCropAndEnlarge(0.5), /maximum.*0.5/],
    ['batch size', () => consecutiveBatches(two, 0), /batchSize.*0/],
    ['none', () => concatenateImages([]), /batches.*none/],
    [
      'mixed',
      () => concatenateImages([two as Images, zeroToOne(two)]),
      /of Uint8Array, received .* Float32Array/,
    ],
    ['columns', () => imageGallery(two, 3), /columns: expected a divisor of 2/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});
