/**
 * A data set as a plain description: for every image where it is, its class y, its subgroup z and its split. A group
 * is a cell y × z, and the spurious correlation that robust training works against is the imbalance of the cells in
 * training (Sagawa, Koh, Hashimoto, Liang: "Distributionally robust neural networks for group shifts", ICLR 2020).
 *
 * Descriptions are made from the texts of tables alone; nobody has opened an image yet.
 */
import { either as E } from 'fp-ts';
import { groupExamples, type GroupTable } from '../groups.ts';
import { refuse, shortFault, type DataError } from './data-error.ts';

/** The splits of a data set. */
export type SplitName = 'train' | 'validation' | 'test';

/** The splits in their usual order. */
export const SPLITS: readonly SplitName[] = ['train', 'validation', 'test'];

/** Where the bytes of an image are: a whole image file, or one record of an uncompressed TFRecord file. */
export interface ImageLocation {
  readonly file: string;
  /** The record's data: where it begins in the file and its length, in bytes. */
  readonly record?: { readonly offset: number; readonly length: number };
  /** What to call the file in an error, where it is a copy that is made anew every time. Default: `file`. */
  readonly name?: string;
}

/** What is known about an image before it is put into its group. */
export interface LabelledEntry<Image = ImageLocation> {
  readonly image: Image;
  /** Class y, an index into the classes. */
  readonly label: number;
  /** Subgroup z, an index into the subgroups. */
  readonly subgroup: number;
  readonly split: SplitName;
}

/** One image of a data set. */
export interface DatasetExample<Image = ImageLocation> extends LabelledEntry<Image> {
  /** Index of its group in the data set's table. */
  readonly group: number;
}

/** A data set without its pixels. */
export interface Dataset<Image = ImageLocation> {
  readonly name: string;
  /** Names of the classes y. */
  readonly classes: readonly string[];
  /** Names of the subgroups z. */
  readonly subgroups: readonly string[];
  /** One group for each y × z that occurs in any split, ordered by y, then z; counts are those of training, or 0. */
  readonly table: GroupTable;
  readonly splits: Readonly<Record<SplitName, readonly DatasetExample<Image>[]>>;
}

/** What {@link describeDataset} makes a data set from. */
export interface DatasetEntries<Image = ImageLocation> {
  readonly name: string;
  readonly classes: readonly string[];
  readonly subgroups: readonly string[];
  readonly entries: readonly LabelledEntry<Image>[];
  /** Splits that must hold images. Default: all three. */
  readonly required?: readonly SplitName[];
  readonly limits?: GroupLimits;
  /** What the table counts: training images after the limits, or before them, as published. Default `used`. */
  readonly groupSizes?: 'used' | 'published';
}

/** Most training images of a group, by group, such as `{ y0z0: 4054 }`; the first ones are kept. Default: all. */
export type GroupLimits = Readonly<Record<string, number>>;

const cellKey = ({ label, subgroup }: LabelledEntry<unknown>): string => `y${label}z${subgroup}`;

function limitFault(entries: DatasetEntries<unknown>): DataError | undefined {
  const { name, classes, subgroups, limits = {} } = entries;
  const cells = new Set(classes.flatMap((_, y) => subgroups.map((_, z) => `y${y}z${z}`)));
  const [wrong] = Object.entries(limits).filter(
    ([cell, limit]) => !(cells.has(cell) && Number.isInteger(limit) && limit >= 1),
  );
  return wrong === undefined
    ? undefined
    : {
        where: `${name}, limits`,
        expected: `whole numbers of images ≥ 1 for groups y0z0 … y${classes.length - 1}z${subgroups.length - 1}`,
        found: `${wrong[0]}: ${wrong[1]}`,
        cure: 'correct the limit, or leave it out to keep all images',
      };
}

function withinLimits<Image>(
  entries: readonly LabelledEntry<Image>[],
  limits: GroupLimits,
): readonly LabelledEntry<Image>[] {
  if (Object.keys(limits).length === 0) return entries;
  const left = new Map(Object.entries(limits));
  return entries.filter((entry) => {
    const more = entry.split === 'train' ? left.get(cellKey(entry)) : undefined;
    if (more !== undefined) left.set(cellKey(entry), more - 1);
    return more === undefined || more > 0;
  });
}

function outside(entries: DatasetEntries<unknown>): DataError | undefined {
  const { name, classes, subgroups } = entries;
  const isIndex = (value: number, names: readonly string[]) =>
    Number.isInteger(value) && value >= 0 && value < names.length;
  const position = entries.entries.findIndex(
    ({ label, subgroup }) => !isIndex(label, classes) || !isIndex(subgroup, subgroups),
  );
  if (position < 0) return undefined;
  const { label, subgroup } = entries.entries[position]!;
  return {
    where: `${name}, entry ${position}`,
    expected: `a class below ${classes.length} and a subgroup below ${subgroups.length}`,
    found: `${label} and ${subgroup}`,
    cure: 'correct the entry, or name all classes and subgroups',
  };
}

/**
 * Groups labelled entries into a data set.
 *
 * @param entries Names, and one entry an image; their order is kept within each split.
 * @returns The data set, or which required split is empty, which limit names no group or which label is no class.
 * @example
 * ```ts
 * import { describeDataset, type LabelledEntry } from 'model-patching/data';
 * const entry = (label: number, subgroup: number, split: 'train' | 'test'): LabelledEntry => ({
 *   image: { file: `${split}-${label}${subgroup}.jpg` }, label, subgroup, split,
 * });
 * const described = describeDataset({
 *   name: 'lesions',
 *   classes: ['benign', 'malignant'],
 *   subgroups: ['bare', 'bandage'],
 *   entries: [entry(1, 0, 'train'), entry(0, 1, 'train'), entry(0, 0, 'train'), entry(0, 0, 'test')],
 *   required: ['train', 'test'],
 * });
 * if (described._tag === 'Left') throw new Error(described.left.found);
 * if (described.right.table.names.join() !== '(Y=0)(Z=0),(Y=0)(Z=1),(Y=1)(Z=0)') throw new Error('wrong groups');
 * if (described.right.splits.train.map(({ group }) => group).join() !== '2,1,0') throw new Error('wrong order');
 * ```
 */
export function describeDataset<Image>(entries: DatasetEntries<Image>): E.Either<DataError, Dataset<Image>> {
  const { name, classes, subgroups, required = SPLITS, limits = {}, groupSizes = 'used' } = entries;
  const fault = outside(entries) ?? limitFault(entries);
  if (fault !== undefined) return E.left(shortFault(fault));
  const kept = withinLimits(entries.entries, limits);
  const empty = required.find((split) => !kept.some((entry) => entry.split === split));
  if (empty !== undefined || kept.length === 0) {
    return refuse(
      name,
      required.length === 0 ? 'images' : `images in the splits ${required.join(', ')}`,
      empty === undefined ? 'none' : `none in ${empty}`,
      `put images into ${empty ?? 'a split'}, or do not ask for this split`,
    );
  }
  const { table, groups } = groupExamples(
    kept.map(({ label }) => label),
    kept.map(({ subgroup }) => subgroup),
  );
  const splits: Record<SplitName, DatasetExample<Image>[]> = { train: [], validation: [], test: [] };
  kept.forEach((entry, i) => splits[entry.split].push({ ...entry, group: groups[i]! }));
  const groupOf = new Map(kept.map((entry, i) => [cellKey(entry), groups[i]!]));
  const trainingCounts = table.names.map(() => 0);
  for (const entry of groupSizes === 'used' ? splits.train : entries.entries) {
    const group = groupOf.get(cellKey(entry))!;
    if (entry.split === 'train') trainingCounts[group] = trainingCounts[group]! + 1;
  }
  return E.right({ name, classes, subgroups, table: { ...table, trainingCounts }, splits });
}
