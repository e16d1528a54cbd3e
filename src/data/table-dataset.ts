/**
 * A data set of one's own: a folder of images and a table with one row an image, its split, its class y and its
 * subgroup z.
 */
import { either as E, function as F } from 'fp-ts';
import { readCsv } from './csv.ts';
import type { DataError } from './data-error.ts';
import { describeDataset, SPLITS, type Dataset, type GroupLimits, type SplitName } from './dataset.ts';
import { imageFile, withoutDuplicates } from './image-names.ts';

/** How {@link describeTable} reads a table. */
export interface TableOptions {
  /** Name of the data set. Default `table`. */
  readonly name?: string;
  /** What to call the table in an error. Default its name. */
  readonly file?: string;
  /** Folder of the images, put before every name. Default none. */
  readonly folder?: string;
  /** Columns of the file's name, the split, the class and the subgroup. Default `filename`, `split`, `y`, `z`. */
  readonly columns?: {
    readonly filename?: string;
    readonly split?: string;
    readonly y?: string;
    readonly z?: string;
  };
  /** Put behind every file's name, such as `.jpg` for a table of ids. Default nothing. */
  readonly extension?: string;
  /**
   * Names of the classes; the table gives a name or its position. Default: what the column holds, whole numbers from 0
   * as `0`, `1`, …, names in alphabetical order.
   */
  readonly classes?: readonly string[];
  /** Names of the subgroups, likewise. */
  readonly subgroups?: readonly string[];
  /** What the table calls the splits. Default `train`, `validation` (or `val`, `valid`, `dev`), `test`. */
  readonly splits?: Partial<Record<SplitName, string | readonly string[]>>;
  /** Splits that must hold images. Default: all three. */
  readonly required?: readonly SplitName[];
  /** Most training images of a group. Default: all. */
  readonly limits?: GroupLimits;
}

interface TableRow {
  readonly file: string;
  readonly split: SplitName;
  readonly y: string;
  readonly z: string;
  readonly line: number;
}

const USUAL_SPLITS: Readonly<Record<SplitName, readonly string[]>> = {
  train: ['train', 'training'],
  validation: ['validation', 'val', 'valid', 'dev'],
  test: ['test', 'testing'],
};

function readSplit(
  value: string,
  names: TableOptions['splits'],
  where: string,
): E.Either<DataError, SplitName> {
  const called = (split: SplitName): readonly string[] =>
    names === undefined ? USUAL_SPLITS[split] : [names[split] ?? []].flat();
  const cleaned = names === undefined ? value.trim().toLowerCase() : value.trim();
  const split = SPLITS.find((candidate) => called(candidate).includes(cleaned));
  return split === undefined
    ? E.left({
        where,
        expected: `one of ${SPLITS.flatMap(called).join(', ')}`,
        found: value.trim() === '' ? 'nothing' : JSON.stringify(value),
        cure: 'correct the split, or say what the table calls its splits',
      })
    : E.right(split);
}

const isPosition = (value: string): boolean => /^\d{1,9}$/.test(value);

/** What a column holds, as names in their order. */
function namesIn(values: readonly string[]): readonly string[] {
  const distinct = [...new Set(values.map((value) => value.trim()))];
  if (!distinct.every(isPosition)) return distinct.sort();
  const largest = distinct.reduce((most, value) => Math.max(most, Number(value)), 0);
  return largest > 10 * distinct.length + 100
    ? distinct.sort((a, b) => Number(a) - Number(b))
    : Array.from({ length: largest + 1 }, (_, i) => String(i));
}

function position(
  value: string,
  names: readonly string[],
  where: string,
  what: string,
): E.Either<DataError, number> {
  const cleaned = value.trim();
  const named = names.indexOf(cleaned);
  const index = named >= 0 ? named : isPosition(cleaned) ? Number(cleaned) : -1;
  return index >= 0 && index < names.length
    ? E.right(index)
    : E.left({
        where,
        expected: `a ${what}: ${names.map((name, i) => (name === String(i) ? name : `${name} (${i})`)).join(', ')}`,
        found: cleaned === '' ? 'nothing' : JSON.stringify(value),
        cure: `correct the ${what}, or name all of them in the settings`,
      });
}

/**
 * A data set from a table with one row an image.
 *
 * @param text The table as CSV with a header.
 * @param options Its columns, classes and splits.
 * @returns The data set, images in the order of the rows; or which line is wrong and why: a column or file name is
 *   missing, a name leads out of the folder, an image comes twice, a class, subgroup or split is none.
 * @example
 * ```ts
 * import { describeTable } from 'model-patching/data';
 * const table = [
 *   'image,diagnosis,bandage,fold',
 *   'a.jpg,benign,yes,train', 'b.jpg,benign,no,train', 'c.jpg,malignant,no,train',
 *   'd.jpg,benign,no,val', 'e.jpg,malignant,no,test',
 * ].join('\n');
 * const described = describeTable(table, {
 *   name: 'skin lesions',
 *   folder: 'images',
 *   columns: { filename: 'image', split: 'fold', y: 'diagnosis', z: 'bandage' },
 *   classes: ['benign', 'malignant'],
 *   subgroups: ['no', 'yes'],
 * });
 * if (described._tag === 'Left') throw new Error(described.left.found);
 * const { table: groups, splits } = described.right;
 * if (groups.trainingCounts.join() !== '1,1,1') throw new Error('three groups expected');
 * if (splits.test[0]?.image.file !== 'images/e.jpg') throw new Error('one test image expected');
 * ```
 */
export function describeTable(text: string, options: TableOptions = {}): E.Either<DataError, Dataset> {
  const { name = 'table', folder = '', extension = '', columns = {}, splits, required, limits } = options;
  const file = options.file ?? name;
  const { filename = 'filename', split = 'split', y = 'y', z = 'z' } = columns;
  const readRow = (values: readonly string[], line: number): E.Either<DataError, TableRow> =>
    F.pipe(
      E.Do,
      E.bind('file', () =>
        imageFile(
          folder,
          values[0]!.trim() === '' ? '' : values[0]! + extension,
          `${file}, line ${line}, column ${filename}`,
        ),
      ),
      E.bind('split', () => readSplit(values[1]!, splits, `${file}, line ${line}, column ${split}`)),
      E.map((read) => ({ ...read, y: values[2]!, z: values[3]!, line })),
    );
  return F.pipe(
    readCsv(text, file, [filename, split, y, z], readRow),
    E.chain((rows) => withoutDuplicates(rows, file)),
    E.chain((rows) => {
      const classes = options.classes ?? namesIn(rows.map((row) => row.y));
      const subgroups = options.subgroups ?? namesIn(rows.map((row) => row.z));
      return F.pipe(
        rows,
        E.traverseArray((row) =>
          F.pipe(
            E.Do,
            E.bind('label', () =>
              position(row.y, classes, `${file}, line ${row.line}, column ${y}`, 'class'),
            ),
            E.bind('subgroup', () =>
              position(row.z, subgroups, `${file}, line ${row.line}, column ${z}`, 'subgroup'),
            ),
            E.map((labels) => ({ ...labels, image: { file: row.file }, split: row.split })),
          ),
        ),
        E.chain((entries) =>
          describeDataset({
            name,
            classes,
            subgroups,
            entries,
            ...(required === undefined ? {} : { required }),
            ...(limits === undefined ? {} : { limits }),
          }),
        ),
      );
    }),
  );
}
