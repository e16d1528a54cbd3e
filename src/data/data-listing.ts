/**
 * What a run is bound to: every image of a data set by its contents, with its split, class and subgroup, in order. Two
 * listings say what has changed between them; one says which images are there more than once.
 */

/** An image of a listing. */
export interface ListedImage {
  readonly split: string;
  readonly label: number;
  readonly subgroup: number;
  /** A hash of what the image file holds. */
  readonly content: string;
  /** What to call it: its path below the root of the data. A name may change while the image stays the same. */
  readonly name: string;
}

/** All images of a data set, in its order. */
export interface DataListing {
  readonly classes: readonly string[];
  readonly subgroups: readonly string[];
  readonly images: readonly ListedImage[];
}

/** Images that a listing has and the other lacks, by what tells them apart, in order. */
function grouped(
  images: readonly ListedImage[],
  keyOf: (image: ListedImage) => string,
): Map<string, ListedImage[]> {
  const groups = new Map<string, ListedImage[]>();
  for (const image of images) {
    const key = keyOf(image);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [image]);
    else group.push(image);
  }
  return groups;
}

interface Matched {
  readonly pairs: readonly (readonly [there: ListedImage, here: ListedImage])[];
  readonly gone: readonly ListedImage[];
  readonly added: readonly ListedImage[];
}

/** Pairs images of the same key; of several those of equal place in the order. */
function matched(
  there: readonly ListedImage[],
  here: readonly ListedImage[],
  keyOf: (image: ListedImage) => string,
): Matched {
  const left = grouped(here, keyOf);
  const pairs: [ListedImage, ListedImage][] = [];
  const gone: ListedImage[] = [];
  for (const image of there) {
    const partner = left.get(keyOf(image))?.shift();
    if (partner === undefined) gone.push(image);
    else pairs.push([image, partner]);
  }
  return { pairs, gone, added: [...left.values()].flat() };
}

/** By what images of two listings are taken for the same, the surest first. */
const KEYS: readonly ((image: ListedImage) => string)[] = [
  ({ split, label, subgroup, content, name }) => JSON.stringify([split, label, subgroup, content, name]),
  ({ split, label, subgroup, content }) => JSON.stringify([split, label, subgroup, content]),
  ({ content, name }) => JSON.stringify([content, name]),
  ({ name }) => name,
  ({ content }) => content,
];

/** Pairs images by each of the keys in turn. */
const matchedByKeys = (there: readonly ListedImage[], here: readonly ListedImage[]): Matched =>
  KEYS.reduce<Matched>(
    ({ pairs, gone, added }, keyOf) => {
      const further = matched(gone, added, keyOf);
      return { ...further, pairs: [...pairs, ...further.pairs] };
    },
    { pairs: [], gone: there, added: here },
  );

const counted = (count: number, one: string, several = `${one}s`): string =>
  `${count} ${count === 1 ? one : several}`;

function named(images: readonly ListedImage[]): string {
  const [first] = images;
  return first === undefined ? '' : ` (first: ${first.name})`;
}

/** The names of classes or subgroups, where they differ. */
function namesChanged(what: string, there: readonly string[], here: readonly string[]): readonly string[] {
  return there.join('\0') === here.join('\0')
    ? []
    : [`${what} ${there.join(', ')} there, ${here.join(', ')} here`];
}

/**
 * What has changed between two listings, in words, e.g. `12 labels (first: a.jpg)`. Names alone do not count.
 *
 * @param there The listing of then.
 * @param here That of now.
 * @returns None if a run would see the same images.
 * @example
 * ```ts
 * import { listingChanges } from 'model-patching/data';
 * const image = { split: 'train', label: 0, subgroup: 0, content: '5d41', name: 'a.png' };
 * const before = { classes: ['cat', 'dog'], subgroups: ['in'], images: [image] };
 * const after = { ...before, images: [{ ...image, label: 1, name: 'renamed.png' }] };
 * if (listingChanges(before, after).join() !== '1 label (first: renamed.png)') throw new Error('a cat is a dog now');
 * ```
 */
export function listingChanges(there: DataListing, here: DataListing): readonly string[] {
  const { pairs, gone, added } = matchedByKeys(there.images, here.images);
  const changed = (key: 'label' | 'subgroup' | 'split' | 'content'): readonly ListedImage[] =>
    pairs.filter(([one, other]) => one[key] !== other[key]).map(([, image]) => image);
  const lines = (
    [
      [changed('label'), 'label', 'labels'],
      [changed('subgroup'), 'subgroup', 'subgroups'],
      [changed('split'), 'image in another split', 'images in other splits'],
      [changed('content'), 'image with other contents', 'images with other contents'],
      [gone, 'image gone', 'images gone'],
      [added, 'new image', 'new images'],
    ] as const
  ).flatMap(([images, one, several]) =>
    images.length === 0 ? [] : [`${counted(images.length, one, several)}${named(images)}`],
  );
  const all = [
    ...namesChanged('classes', there.classes, here.classes),
    ...namesChanged('subgroups', there.subgroups, here.subgroups),
    ...lines,
  ];
  if (all.length > 0) return all;
  const moved = here.images.filter((image, i) => there.images[i]!.content !== image.content);
  return moved.length === 0 ? [] : [`the order of ${counted(moved.length, 'image')}${named(moved)}`];
}

/** Images of the same contents, as they are listed. */
export type SameContents = readonly ListedImage[];

/**
 * Images that are in a training split and in another one, whatever they are called: such a leak lets a classifier know
 * what it is tested on.
 *
 * @param listing Of a data set.
 * @returns For each contents that two splits share, the images, the training ones first.
 */
export function leakedImages({ images }: DataListing): readonly SameContents[] {
  const groups = [...grouped(images, ({ content }) => content).values()];
  return groups.filter(
    (group) => group.some(({ split }) => split === 'train') && group.some(({ split }) => split !== 'train'),
  );
}

/**
 * Images that one split holds more than once.
 *
 * @param listing Of a data set.
 * @returns For each contents that a split holds several times, its images there.
 */
export function doubledImages({ images }: DataListing): readonly SameContents[] {
  const groups = [...grouped(images, ({ content, split }) => `${split} ${content}`).values()];
  return groups.filter(({ length }) => length > 1);
}
