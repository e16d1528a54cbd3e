import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  doubledImages,
  leakedImages,
  listingChanges,
  selectingImages,
  UNREADABLE,
  type DataListing,
  type ListedImage,
} from '../../src/data/data-listing.ts';

const seed = 41;
const image = (i: number, changed: Partial<ListedImage> = {}): ListedImage => ({
  split: i < 4 ? 'train' : 'test',
  label: i % 2,
  subgroup: 0,
  content: `c${i}`,
  name: `${i}.png`,
  ...changed,
});
const images = Array.from({ length: 6 }, (_, i) => image(i));
const listing = (of: readonly ListedImage[]): DataListing => ({
  classes: ['cat', 'dog'],
  subgroups: ['in', 'out'],
  images: of,
});
const before = listing(images);
const changes = (of: readonly ListedImage[]): readonly string[] => listingChanges(before, listing(of));
const but = (...changed: readonly (readonly [number, Partial<ListedImage>])[]): readonly ListedImage[] =>
  images.map((each, i) => ({
    ...each,
    ...Object.fromEntries(changed.filter(([at]) => at === i).flatMap(([, to]) => Object.entries(to))),
  }));

describe('the changes between two listings', () => {
  it('are none for the same images, whatever they are called', () => {
    expect(changes(images)).toEqual([]);
    expect(changes(images.map((each) => ({ ...each, name: `moved/${each.name}` })))).toEqual([]);
  });

  it('name labels, subgroups, splits and contents', () => {
    expect(changes(but([0, { label: 1 }], [1, { label: 0 }]))).toEqual(['2 labels (first: 0.png)']);
    expect(changes(but([2, { subgroup: 1 }]))).toEqual(['1 subgroup (first: 2.png)']);
    expect(changes(but([3, { split: 'test' }]))).toEqual(['1 image in another split (first: 3.png)']);
    expect(changes(but([5, { content: 'other' }]))).toEqual(['1 image with other contents (first: 5.png)']);
  });

  it('name images that are gone, and new ones', () => {
    expect(changes(images.slice(2))).toEqual(['2 images gone (first: 0.png)']);
    expect(changes([...images, image(9)])).toEqual(['1 new image (first: 9.png)']);
  });

  it('name an order that is another one', () => {
    const same = [image(0, { content: 'c', name: 'a' }), image(1, { content: 'c', name: 'b' })];
    expect(listingChanges(listing(same), listing([...same].reverse()))).toEqual([
      'the order of 2 images (first: b)',
    ]);
    expect(changes([...images].reverse())).toEqual(['the order of 6 images (first: 5.png)']);
  });

  it('name groups, which labels need not tell', () => {
    const all = images.map((each) => ({ ...each, group: '(Y=0)(Z=0)' }));
    const now = all.map((each, i) => (i === 1 ? { ...each, group: '(Y=1)(Z=0)' } : each));
    expect(listingChanges(listing(all), listing(now))).toEqual(['1 group (first: 1.png)']);
    const relabelled = now.map((each) => (each.group === '(Y=1)(Z=0)' ? { ...each, label: 0 } : each));
    expect(listingChanges(listing(all), listing(relabelled))).toEqual(['1 label (first: 1.png)']);
  });

  it('name training images that are counted beyond those that are listed', () => {
    const all = images.map((each) => ({ ...each, group: 'g' }));
    const counted = (of: readonly ListedImage[], g: number) => ({ ...listing(of), trainingCounts: { g } });
    expect(listingChanges(counted(all, 9), counted(all, 8))).toEqual([
      'training images of g 9 there, 8 here',
    ]);
    expect(listingChanges(counted(all, 4), counted(all.slice(1), 3))).toEqual([
      '1 image gone (first: 0.png)',
    ]);
  });

  it('name classes', () => {
    expect(listingChanges(before, { ...before, classes: ['cat', 'fox'] })).toEqual([
      'classes cat, dog there, cat, fox here',
    ]);
  });

  it('see that two images have exchanged their contents', () => {
    expect(changes(but([0, { content: 'c1' }], [1, { content: 'c0' }]))).toEqual([
      '2 images with other contents (first: 0.png)',
    ]);
  });

  it(`are counted as many as were made, in any listing (seed ${seed})`, () => {
    const listed = fc.uniqueArray(fc.nat(1000), { minLength: 3, maxLength: 30 });
    fc.assert(
      fc.property(listed, fc.nat(), fc.nat(), (numbers, gone, relabelled) => {
        const all = numbers.map((i) => image(i, { split: 'train' }));
        const [out, changed] = [gone % all.length, relabelled % all.length];
        const now = all
          .map((each, i) => (i === changed ? { ...each, label: 5 } : each))
          .filter((_, i) => i !== out);
        const found = listingChanges(listing(all), listing(now));
        return found.length === (out === changed ? 1 : 2) && found.at(-1)!.startsWith('1 image gone');
      }),
      { seed },
    );
  });
});

describe('the same contents', () => {
  const twice = listing([
    ...images,
    image(4, { content: 'c0', name: 'copy.png' }),
    image(1, { name: 'again.png' }),
  ]);

  it('in training and in another split are a leak, under any name', () => {
    expect(leakedImages(twice).map((group) => group.map(({ name }) => name))).toEqual([
      ['0.png', 'copy.png'],
    ]);
    expect(leakedImages(before)).toEqual([]);
  });

  it('in validation and test are neither a leak nor doubled, and told apart from both', () => {
    const both = ['train', 'validation', 'test', 'validation', 'test'].map((split, i) =>
      image(i, { split, content: i < 3 ? 'a' : 'b' }),
    );
    const names = selectingImages(listing(both)).map((group) => group.map(({ name }) => name));
    expect(names).toEqual([['3.png', '4.png']]);
    expect([leakedImages, doubledImages].map((of) => of(listing(both.slice(3))))).toEqual([[], []]);
  });

  it('are not those of images that cannot be read', () => {
    const unreadable = listing(images.map((each) => ({ ...each, content: `${UNREADABLE}0d` })));
    expect([leakedImages, selectingImages, doubledImages].map((of) => of(unreadable))).toEqual([[], [], []]);
  });

  it('several times in a split are doubled', () => {
    expect(doubledImages(twice).map((group) => group.map(({ name }) => name))).toEqual([
      ['1.png', 'again.png'],
    ]);
  });
});
