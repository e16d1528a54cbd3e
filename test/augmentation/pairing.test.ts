import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Images } from '../../src/augmentation/images.ts';
import { minusOneToOne, toBytes, zeroToOne } from '../../src/augmentation/scaling.ts';
import { concatenateImages, consecutiveBatches, pairTranslations } from '../../src/augmentation/pairing.ts';
import { batch, noise } from './random-images.ts';
import { expectWithin, images, of } from './golden-cases.ts';

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
    ['batch size', () => consecutiveBatches(two, 0), /batchSize.*0/],
    ['none', () => concatenateImages([]), /batches.*none/],
    [
      'mixed',
      () => concatenateImages([two as Images, zeroToOne(two)]),
      /of Uint8Array, received .* Float32Array/,
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});

describe('the reference, from stage 1 to stage 2', () => {
  const meanSubtracted = (batch: Images): Images => {
    const mean = Array.from(batch.pixels).reduce((sum, value) => sum + value, 0) / batch.pixels.length;
    return { pixels: Float32Array.from(batch.pixels, (value) => value - mean), shape: batch.shape };
  };

  const negated = (batch: Images): Images => ({
    pixels: Float32Array.from(batch.pixels, (value) => -value),
    shape: batch.shape,
  });

  it.each(of('pairing'))('%s', (_, c) => {
    const original = images(c.images);
    const translate = (generator: (batch: Images) => Images): Images =>
      concatenateImages(
        consecutiveBatches(original, c.batchSize).map((batch) =>
          toBytes(generator(minusOneToOne(batch)), { rounding: 'truncate' }),
        ),
      );
    const second = images(c.datasets.at(-1)!.images);
    const pairs = pairTranslations(
      [
        { alias: '(Y=0)(Z=0)', translated: true },
        { alias: '(Y=0)(Z=1)', translated: false },
      ],
      { keepOriginals: c.keepOriginal || c.keepDatasets },
    );
    expect(pairs.map((pair) => pair.alias)).toEqual(c.aliases);
    expect(pairs.map((pair) => pair.source)).toEqual(c.originalIndex);
    pairs.forEach(({ source, translation }, i) => {
      const generator = translation === 'F' ? meanSubtracted : negated;
      const dataset = translation ? translate(generator) : source === 0 ? original : second;
      expect(dataset.shape[0]).toBe(c.lengths[i]);
      expectWithin(dataset, c.datasets[i]!.images, 0);
    });
  });
});
