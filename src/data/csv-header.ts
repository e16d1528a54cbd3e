/**
 * The header of a table: which delimiter separates its columns, and where the wanted ones are. Spreadsheets write
 * semicolons where a comma is the decimal sign, and others write tabs. A header names the columns that are wanted under
 * one delimiter only, so it tells which one it is.
 */
import { either as E } from 'fp-ts';
import { shortFault, type DataError } from './data-error.ts';

/** What separates the columns of a table. */
export type Delimiter = 'comma' | 'semicolon' | 'tab';

/** Each delimiter as it stands in a table. */
export const DELIMITERS: Readonly<Record<Delimiter, string>> = { comma: ',', semicolon: ';', tab: '\t' };

const NAMES = Object.keys(DELIMITERS) as readonly Delimiter[];

/** One row of a table. */
export interface CsvRow {
  /** The line on which it begins, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** The header of a table. */
export interface CsvHeader {
  readonly delimiter: Delimiter;
  readonly line: number;
  /** Names of the columns, without blanks around them and with accents composed (NFC). One without a name is the empty text. */
  readonly names: readonly string[];
}

/** Reads the first row of a table with a delimiter; null if there is none. */
export type ReadFirst = (delimiter: string) => E.Either<DataError, CsvRow | null>;

/** A column as messages show it. */
const shownName = (name: string): string => (name === '' ? '(without a name)' : name);

const plain = (name: string): string => name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** The columns of a header, for a message. */
export function shownColumns({ names, delimiter }: CsvHeader): string {
  const columns = names.slice(0, 50).map(shownName).join(', ');
  if (names.length === 1) return `one column, ${columns}`;
  return `the columns ${columns}${delimiter === 'comma' ? '' : `, separated by ${delimiter}s`}`;
}

/** Whether a header lacks a column. One without a name may stand before those that it counts. */
const isMissing = ({ names }: CsvHeader, column: string): boolean => column !== '' && !names.includes(column);

/** What is wrong with a header that must hold certain columns, if anything. */
function headerFault(
  header: CsvHeader,
  file: string,
  wanted: readonly string[],
  better: CsvHeader | undefined,
): DataError | undefined {
  const { names, line } = header;
  const where = `${file}, line ${line}`;
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) !== i);
  if (twice !== undefined) {
    const found = `${JSON.stringify(twice)} twice`;
    return { where, expected: 'different names of columns', found, cure: 'name the columns apart' };
  }
  const missing = wanted.find((column) => isMissing(header, column));
  if (missing === undefined) return undefined;
  const near = names.find((name) => plain(name) === plain(missing) && name !== '');
  return {
    where,
    expected: `the column ${JSON.stringify(missing)}`,
    found: shownColumns(header),
    cure:
      better !== undefined
        ? `let the delimiter be found, or say ${better.delimiter}`
        : `rename the column in the table, or say which column is meant${near === undefined ? '' : ` (${JSON.stringify(near)}?)`}`,
  };
}

/**
 * Finds the header of a table.
 *
 * @param first Reads the first row.
 * @param file What to call the table in an error.
 * @param wanted The wanted columns.
 * @param said The delimiter, if somebody said it.
 * @returns The header; null if there is no row; or which column is missing, and which one is there twice.
 */
export function findHeader(
  first: ReadFirst,
  file: string,
  wanted: readonly string[],
  said?: Delimiter,
): E.Either<DataError, CsvHeader | null> {
  const read = NAMES.map((delimiter) =>
    E.Functor.map(first(DELIMITERS[delimiter]), (row): CsvHeader | null =>
      row === null
        ? null
        : { delimiter, line: row.line, names: row.fields.map((name) => name.trim().normalize('NFC')) },
    ),
  );
  const asSaid = read[NAMES.indexOf(said ?? 'comma')]!;
  const headers = read.flatMap((each) => (E.isRight(each) && each.right !== null ? [each.right] : []));
  const whole = headers.find((header) => !wanted.some((column) => isMissing(header, column)));
  if (said === undefined && headers.length > 0) {
    const widest = headers.reduce((best, next) => (next.names.length > best.names.length ? next : best));
    const header = whole ?? widest;
    const fault = headerFault(header, file, wanted, undefined);
    return fault === undefined ? E.right(header) : E.left(shortFault(fault));
  }
  if (E.isLeft(asSaid) || asSaid.right === null) return asSaid;
  const fault = headerFault(asSaid.right, file, wanted, whole);
  return fault === undefined ? asSaid : E.left(shortFault(fault));
}
