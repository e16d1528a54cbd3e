import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compose, type Augmentation, type Images } from '../../src/augmentation/images.ts';
import { randomRotation } from '../../src/augmentation/rotation.ts';
import {
  randomCutout,
  randomHorizontalFlip,
  randomPadAndCrop,
} from '../../src/augmentation/crop-and-flip.ts';
import { randomCropAndEnlarge } from '../../src/augmentation/crop-and-enlarge.ts';
import { minusOneToOne } from '../../src/augmentation/scaling.ts';
import { concatenateImages } from '../../src/augmentation/pairing.ts';
import { randomKey } from '../../src/random/random.ts';
import { batch, image, noise } from './random-images.ts';

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
