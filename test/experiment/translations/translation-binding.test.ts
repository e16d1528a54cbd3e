import { describe, expect, it } from 'vitest';
import type { DataSettings } from '../../../src/config/index.ts';
import type { DataListing, ListedImage } from '../../../src/data/data-listing.ts';
import { drawNotices, stageOneNotices } from '../../../src/experiment/translations/translation-binding.ts';

const image = (name: string, changes: Partial<ListedImage> = {}): ListedImage => ({
  ...{ split: 'train', label: 0, subgroup: 0, content: `of ${name}`, name },
  ...changes,
});
const listing = (...images: readonly ListedImage[]): DataListing => ({
  classes: ['cat', 'dog'],
  subgroups: ['in', 'out'],
  images,
});
const stageOne = listing(image('a.png'), image('b.png', { subgroup: 1 }), image('c.png', { split: 'test' }));

describe('a stage-1 run with other settings of data', () => {
  it('has nothing to be said of where the images that both have are the same', () => {
    // Fewer, in another order, with another label and split: settings do that.
    const fewer = listing(image('b.png', { subgroup: 1, label: 1, split: 'validation' }), image('a.png'));
    expect(stageOneNotices('runs/one', stageOne, fewer)).toEqual([]);
    expect(stageOneNotices('runs/one', stageOne, listing(image('other.png')))).toEqual([]);
  });

  it('is told of when images of its names have changed, or were exchanged', () => {
    const changed = listing(image('a.png', { content: 'new' }), image('b.png', { subgroup: 0 }));
    expect(stageOneNotices('runs/one', stageOne, changed)).toEqual([
      'warning: runs/one: the data have changed since this stage-1 run: 1 subgroup (first: b.png); 1 image with other contents (first: a.png)',
    ]);
  });

  it('is told of when it has learnt from images of the test, whatever they are called', () => {
    const leaking = listing(image('a.png'), image('x.png', { split: 'test', content: 'of b.png' }));
    expect(stageOneNotices('runs/one', stageOne, leaking)).toEqual([
      'warning: runs/one: 1 test image is a training image of this stage-1 run, so that results look better than they are (first: x.png)',
    ]);
  });

  it('is told of when its digits were dealt out in another way', () => {
    const digits = { kind: 'mnist-correlation', drawSeed: 5, validationFraction: 0.5, splits: 'disjoint' };
    const data = (changes: object): DataSettings => ({ ...digits, ...changes }) as DataSettings;
    expect(drawNotices('runs/one', data({}), data({ corruptionSeed: 3 }))).toEqual([]);
    expect(drawNotices('runs/one', data({}), data({ drawSeed: null, validationFraction: 0.2 }))).toEqual([
      'warning: runs/one: this stage-1 run has learnt from other digits (data.drawSeed 5 there, null here; data.validationFraction 0.5 there, 0.2 here), so that the two stages together see more of the scarce groups than either',
    ]);
  });
});
