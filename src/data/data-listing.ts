/**
 * What a run is bound to: every image of a data set by its contents, with its split, class, subgroup and group, in order.
 * Two listings say what has changed between them; one says which images are there more than once.
 */

/** An image of a listing. */
export interface ListedImage {
  readonly split: string;
  readonly label: number;
  readonly subgroup: number;
  /** The name of its group, which label and subgroup do not tell where subgroups are learnt. Digits have none. */
  readonly group?: string;
  /** A hash of what the image file holds; `unreadable` and a hash of the reason for one that cannot be read. */
  readonly content: string;
  /** What to call it: its path below the root of the data. A name may change while the image stays the same. */
  readonly name: string;
}

/** All images of a data set, in its order. */
export interface DataListing {
  readonly classes: readonly string[];
  readonly subgroups: readonly string[];
  readonly images: readonly ListedImage[];
  /** Training images of each group by its name, as runs count them: published sizes also count those that limits leave out. */
  readonly trainingCounts?: Readonly<Record<string, number>>;
}

/** The contents of an image that cannot be read begin with it. */
export const UNREADABLE = 'unreadable ';

/** Images by what tells them apart, those of a key in their order. */
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

/** What a run sees of an image. */
const seen = ({ split, label, subgroup, group, content }: ListedImage): string =>
  JSON.stringify([split, label, subgroup, group, content]);

/** By what images of two listings are taken for the same, the surest first. */
const KEYS: readonly ((image: ListedImage) => string)[] = [
  (image) => seen(image) + image.name,
  seen,
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

/** Groups whose training images are counted otherwise, where the images that are listed do not say so. */
function countsChanged(there: DataListing, here: DataListing): readonly string[] {
  const listed = ({ images }: DataListing, name: string): number =>
    images.filter(({ group, split }) => group === name && split === 'train').length;
  const [before = {}, now = {}] = [there.trainingCounts, here.trainingCounts];
  return Object.keys({ ...before, ...now }).flatMap((group) => {
    const [then, after] = [before[group] ?? 0, now[group] ?? 0];
    const isListed = then === listed(there, group) && after === listed(here, group);
    return then === after || isListed ? [] : [`training images of ${group} ${then} there, ${after} here`];
  });
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
  // A label or a subgroup that has changed tells it otherwise.
  const regrouped = pairs.filter(
    ([one, other]) =>
      one.group !== other.group && one.label === other.label && one.subgroup === other.subgroup,
  );
  const lines = (
    [
      [changed('label'), 'label', 'labels'],
      [changed('subgroup'), 'subgroup', 'subgroups'],
      [regrouped.map(([, image]) => image), 'group', 'groups'],
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
    ...countsChanged(there, here),
  ];
  if (all.length > 0) return all;
  const moved = here.images.filter((image, i) => seen(there.images[i]!) !== seen(image));
  return moved.length === 0 ? [] : [`the order of ${counted(moved.length, 'image')}${named(moved)}`];
}

/** Images of the same contents, as they are listed. */
export type SameContents = readonly ListedImage[];

/** Images of the same contents that a key tells apart, where there are several. What cannot be read has no contents. */
const withSameContents = (
  { images }: DataListing,
  keyOf: (image: ListedImage) => string,
): readonly SameContents[] =>
  [
    ...grouped(
      images.filter(({ content }) => !content.startsWith(UNREADABLE)),
      keyOf,
    ).values(),
  ].filter(({ length }) => length > 1);

const isIn =
  (...splits: readonly string[]) =>
  (group: SameContents): boolean =>
    splits.every((split) => group.some((image) => image.split === split));

/**
 * Images that are in a training split and in another one, whatever they are called: such a leak lets a classifier know
 * what it is tested on.
 *
 * @param listing Of a data set.
 * @returns For each contents that two splits share, the images, the training ones first.
 */
export function leakedImages(listing: DataListing): readonly SameContents[] {
  return withSameContents(listing, ({ content }) => content).filter(
    (group) => isIn('train')(group) && group.some(({ split }) => split !== 'train'),
  );
}

/**
 * Images that are in the splits of validation and test, and not in that of training: the checkpoint is selected by what
 * it is tested on.
 *
 * @param listing Of a data set.
 * @returns For each contents that the two splits share, the images, those of validation first.
 */
export const selectingImages = (listing: DataListing): readonly SameContents[] =>
  withSameContents(listing, ({ content }) => content).filter(
    (group) => isIn('validation', 'test')(group) && !isIn('train')(group),
  );

/**
 * Images that one split holds more than once.
 *
 * @param listing Of a data set.
 * @returns For each contents that a split holds several times, its images there.
 */
export function doubledImages(listing: DataListing): readonly SameContents[] {
  return withSameContents(listing, ({ content, split }) => `${split} ${content}`);
}
