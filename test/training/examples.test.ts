import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageBatch } from '../../src/augmentation/images.ts';
import { randomIntegers, randomKey } from '../../src/random/random.ts';
import { gatherExamples, gatherImages, imageTensor } from '../../src/training/examples.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('cpu'));

const bytes = (count: number, size: number) =>
  Uint8Array.from(randomIntegers(randomKey(1), count * size, 0, 256));

describe('gathering', () => {
  it('takes pixel, label and group of each place, whatever the image size', () => {
    const place = fc.record({
      shape: fc.tuple(...[6, 3, 3, 3].map((max) => fc.integer({ min: 1, max }))),
      draws: fc.array(fc.nat(), { maxLength: 9 }),
    });
    fc.assert(
      fc.property(place, ({ shape, draws }) => {
        const [count, height, width, channels] = shape as [number, number, number, number];
        const size = height * width * channels;
        const indices = draws.map((draw) => draw % count);
        const images = imageBatch(bytes(count, size), [count, height, width, channels]);
        const labels = Int32Array.from({ length: count }, (_, i) => 10 + i);
        const groups = Int32Array.from({ length: count }, (_, i) => 20 + i);
        const gathered = gatherExamples({ images, labels, groups }, indices);
        expect(gathered.images.shape).toEqual([indices.length, height, width, channels]);
        expect([...gathered.images.pixels]).toEqual(
          indices.flatMap((i) => [...images.pixels.slice(i * size, (i + 1) * size)]),
        );
        expect([...gathered.labels]).toEqual(indices.map((i) => 10 + i));
        expect([...gathered.groups]).toEqual(indices.map((i) => 20 + i));
      }),
      { seed: 1 },
    );
  });

  it('copies', () => {
    const images = imageBatch(Float32Array.of(1, 2), [2, 1, 1, 1]);
    const gathered = gatherImages(images, [1]);
    gathered.pixels[0] = 7;
    expect([...images.pixels]).toEqual([1, 2]);
    expect(gathered.pixels).toBeInstanceOf(Float32Array);
  });

  it.each([-1, 2, 0.5, NaN])('refuses place %d of two', (index) => {
    const images = imageBatch(new Uint8Array(2), [2, 1, 1, 1]);
    expect(() => gatherImages(images, [0, index])).toThrow(
      `indices: expected integers in [0, 2), received ${index}`,
    );
  });

  it('refuses images without labels or groups', () => {
    const images = imageBatch(new Uint8Array(2), [2, 1, 1, 1]);
    const [one, two] = [new Int32Array(1), new Int32Array(2)];
    expect(() => gatherExamples({ images, labels: one, groups: two }, [0])).toThrow(
      'labels, groups: expected 2, one an image, received 1 and 2',
    );
    expect(() => gatherExamples({ images, labels: two, groups: one }, [0])).toThrow('received 2 and 1');
  });

  it('makes a tensor of the same numbers', () => {
    const x = imageTensor(imageBatch(Float32Array.of(1, 2, 3, 4, 5, 6), [1, 3, 1, 2]));
    expect(x.arraySync()).toEqual([[[[1, 2]], [[3, 4]], [[5, 6]]]]);
    x.dispose();
  });
});
