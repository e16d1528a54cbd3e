/** Rows that a table has and a data set is made without, by the values of its columns. */
import { either as E } from 'fp-ts';
import { cellValue, writtenAsYaml } from './cell-values.ts';
import { countedValues, valuesOf } from './counted-values.ts';
import { refuse, type DataError } from './data-error.ts';

/** Values by column, e.g. `{ sex: ['unknown', ''] }`: rows that have one of them are left out. */
export type LeaveOut = Readonly<Record<string, string | readonly string[]>>;

/**
 * The rows that are not left out.
 *
 * @param rows Each with its cells of the columns of `leaveOut`, in their order.
 * @param leaveOut Values by column.
 * @param file What to call the table in an error.
 * @returns The other rows in their order, or which value is in no row, for then something else was meant.
 */
export function withoutLeftOut<Row extends { readonly others: readonly string[]; readonly line: number }>(
  rows: readonly Row[],
  leaveOut: LeaveOut,
  file: string,
): E.Either<DataError, readonly Row[]> {
  const wanted = Object.values(leaveOut).map((values) => new Set([values].flat().map(cellValue)));
  for (const [i, column] of Object.keys(leaveOut).entries()) {
    const found = valuesOf(rows.map(({ others, line }) => ({ cell: others[i]!, line })));
    const absent = [...wanted[i]!].filter((value) => !found.some((each) => each.value === value));
    if (absent.length > 0) {
      return refuse(
        `${file}, column ${column}`,
        `the values to leave out: ${absent.map(writtenAsYaml).join(', ')}`,
        found.length === 0 ? 'no rows' : countedValues(found),
        'correct leaveOut, or take the value out of it',
      );
    }
  }
  return E.right(rows.filter(({ others }) => !wanted.some((values, i) => values.has(cellValue(others[i]!)))));
}
