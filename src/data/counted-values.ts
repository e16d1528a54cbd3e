/** The values of cells, counted, for errors that tell of all rows at once. */
import { cellValue, writtenAsYaml } from './cell-values.ts';

/** A cell and its line. */
export interface Cell {
  readonly cell: string;
  readonly line: number;
}

/** A value, its number of rows and the line of the first. */
export interface CountedValue {
  readonly value: string;
  readonly line: number;
  readonly rows: number;
}

/** More values than these are of another column than the one that was meant. */
export const MOST_SHOWN = 12;

const count = (rows: number): string => `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`;
const shown = (value: string): string =>
  value === '' ? 'empty' : value === 'empty' ? '"empty"' : writtenAsYaml(value);

/** The values of some cells with their rows, the most frequent first, as text. */
export function countedValues(values: readonly Pick<CountedValue, 'value' | 'rows'>[]): string {
  const rest = values.slice(MOST_SHOWN);
  const others = `${rest.length.toLocaleString('en')} other values: ${count(rest.reduce((sum, { rows }) => sum + rows, 0))}`;
  return [
    ...values.slice(0, MOST_SHOWN).map(({ value, rows }) => `${shown(value)}: ${count(rows)}`),
    ...(rest.length === 0 ? [] : [others]),
  ].join(', ');
}

/** The values of some cells, the most frequent first, with the line of the first. */
export function valuesOf(cells: readonly Cell[]): readonly CountedValue[] {
  const found = new Map<string, { readonly value: string; readonly line: number; rows: number }>();
  for (const { cell, line } of cells) {
    const value = cellValue(cell);
    const known = found.get(value);
    if (known === undefined) found.set(value, { value, line, rows: 1 });
    else known.rows++;
  }
  return [...found.values()].sort((a, b) => b.rows - a.rows || a.line - b.line);
}
