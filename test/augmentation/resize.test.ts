import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageBatch } from '../../src/augmentation/images.ts';
import { resize } from '../../src/augmentation/resize.ts';
import { expectClose, flatten, readFixture, type FixtureTensor } from '../support/fixture.ts';

interface ResizeCase {
  readonly antialias: boolean;
  readonly input: FixtureTensor;
  readonly output: FixtureTensor;
}

type Shape = readonly [number, number, number];

describe('resizing', () => {
  const { cases } = readFixture<ResizeCase>('resize');
  it.each(
    cases.map((one) => ({
      ...one,
      name: `${one.input.shape.join('×')} to ${one.output.shape.join('×')}, antialias ${one.antialias}`,
    })),
  )('agrees with tf.image.resize: $name', ({ antialias, input, output }) => {
    const [h, w, c] = input.shape as Shape;
    const [height, width] = output.shape as Shape;
    const values = Float32Array.from(flatten(input.values));
    const resized = resize(imageBatch(values, [1, h, w, c]), [height, width], { antialias });
    expect(resized.shape).toEqual([1, height, width, c]);
    expectClose(resized.pixels, flatten(output.values), 2e-6);
    const bytes = resize(imageBatch(Uint8Array.from(values), [1, h, w, c]), [height, width], { antialias });
    // The expected values are rounded to four decimals, so that a tie may fall either way.
    const apart = flatten(output.values).map((value, i) => Math.abs(value - bytes.pixels[i]!));
    expect(Math.max(...apart)).toBeLessThanOrEqual(0.5001);
  });

  it('keeps a flat image flat and never leaves the range of its pixels', () => {
    const side = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(side, side, side, side, fc.boolean(), fc.nat(255), (h, w, height, width, antialias, v) => {
        const flat = resize(imageBatch(new Uint8Array(h * w).fill(v), [1, h, w, 1]), [height, width], {
          antialias,
        });
        expect(flat.pixels.every((value) => value === v)).toBe(true);
      }),
      { seed: 4, numRuns: 200 },
    );
  });

  it('treats every image of a batch alone', () => {
    const pixels = Uint8Array.from({ length: 2 * 5 * 4 * 3 }, (_, i) => (i * 37) % 256);
    const both = resize(imageBatch(pixels, [2, 5, 4, 3]), [3, 7]).pixels;
    const second = resize(imageBatch(pixels.subarray(60), [1, 5, 4, 3]), [3, 7]).pixels;
    expect([...both.subarray(63)]).toEqual([...second]);
  });

  it('refuses sizes that are none', () => {
    const images = imageBatch(new Uint8Array(4), [1, 2, 2, 1]);
    for (const size of [[0, 1], [1.5, 2], [3]]) {
      expect(() => resize(images, size as never)).toThrow('size: expected [height, width]');
    }
  });
});
