/**
 * CelebA (Liu, Luo, Wang, Tang: "Deep learning face attributes in the wild", ICCV 2015): portraits with forty
 * attributes. One attribute is the class, another the subgroup. CelebA-Undersampled (Goel, Gu, Li, Ré: "Model patching",
 * ICLR 2021) takes `Blond_Hair` and `Male`, and keeps 4,054 of the 71,629 training images of group (0,0), women who are
 * not blond, so that hair and gender become correlated.
 */
import { either as E, function as F } from 'fp-ts';
import { cellValue } from './cell-values.ts';
import { readCsv } from './csv.ts';
import { refuse, type DataError } from './data-error.ts';
import {
  describeDataset,
  SPLITS,
  type Dataset,
  type GroupLimits,
  type LabelledEntry,
  type SplitName,
} from './dataset.ts';
import type { ExampleFeatures } from './example.ts';
import { imageFile, withoutDuplicates } from './image-names.ts';
import { binaryFeature, type RecordLabels } from './record-features.ts';

/** The published limits of CelebA-Undersampled. */
export const CELEBA_UNDERSAMPLED: GroupLimits = { y0z0: 4054 };

/** Which attributes of CelebA are class and subgroup, and how many images are kept. */
export interface CelebaOptions {
  /** Default `Blond_Hair`. */
  readonly label?: string;
  /** Default `Male`. */
  readonly subgroup?: string;
  /** Most training images of a group, see {@link CELEBA_UNDERSAMPLED}. Default: all. */
  readonly limits?: GroupLimits;
  /** Whether the table counts the training images that are used (default), or those before the limits, as published. */
  readonly groupSizes?: 'used' | 'published';
  /** Splits that must hold images. Default: all three. */
  readonly required?: readonly SplitName[];
}

/** The texts of CelebA's tables. */
export interface CelebaTables {
  /** `list_attr_celeba`, as `.txt` or `.csv`. */
  readonly attributes: string;
  /** `list_eval_partition`, as `.txt` or `.csv`. */
  readonly partition: string;
  /** What to call them in an error. */
  readonly attributesFile?: string;
  readonly partitionFile?: string;
  /** Folder of the images. Default none. */
  readonly folder?: string;
}

interface Row {
  /** The name of the image. */
  readonly name: string;
  readonly values: readonly string[];
  readonly line: number;
}

interface ImageRow extends Row {
  /** The path of the image. */
  readonly file: string;
}

/** The header of a table as CSV. In the other form the first line is a number, or a name and a number. */
const headerOf = (text: string): string => /^\ufeff?([^\r\n]*)/.exec(text)![1]!;

const isCsv = (text: string): boolean => /image_id|[,;]|^\t/.test(headerOf(text));

/** The column of the names: pandas writes them as an index without a name where they were one. */
const nameColumn = (text: string): string =>
  !/image_id/.test(headerOf(text)) && /^(?:"")?[,;\t]/.test(headerOf(text)) ? '' : 'image_id';

const wrongLine = (file: string, line: number, expected: string, found: string) =>
  refuse(`${file}, line ${line}`, expected, found, 'fetch the file again');

/** Rows of words; `columns` picks some of them by the names in a header of names, or by their places without one. */
function readWords(
  text: string,
  file: string,
  columns: readonly (string | number)[],
  headerLine: number,
): E.Either<DataError, readonly Row[]> {
  const lines = text.split(/\r?\n/);
  const header = headerLine === 0 ? [] : (lines[headerLine - 1] ?? '').trim().split(/\s+/);
  const places = columns.map((column) => (typeof column === 'number' ? column : header.indexOf(column) + 1));
  const missing = columns.find((_, i) => places[i] === 0);
  if (missing !== undefined) {
    return wrongLine(file, headerLine, `the attribute ${missing}`, `only ${header.slice(0, 50).join(', ')}`);
  }
  const width = headerLine === 0 ? 2 : header.length + 1;
  const rows: Row[] = [];
  for (let i = headerLine; i < lines.length; i++) {
    if (lines[i]!.trim() === '') continue;
    const words = lines[i]!.trim().split(/\s+/);
    if (words.length !== width) return wrongLine(file, i + 1, `${width} words`, `${words.length}`);
    rows.push({ name: words[0]!, values: places.map((place) => words[place]!), line: i + 1 });
  }
  return E.right(rows);
}

const readRows = (
  text: string,
  file: string,
  columns: readonly string[],
): E.Either<DataError, readonly Row[]> =>
  readCsv(text, file, [nameColumn(text), ...columns], ([image, ...values], line) =>
    E.right({ name: image!, values, line }),
  );

/** The rows of a table with the paths of their images, each image once. */
const imageRows = (
  rows: E.Either<DataError, readonly Row[]>,
  folder: string,
  table: string,
): E.Either<DataError, readonly ImageRow[]> =>
  F.pipe(
    rows,
    E.chain(
      E.traverseArray((row) =>
        F.pipe(
          imageFile(folder, row.name, `${table}, line ${row.line}`),
          E.map((file) => ({ ...row, file })),
        ),
      ),
    ),
    E.chain((named) => withoutDuplicates(named, table)),
  );

function attributeRows(
  { attributes, attributesFile = 'list_attr_celeba', folder = '' }: CelebaTables,
  columns: readonly string[],
): E.Either<DataError, readonly ImageRow[]> {
  if (isCsv(attributes)) {
    return imageRows(readRows(attributes, attributesFile, columns), folder, attributesFile);
  }
  const words = E.Monad.chain(readWords(attributes, attributesFile, columns, 2), (rows) => {
    const [stated = ''] = attributes.split(/\r?\n/, 1);
    return Number(stated.trim()) === rows.length
      ? E.right(rows)
      : wrongLine(attributesFile, 1, `the number of rows, ${rows.length}`, JSON.stringify(stated));
  });
  return imageRows(words, folder, attributesFile);
}

function partitionOf(tables: CelebaTables): E.Either<DataError, ReadonlyMap<string, SplitName>> {
  const { partition, partitionFile = 'list_eval_partition', folder = '' } = tables;
  const rows = isCsv(partition)
    ? readRows(partition, partitionFile, ['partition'])
    : readWords(partition, partitionFile, [1], 0);
  return E.Monad.chain(imageRows(rows, folder, partitionFile), (read) => {
    const wrong = read.find(({ values }) => !['0', '1', '2'].includes(cellValue(values[0]!)));
    return wrong === undefined
      ? E.right(new Map(read.map(({ file, values }) => [file, SPLITS[Number(values[0])]!])))
      : wrongLine(partitionFile, wrong.line, 'the split 0, 1 or 2', JSON.stringify(wrong.values[0]));
  });
}

/** 1 for an attribute that is there, 0 for one that is not (−1 in the tables). */
function present(value: string, file: string, line: number, column: string): E.Either<DataError, 0 | 1> {
  const number = cellValue(value);
  return number === '1'
    ? E.right(1)
    : number === '-1' || number === '0'
      ? E.right(0)
      : wrongLine(file, line, `1 or -1 for ${column}`, JSON.stringify(value));
}

/**
 * Groups the entries of CelebA.
 *
 * @param entries Every image, in stored order.
 * @param options Class, subgroup, and how many of each group are kept.
 * @returns The data set; or which split is empty, or which limit names no group.
 * @example
 * ```ts
 * import { describeCelebaEntries, SPLITS } from 'model-patching/data';
 * const entries = SPLITS.flatMap((split) =>
 *   [0, 0, 1, 2, 3].map((group, image) => ({ image, label: group >> 1, subgroup: group & 1, split })),
 * );
 * const described = describeCelebaEntries(entries, { limits: { y0z0: 1 } });
 * if (described._tag === 'Left') throw new Error(described.left.found);
 * const { name, table, splits } = described.right;
 * if (name !== 'CelebA-Undersampled' || table.trainingCounts.join() !== '1,1,1,1') throw new Error('one was left out');
 * if (splits.test.length !== 5) throw new Error('limits are those of training');
 * ```
 */
export function describeCelebaEntries<Image>(
  entries: readonly LabelledEntry<Image>[],
  options: CelebaOptions = {},
): E.Either<DataError, Dataset<Image>> {
  const {
    label = 'Blond_Hair',
    subgroup = 'Male',
    limits = {},
    groupSizes = 'used',
    required = SPLITS,
  } = options;
  const limited = Object.keys(limits).length > 0;
  return describeDataset({
    name: limited ? 'CelebA-Undersampled' : 'CelebA',
    classes: [`Not ${label}`, label],
    subgroups: [`Not ${subgroup}`, subgroup],
    entries,
    limits,
    groupSizes,
    required,
  });
}

/**
 * CelebA from its original tables.
 *
 * @param tables Texts of `list_attr_celeba` and `list_eval_partition`, each in the `.txt` or the `.csv` form.
 * @param options Class and subgroup, and how many images of group (0,0) are kept.
 * @returns The data set, images in the order of the attributes; or which line is wrong, which image is there twice, or
 *   which attribute or split is missing.
 * @example
 * ```ts
 * import { describeCeleba } from 'model-patching/data';
 * const images = Array.from({ length: 12 }, (_, i) => ({ file: `${i}.jpg`, y: i & 1, z: (i >> 1) & 1, split: i >> 2 }));
 * const attributes = ['12', 'Male Blond_Hair', ...images.map(({ file, y, z }) => `${file} ${2 * z - 1}  ${2 * y - 1}`)];
 * const partition = images.map(({ file, split }) => `${file} ${split}`);
 * const described = describeCeleba({ attributes: attributes.join('\n'), partition: partition.join('\n') });
 * if (described._tag === 'Left') throw new Error(described.left.found);
 * const { classes, table } = described.right;
 * if (classes[0] !== 'Not Blond_Hair' || table.trainingCounts.join() !== '1,1,1,1') throw new Error('four groups');
 * ```
 */
export function describeCeleba(
  tables: CelebaTables,
  options: CelebaOptions = {},
): E.Either<DataError, Dataset> {
  const { label = 'Blond_Hair', subgroup = 'Male' } = options;
  const { attributesFile = 'list_attr_celeba', partitionFile = 'list_eval_partition' } = tables;
  const read = F.pipe(
    E.Do,
    E.bind('rows', () => attributeRows(tables, [label, subgroup])),
    E.bind('splits', () => partitionOf(tables)),
  );
  if (E.isLeft(read)) return read;
  const entries: LabelledEntry[] = [];
  for (const { name, file, values, line } of read.right.rows) {
    const split = read.right.splits.get(file);
    if (split === undefined) {
      return wrongLine(attributesFile, line, `${name} in ${partitionFile}`, 'no such line there');
    }
    const y = present(values[0]!, attributesFile, line, label);
    const z = present(values[1]!, attributesFile, line, subgroup);
    if (E.isLeft(y)) return y;
    if (E.isLeft(z)) return z;
    entries.push({ image: { file }, label: y.right, subgroup: z.right, split });
  }
  return describeCelebaEntries(entries, options);
}

/**
 * What a record of CelebA says of its image: two of its forty int64 features, each 0 or 1.
 *
 * @param features All features of the record.
 * @param where What to call it in an error.
 * @param options Which attributes are class and subgroup.
 * @returns Class and subgroup, or which feature is missing or no 0 or 1.
 * @example
 * ```ts
 * import { celebaRecord } from 'model-patching/data';
 * const one = (value: bigint) => ({ kind: 'int64' as const, values: [value] });
 * const features = { Blond_Hair: one(0n), Male: one(1n), Smiling: one(1n) };
 * const published = celebaRecord(features, 'record 0');
 * if (published._tag === 'Left' || published.right.label !== 0) throw new Error('not blond');
 * const smiling = celebaRecord(features, 'record 0', { label: 'Smiling' });
 * if (smiling._tag === 'Left' || smiling.right.label !== 1) throw new Error('smiling');
 * ```
 */
export function celebaRecord(
  features: ExampleFeatures,
  where: string,
  options: CelebaOptions = {},
): E.Either<DataError, RecordLabels> {
  const { label = 'Blond_Hair', subgroup = 'Male' } = options;
  return F.pipe(
    E.Do,
    E.bind('label', () => binaryFeature(features, label, where)),
    E.bind('subgroup', () => binaryFeature(features, subgroup, where)),
  );
}
