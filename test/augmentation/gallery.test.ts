import { describe, expect, it } from 'vitest';
import { imageGallery } from '../../src/augmentation/gallery.ts';
import { noise } from './random-images.ts';
import { expectWithin, images, of } from './golden-cases.ts';

describe('misuse throws, naming what was expected and received', () => {
  const two = noise(0, [2, 3, 3, 1]);

  it.each<[string, () => unknown, RegExp]>([
    ['columns', () => imageGallery(two, 3), /columns: expected a divisor of 2/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});

describe('the reference, from stage 1 to stage 2', () => {
  it.each(of('gallery'))('%s', (_, c) => {
    const tiled = imageGallery(images(c.input), c.columns ?? undefined);
    expect(tiled.shape.slice(1)).toEqual(c.output.shape);
    expectWithin(tiled, c.output, 0);
  });
});
