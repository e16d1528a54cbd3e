/**
 * A data set of one's own: a folder of images and a table with one row an image, its split, its class y and its
 * subgroup z.
 */
import { either as E, function as F } from 'fp-ts';
import type { Delimiter } from './csv-header.ts';
import { readCsv } from './csv.ts';
import { shortFault, type DataError } from './data-error.ts';
import { describeDataset, SPLITS, type Dataset, type GroupLimits, type SplitName } from './dataset.ts';
import { imageFile, withoutDuplicates } from './image-names.ts';
import { withoutLeftOut, type LeaveOut } from './left-out-rows.ts';
import { labelColumn, namedTwice, splitColumn, unknownValues } from './table-columns.ts';

/** How {@link describeTable} reads a table. */
export interface TableOptions {
  /** Name of the data set. Default `table`. */
  readonly name?: string;
  /** What to call the table in an error. Default its name. */
  readonly file?: string;
  /** Folder of the images, put before every name. Default none. */
  readonly folder?: string;
  /** Columns of the file's name, the split, the class and the subgroup; '' is the one without a name. Default `filename`, `split`, `y`, `z`. */
  readonly columns?: {
    readonly filename?: string;
    readonly split?: string;
    readonly y?: string;
    readonly z?: string;
  };
  /** What separates the columns. By default it is found by the columns that the header must name. */
  readonly delimiter?: Delimiter;
  /** Put behind every file's name, such as `.jpg` for a table of ids. Default nothing. */
  readonly extension?: string;
  /**
   * Names of the classes, in order. The column holds names, or nothing but positions among them (0 is the first) if
   * none of them is a number. Default: the values of the column, numbers by size, words in alphabetical order. `1.0` is
   * `1`, and what stands for a missing value (nothing, `NaN`, `NA`, `null`, `None`) is no name unless it is given here.
   */
  readonly classes?: readonly string[];
  /** Names of the subgroups, likewise. */
  readonly subgroups?: readonly string[];
  /** What the table calls the splits. Default `train`, `validation` (or `val`, `valid`, `dev`), `test`. */
  readonly splits?: Partial<Record<SplitName, string | readonly string[]>>;
  /** Rows to leave out, by the values of any columns: `{ sex: ['unknown', ''] }`, where `''` is an empty cell. */
  readonly leaveOut?: LeaveOut;
  /** Splits that must hold images. Default: all three. */
  readonly required?: readonly SplitName[];
  /** Most training images of a group. Default: all. */
  readonly limits?: GroupLimits;
}

/** What is read of one row. */
interface TableRow {
  readonly file: string;
  readonly split: string;
  readonly y: string;
  readonly z: string;
  /** Its cells of the columns by which rows are left out. */
  readonly others: readonly string[];
  readonly line: number;
}

const columnsOf = ({ columns = {} }: TableOptions) => ({
  filename: 'filename',
  split: 'split',
  y: 'y',
  z: 'z',
  ...columns,
});

/** The rows that are not left out, each with the path of its image. */
function readRows(
  text: string,
  file: string,
  options: TableOptions,
): E.Either<DataError, readonly TableRow[]> {
  const { folder = '', extension = '', leaveOut = {}, delimiter } = options;
  const { filename, split, y, z } = columnsOf(options);
  const row = (values: readonly string[], line: number): E.Either<DataError, TableRow> => {
    const [image, inSplit, label, subgroup, ...others] = values;
    return E.right({ file: image!, split: inSplit!, y: label!, z: subgroup!, others, line });
  };
  return F.pipe(
    readCsv(
      text,
      file,
      [filename, split, y, z, ...Object.keys(leaveOut)],
      row,
      delimiter === undefined ? {} : { delimiter },
    ),
    E.chain((rows) => withoutLeftOut(rows, leaveOut, file)),
    E.chain(
      E.traverseArray((read) =>
        F.pipe(
          imageFile(folder, read.file, `${file}, line ${read.line}, column ${filename}`, extension),
          E.map((image) => ({ ...read, file: image })),
        ),
      ),
    ),
    E.chain((rows) => withoutDuplicates(rows, file)),
  );
}

/** What the rows say of their images. */
function describeRows(
  rows: readonly TableRow[],
  file: string,
  options: TableOptions,
): E.Either<DataError, Dataset> {
  const { name = 'table', required = SPLITS, limits = {} } = options;
  const columns = columnsOf(options);
  const cells = (key: 'split' | 'y' | 'z') => rows.map((row) => ({ cell: row[key], line: row.line }));
  const split = splitColumn(columns.split, options.splits);
  const [ys, zs] = [rows.map((row) => row.y), rows.map((row) => row.z)];
  const y = labelColumn(columns.y, 'classes', ys, options.classes);
  const z = labelColumn(columns.z, 'subgroups', zs, options.subgroups);
  const unknown = unknownValues(file, [
    { column: split, cells: cells('split') },
    { column: y, cells: cells('y') },
    { column: z, cells: cells('z') },
  ]);
  if (unknown !== undefined) return E.left(shortFault(unknown));
  const entries = rows.map((row) => ({
    image: { file: row.file },
    label: y.meaning(row.y)!,
    subgroup: z.meaning(row.z)!,
    split: split.meaning(row.split)!,
  }));
  return describeDataset({ name, classes: y.names, subgroups: z.names, entries, required, limits });
}

/**
 * A data set from a table with one row an image.
 *
 * @param text The table as CSV with a header.
 * @param options Its columns, classes and splits.
 * @returns The data set, images in the order of the rows; or what is wrong and where: a column or file name is
 *   missing, a name leads out of the folder, an image comes twice, a value to leave out is in no row; or every value
 *   that is no class, no subgroup or no split, with its number of rows.
 * @example
 * ```ts
 * import { describeTable } from 'model-patching/data';
 * const table = [
 *   'image,diagnosis,bandage,fold',
 *   'a.jpg,benign,yes,train', 'b.jpg,benign,no,train', 'c.jpg,malignant,no,train',
 *   'd.jpg,benign,no,val', 'e.jpg,malignant,no,test', 'f.jpg,,no,test',
 * ].join('\n');
 * const described = describeTable(table, {
 *   name: 'skin lesions',
 *   folder: 'images',
 *   columns: { filename: 'image', split: 'fold', y: 'diagnosis', z: 'bandage' },
 *   classes: ['benign', 'malignant'],
 *   subgroups: ['no', 'yes'],
 *   leaveOut: { diagnosis: '' },
 * });
 * if (described._tag === 'Left') throw new Error(described.left.found);
 * const { table: groups, splits } = described.right;
 * if (groups.trainingCounts.join() !== '1,1,1') throw new Error('three groups expected');
 * if (splits.test[0]?.image.file !== 'images/e.jpg') throw new Error('one test image expected');
 * ```
 */
export function describeTable(text: string, options: TableOptions = {}): E.Either<DataError, Dataset> {
  const { file = options.name ?? 'table', classes = [], subgroups = [], splits = {} } = options;
  const ofSplits = SPLITS.flatMap((split) => splits[split] ?? []);
  const ambiguous =
    namedTwice(file, 'classes', classes) ??
    namedTwice(file, 'subgroups', subgroups) ??
    namedTwice(file, 'splits', ofSplits);
  return ambiguous === undefined
    ? E.Monad.chain(readRows(text, file, options), (rows) => describeRows(rows, file, options))
    : E.left(shortFault(ambiguous));
}
