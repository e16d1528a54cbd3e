/** Tables for a terminal. */

/** A share in percent; a dash where there is none. */
export const percentOrDash = (share: number | null): string =>
  share === null ? '–' : (100 * share).toFixed(1);

/**
 * Rows as lines, their cells under each other: those of the first column to the left, the others to the right.
 *
 * @param rows All of them have as many cells as the first one.
 */
export function alignedRows(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const padded = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return rows.map((row) => row.map(padded).join('  '));
}
