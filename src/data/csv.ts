/**
 * Tables as comma-separated values (RFC 4180): fields may stand in double quotes, in which a quote is doubled and line
 * breaks and commas are part of the field. Rows are handed on one by one, for a table of a large data set has millions
 * of fields of which few are needed.
 */
import { either as E } from 'fp-ts';
import { refuse, type DataError } from './data-error.ts';

/** One row of a table. */
export interface CsvRow {
  /** The line on which it begins, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** One field from `start` on: its text, and where the field ends. */
function readField(text: string, start: number): { readonly value: string; readonly end: number } | null {
  if (text[start] !== '"') {
    let end = start;
    while (end < text.length && text[end] !== ',' && text[end] !== '\n' && text[end] !== '\r') end++;
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

/** The rows of a text, or the line at which a quoted field does not end as it should. */
export function* csvRows(text: string, name: string): Generator<E.Either<DataError, CsvRow>> {
  const fault = (line: number, expected: string, found: string) =>
    refuse(`${name}, line ${line}`, expected, found, 'correct the line');
  let line = 1;
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length;) {
    const began = line;
    const fields: string[] = [];
    for (;;) {
      const field = readField(text, at);
      if (field === null) {
        yield fault(began, 'a closing quote', 'the end of the file');
        return;
      }
      if (text[at] === '"') line += text.slice(at, field.end).split('\n').length - 1;
      fields.push(field.value);
      at = field.end;
      const next = text[at];
      if (next === ',') {
        at++;
        continue;
      }
      if (next !== undefined && next !== '\n' && next !== '\r') {
        yield fault(line, 'a comma or the end of the line after a quoted field', JSON.stringify(next));
        return;
      }
      break;
    }
    at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1;
    line++;
    if (fields.length > 1 || fields[0] !== '') yield E.right({ line: began, fields });
  }
}

/** What is wrong with a header that must hold certain columns, if anything. */
function headerFault(
  { line, fields }: CsvRow,
  name: string,
  columns: readonly string[],
): DataError | undefined {
  const twice = fields.find((column, i) => fields.indexOf(column) !== i);
  const missing = columns.find((column) => !fields.includes(column));
  const shown = fields.slice(0, 50).join(', ');
  return twice !== undefined
    ? {
        where: `${name}, line ${line}`,
        expected: 'different names of columns',
        found: `${JSON.stringify(twice)} twice`,
        cure: 'name the columns apart',
      }
    : missing !== undefined
      ? {
          where: `${name}, line ${line}`,
          expected: `the column ${JSON.stringify(missing)}`,
          found: `the columns ${shown}`,
          cure: 'rename the column in the table, or say which column is meant',
        }
      : undefined;
}

/**
 * The wanted columns of a table whose first row names its columns.
 *
 * @param text The table as CSV, with or without a byte order mark.
 * @param name What to call it in an error.
 * @param columns The wanted columns, in any order; others are passed over.
 * @param row Makes something of the wanted values of one row, in the order of `columns`.
 * @returns What was made of each row; or which column is missing, which line has another number of fields, or what
 *   `row` found wrong first.
 * @example
 * ```ts
 * import { either as E } from 'fp-ts';
 * import { readCsv } from 'model-patching/data';
 * const read = readCsv('id,y\n"a, b",1\n', 'labels.csv', ['y', 'id'], (values) => E.right(values.join(':')));
 * if (read._tag === 'Left' || read.right[0] !== '1:a, b') throw new Error('one row expected');
 * const wrong = readCsv('id\n1\n', 'labels.csv', ['y'], E.right);
 * if (wrong._tag === 'Right' || wrong.left.expected !== 'the column "y"') throw new Error('no such column');
 * ```
 */
export function readCsv<A>(
  text: string,
  name: string,
  columns: readonly string[],
  row: (values: readonly string[], line: number) => E.Either<DataError, A>,
): E.Either<DataError, readonly A[]> {
  const made: A[] = [];
  let header: CsvRow | undefined;
  let places: readonly number[] = [];
  for (const read of csvRows(text, name)) {
    if (E.isLeft(read)) return read;
    const { line, fields } = read.right;
    if (header === undefined) {
      header = read.right;
      const fault = headerFault(header, name, columns);
      if (fault !== undefined) return E.left(fault);
      places = columns.map((column) => fields.indexOf(column));
      continue;
    }
    if (fields.length !== header.fields.length) {
      const expected = `${header.fields.length} fields, as in the header`;
      return refuse(`${name}, line ${line}`, expected, `${fields.length}`, 'correct the line');
    }
    const result = row(
      places.map((place) => fields[place]!),
      line,
    );
    if (E.isLeft(result)) return result;
    made.push(result.right);
  }
  return header === undefined
    ? refuse(name, `a table with the columns ${columns.join(', ')}`, 'no rows', 'give the table')
    : E.right(made);
}
