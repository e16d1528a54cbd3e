import { describe, expect, it } from 'vitest';
import { compose } from '../../src/augmentation/images.ts';
import { rotate } from '../../src/augmentation/rotation.ts';
import { padAndCrop } from '../../src/augmentation/crop-and-flip.ts';
import { minusOneToOne } from '../../src/augmentation/scaling.ts';
import { randomKey } from '../../src/random/random.ts';
import { cases, expectWithin, images, of } from './golden-cases.ts';

describe('interpolation of the reference', () => {
  it.each(of('stage-1 MNIST pipeline'))('%s', (_, c) => {
    const augment = compose(
      (batch) => rotate(batch, c.angles),
      (batch) => padAndCrop(batch, c.offsets.flat()),
      minusOneToOne,
    );
    expectWithin(augment(images(c.input), randomKey(0)), c.output, 1 / 127.5 + 1e-6);
  });
});

it('no case is left out but the split of a batch over groups, which is group-balanced batching', () => {
  const covered = new Set([
    'basic',
    'imagenet',
    'pad:crop',
    'pad:crop:flip',
    'fliplr',
    'cutout',
    'rotr',
    'stage-1 MNIST pipeline',
    'imgaug crop',
    'stage-1 output to uint8',
    'pairing',
    'gallery',
  ]);
  expect([...new Set(cases.map((c) => c.what))].filter((what) => !covered.has(what))).toEqual([
    'split batch size',
  ]);
});
