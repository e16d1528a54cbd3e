/**
 * Tables as comma-separated values (RFC 4180): fields may stand in double quotes, in which a quote is doubled and line
 * breaks and commas are part of the field. Semicolons or tabs may stand for the commas. Rows are handed on one by one,
 * for a table of a large data set has millions of fields of which few are needed.
 */
import { either as E } from 'fp-ts';
import {
  DELIMITERS,
  findHeader,
  shownColumns,
  type CsvHeader,
  type CsvRow,
  type Delimiter,
} from './csv-header.ts';
import { refuse, type DataError } from './data-error.ts';

/** One field from `start` on: its text, and where the field ends. */
function readField(
  text: string,
  start: number,
  delimiter: string,
): { readonly value: string; readonly end: number } | null {
  if (text[start] !== '"') {
    let end = start;
    while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') end++;
    return { value: text.slice(start, end), end };
  }
  let value = '';
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return null;
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1 };
    value += '"';
    at = quote + 2;
  }
}

/** The delimiter that a character is. */
const delimiterNamed = (character: string | undefined): Delimiter | undefined =>
  (Object.keys(DELIMITERS) as readonly Delimiter[]).find((name) => DELIMITERS[name] === character);

/** What Excel writes before a table to say its delimiter. */
const SAID = /^\ufeff?sep=(.)\r?\n/i;

/** The rows of a text, or the line at which a quoted field does not end as it should. */
export function* csvRows(
  text: string,
  name: string,
  delimiter = ',',
): Generator<E.Either<DataError, CsvRow>> {
  const fault = (line: number, expected: string, found: string) =>
    refuse(`${name}, line ${line}`, expected, found, 'correct the line');
  const said = SAID.exec(text)?.[0];
  let line = said === undefined ? 1 : 2;
  for (let at = said?.length ?? (text.startsWith('\ufeff') ? 1 : 0); at < text.length;) {
    const began = line;
    const fields: string[] = [];
    for (;;) {
      const field = readField(text, at, delimiter);
      if (field === null) {
        yield fault(began, 'a closing quote', 'the end of the file');
        return;
      }
      if (text[at] === '"') line += text.slice(at, field.end).split('\n').length - 1;
      fields.push(field.value);
      at = field.end;
      const next = text[at];
      if (next === delimiter) {
        at++;
        continue;
      }
      if (next !== undefined && next !== '\n' && next !== '\r') {
        yield fault(
          line,
          `a ${delimiterNamed(delimiter)!} or the end of the line after a quoted field`,
          JSON.stringify(next),
        );
        return;
      }
      break;
    }
    at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1;
    line++;
    if (fields.length > 1 || fields[0] !== '') yield E.right({ line: began, fields });
  }
}

const firstRow = (text: string, name: string, delimiter: string): E.Either<DataError, CsvRow | null> =>
  csvRows(text, name, delimiter).next().value ?? E.right(null);

/**
 * How many columns every row has before those of the header, by the first row. R writes the names of rows so: an index
 * whose column the header does not count.
 */
function columnsBefore({ names }: CsvHeader, fields: readonly string[], columns: readonly string[]): 0 | 1 {
  const isIndex = /^\d+$/.test(fields[0]!.trim()) || (columns.includes('') && !names.includes(''));
  return fields.length === names.length + 1 && isIndex && fields.at(-1) !== '' ? 1 : 0;
}

/** How {@link readCsv} reads a table. */
export interface CsvOptions {
  /** What separates the columns. By default it is found by the columns that the header must name. */
  readonly delimiter?: Delimiter;
}

const delimiterOf = (text: string, { delimiter }: CsvOptions): Delimiter | undefined =>
  delimiter ?? delimiterNamed(SAID.exec(text)?.[1]);

/**
 * The wanted columns of a table whose first row names its columns. A column of numbers before them, which the header
 * does not count, is an index and passed over.
 *
 * @param text The table as CSV, with or without a byte order mark.
 * @param name What to call it in an error.
 * @param columns The wanted columns, in any order; others are passed over. The empty text is the first one without a
 *   name.
 * @param row Makes something of the wanted values of one row, in the order of `columns`.
 * @param options The delimiter, where it is not to be found.
 * @returns What was made of each row; or which column is missing, which line has another number of fields, or what
 *   `row` found wrong first.
 * @example
 * ```ts
 * import { either as E } from 'fp-ts';
 * import { readCsv } from 'model-patching/data';
 * const read = readCsv('id,y\n"a, b",1\n', 'labels.csv', ['y', 'id'], (values) => E.right(values.join(':')));
 * if (read._tag === 'Left' || read.right[0] !== '1:a, b') throw new Error('one row expected');
 * const other = readCsv('id;y\n7;1\n', 'labels.csv', ['y'], ([y]) => E.right(y));
 * if (other._tag === 'Left' || other.right[0] !== '1') throw new Error('semicolons separate it');
 * const wrong = readCsv('id\n1\n', 'labels.csv', ['y'], E.right);
 * if (wrong._tag === 'Right' || wrong.left.expected !== 'the column "y"') throw new Error('no such column');
 * ```
 */
export function readCsv<A>(
  text: string,
  name: string,
  columns: readonly string[],
  row: (values: readonly string[], line: number) => E.Either<DataError, A>,
  options: CsvOptions = {},
): E.Either<DataError, readonly A[]> {
  const wanted = columns.map((column) => column.normalize('NFC'));
  const found = findHeader(
    (delimiter) => firstRow(text, name, delimiter),
    name,
    wanted,
    delimiterOf(text, options),
  );
  if (E.isLeft(found)) return found;
  const header = found.right;
  if (header === null) {
    return refuse(name, `a table with the columns ${wanted.join(', ')}`, 'no rows', 'give the table');
  }
  const rows = csvRows(text, name, DELIMITERS[header.delimiter]);
  rows.next();
  return readRows(rows, header, name, wanted, row);
}

/** What is made of the rows below a header. */
function readRows<A>(
  rows: Iterable<E.Either<DataError, CsvRow>>,
  header: CsvHeader,
  name: string,
  columns: readonly string[],
  row: (values: readonly string[], line: number) => E.Either<DataError, A>,
): E.Either<DataError, readonly A[]> {
  const made: A[] = [];
  let before: number | undefined;
  let places: readonly number[] = [];
  for (const read of rows) {
    if (E.isLeft(read)) return read;
    const { line, fields } = read.right;
    if (before === undefined) {
      const index = columnsBefore(header, fields, columns);
      before = index;
      // An index has no name, and the place before the others.
      places = columns.map((column) => header.names.indexOf(column) + index);
    }
    if (places.includes(-1)) {
      const cure = 'say which column is meant';
      return refuse(`${name}, line ${header.line}`, 'a column without a name', shownColumns(header), cure);
    }
    if (fields.length !== header.names.length + before) {
      return refuse(`${name}, line ${line}`, ...wrongWidth(header, before, fields));
    }
    const result = row(
      places.map((place) => fields[place]!),
      line,
    );
    if (E.isLeft(result)) return result;
    made.push(result.right);
  }
  return E.right(made);
}

/** What is said of a row with another number of fields: expectation, finding and cure. */
function wrongWidth({ names }: CsvHeader, before: number, fields: readonly string[]) {
  const index = before === 0 ? '' : ' and an index before them, as in the first row';
  const oneMore = before === 0 && fields.length === names.length + 1;
  const cure = oneMore && fields.at(-1) === '' ? ', or take away the delimiter at the end of the lines' : '';
  return [
    `${names.length} fields, as in the header${index}`,
    `${fields.length}`,
    `correct the line${cure}`,
  ] as const;
}
