import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import { DataCodec, type DataSettings } from '../../../src/config/schema/data-settings.ts';
import type { DataListing, ListedImage } from '../../../src/data/data-listing.ts';
import { experimentToRun } from '../../../src/experiment/run-settings.ts';
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

const notices = (here: DataListing, meaning = true) => stageOneNotices('runs/one', stageOne, here, meaning);

describe('a stage-1 run with other settings of data', () => {
  it('has nothing to be said of where the images that both have are the same', () => {
    // Fewer, in another order, with another split: settings do that.
    const fewer = listing(image('b.png', { subgroup: 1, split: 'validation' }), image('a.png'));
    expect(notices(fewer)).toEqual([]);
  });

  it('is told of when images of its names have changed, or were exchanged', () => {
    const changed = listing(image('a.png'), image('c.png', { content: 'new' }), image('b.png'));
    expect(notices(changed)).toEqual([
      'warning: runs/one: the data have changed since this stage-1 run: 1 subgroup (first: b.png); 1 image with other contents (first: c.png)',
    ]);
  });

  it('is told of when labels have changed, unless other settings say what they mean', () => {
    const changed = listing(image('a.png', { label: 1 }), image('b.png', { subgroup: 0 }));
    expect(notices(changed)).toEqual([
      'warning: runs/one: the data have changed since this stage-1 run: 1 label (first: a.png); 1 subgroup (first: b.png)',
    ]);
    expect(notices(changed, false)).toEqual([]);
  });

  it('is told of when it knows few of the training images, or none', () => {
    const line = (known: string) =>
      `warning: runs/one: this stage-1 run knows ${known} training images here; it translates images that it has not learnt from, so make sure that it is the right run`;
    const others = ['x', 'y', 'z'].map((name) => image(name));
    expect(notices(listing(...others))).toEqual([line('none of the 3')]);
    const { images } = stageOne;
    const many = {
      ...stageOne,
      images: [...images, ...'defgh'].map((each) => (typeof each === 'string' ? image(each) : each)),
    };
    const few = listing(image('a.png'), ...others);
    expect(stageOneNotices('runs/one', many, few, true)).toEqual([line('1 of the 4')]);
    // A stage-1 run of few images, which are all here.
    expect(notices(listing(...many.images, ...others))).toEqual([]);
  });

  it('is told of when it has learnt from images of the test, whatever they are called', () => {
    const leaking = listing(image('a.png'), image('x.png', { split: 'test', content: 'of b.png' }));
    expect(notices(leaking)).toEqual([
      'warning: runs/one: 1 test image is a training image of this stage-1 run, so that results look better than they are (first: x.png)',
    ]);
  });
});

describe('a stage-1 run of digits', () => {
  /** Decoded, and each time another object. */
  const settings = (data: object): DataSettings => {
    const decoded = DataCodec.decode(data);
    if (E.isLeft(decoded)) throw new Error('settings of data expected');
    return decoded.right;
  };

  it('is told of when its digits were dealt out or corrupted in another way', () => {
    const data = (changes: object) => settings({ kind: 'mnist-correlation', drawSeed: 5, ...changes });
    expect(drawNotices('runs/one', data({}), data({ root: '${DATA}/other', testImages: 5 }))).toEqual([]);
    const here = data({ drawSeed: null, corruptionSeed: 3, sizes: { kind: 'balanced', images: 8 } });
    expect(drawNotices('runs/one', data({}), here)).toEqual([
      'warning: runs/one: this stage-1 run has learnt from other digits or corruptions (data.drawSeed 5 there, null here; data.sizes {"kind":"counts","y0z0":19800,"y0z1":200,"y1z0":200,"y1z1":19800} there, {"kind":"balanced","images":8} here; data.corruptionSeed 0 there, 3 here), so that the two stages together may see more of the scarce groups than either',
    ]);
  });

  it('is not spoken of for other kinds of data, nor for a plain MNIST', () => {
    const own = {
      root: '${DATA}/x',
      classes: ['a', 'b'],
      subgroups: ['c', 'd'],
      image: { height: 8, width: 8 },
    };
    const folder = () => settings({ kind: 'folder', ...own });
    expect(drawNotices('runs/one', folder(), folder())).toEqual([]);
    const correlation = settings({ kind: 'mnist-correlation' });
    expect(drawNotices('runs/one', settings({ kind: 'mnist' }), correlation)).toEqual([]);
  });

  it('of the shipped configurations has nothing to be said of', async () => {
    const options = { roots: { DATA: 'data', RUNS: 'runs' } };
    const file = (path: string) => `examples/configs/${path}`;
    const one = await experimentToRun(file('stage-1/mnist-correlation/all-classes.yaml'), 'stage-1', options);
    const two = await experimentToRun(file('stage-2/mnist-correlation/camel.yaml'), 'stage-2', options);
    expect(drawNotices('runs/one', one.experiment.data, two.experiment.data)).toEqual([]);
  });
});
