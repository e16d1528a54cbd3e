/**
 * What the values of a column mean: classes, subgroups or splits. A value that means nothing is never passed over or
 * taken for another: all rows that have one are counted, by value, in one fault.
 */
import { cellValue, isMissing, isNumber, writtenAsYaml } from './cell-values.ts';
import { countedValues, MOST_SHOWN, valuesOf, type Cell, type CountedValue } from './counted-values.ts';
import type { DataError } from './data-error.ts';
import { SPLITS, type SplitName } from './dataset.ts';

/** A column whose values have a meaning. */
export interface Column<A> {
  /** Its name in the table. */
  readonly name: string;
  /** The setting that names its values. */
  readonly setting: 'classes' | 'subgroups' | 'splits';
  /** What its values should be, for errors. */
  readonly expected: string;
  /** What a cell means; undefined where it means nothing. */
  readonly meaning: (cell: string) => A | undefined;
}

/** A column of classes or subgroups: a cell means an index into the names. */
export interface LabelColumn extends Column<number> {
  readonly names: readonly string[];
}

/** What a column holds, as names in their order: numbers by size, words by their letters. */
export function namesIn(cells: readonly string[]): readonly string[] {
  const values = [...new Set(cells.map(cellValue))].filter((value) => !isMissing(value));
  return values.every(isNumber) ? values.sort((a, b) => Number(a) - Number(b)) : values.sort();
}

/**
 * A column of classes or subgroups. Its values are all names or all positions among the names: positions only where
 * none of them is a name, and none of the names is a number that could be taken for one.
 *
 * @param name Of the column.
 * @param setting Which labels.
 * @param cells What it holds.
 * @param given The names; default: what it holds.
 */
export function labelColumn(
  name: string,
  setting: 'classes' | 'subgroups',
  cells: readonly string[],
  given?: readonly string[],
): LabelColumn {
  const names = given ?? namesIn(cells);
  const what = setting === 'classes' ? 'a class' : 'a subgroup';
  const named = new Map(names.map((each, i) => [cellValue(each), i]));
  const byPosition = !names.some(isNumber) && !cells.some((cell) => named.has(cellValue(cell)));
  const indices = byPosition ? new Map(names.map((_, i) => [String(i), i])) : named;
  const choices = names.map((each, i) => (byPosition ? `${each} (${i})` : each)).join(', ');
  return {
    name,
    setting,
    names,
    expected: given === undefined ? `${what} in every row` : `${what}: ${choices}`,
    meaning: (cell) => indices.get(cellValue(cell)),
  };
}

/** What tables call the splits, in any case. */
const USUAL_SPLITS: Readonly<Record<SplitName, readonly string[]>> = {
  train: ['train', 'training'],
  validation: ['validation', 'val', 'valid', 'dev'],
  test: ['test', 'testing'],
};

/** Whether a value in small letters is a usual name. */
const isUsual = (value: string): boolean => Object.values(USUAL_SPLITS).flat().includes(value);

/**
 * The column of the splits. A usual name that is meant may be given, and stand in the table, in any case; other names
 * are as given, and so are two that differ in their case alone.
 *
 * @param name Of the column.
 * @param given What each split is called; default the usual names.
 */
export function splitColumn(
  name: string,
  given?: Partial<Record<SplitName, string | readonly string[]>>,
): Column<SplitName> {
  const called = SPLITS.flatMap((split) =>
    [(given ?? USUAL_SPLITS)[split] ?? []].flat().map((value) => [cellValue(value), split] as const),
  );
  const splits = new Map(called);
  const usual = called
    .map(([value, split]) => [value.toLowerCase(), split] as const)
    .filter(
      ([plain, split], _, all) =>
        isUsual(plain) && all.every(([other, its]) => other !== plain || its === split),
    );
  const inAnyCase = new Map(usual);
  return {
    name,
    setting: 'splits',
    expected: `one of ${called.map(([value]) => value).join(', ')}`,
    meaning: (cell) => splits.get(cellValue(cell)) ?? inAnyCase.get(cellValue(cell).toLowerCase()),
  };
}

/** What is wrong with a setting that names a value twice, if it does: the value has two meanings. */
export function namedTwice(
  file: string,
  setting: Column<unknown>['setting'],
  values: readonly string[],
): DataError | undefined {
  const plain = values.map(cellValue);
  const second = plain.findIndex((value, i) => plain.indexOf(value) !== i);
  return second < 0
    ? undefined
    : {
        where: `${file}, ${setting}`,
        expected: 'every value once',
        found: `${JSON.stringify(values[plain.indexOf(plain[second]!)])} and ${JSON.stringify(values[second])}`,
        cure: `name every value once in ${setting}`,
      };
}

/** The setting that leaves out the rows with some values, as a file writes it. */
const leaveOutText = (
  columns: readonly { readonly column: Column<unknown>; readonly values: readonly CountedValue[] }[],
): string => {
  const values = columns.map(
    ({ column, values: unknown }) =>
      `${writtenAsYaml(column.name)}: [${unknown.map(({ value }) => writtenAsYaml(value)).join(', ')}]`,
  );
  return `leaveOut: { ${values.join(', ')} }`;
};

/**
 * What is wrong with columns, all of them and all rows in one.
 *
 * @param file The table.
 * @param columns Each with its cells.
 * @returns The fault, or undefined if every cell means something.
 */
export function unknownValues(
  file: string,
  columns: readonly { readonly column: Column<unknown>; readonly cells: readonly Cell[] }[],
): DataError | undefined {
  const faults = columns.flatMap(({ column, cells }) => {
    const unknown = cells.filter(({ cell }) => column.meaning(cell) === undefined);
    return unknown.length === 0 ? [] : [{ column, values: valuesOf(unknown), line: unknown[0]!.line }];
  });
  const [first] = faults;
  if (first === undefined) return undefined;
  const one = faults.length === 1;
  return {
    where: one
      ? `${file}, line ${first.line}, column ${first.column.name}`
      : `${file}, ${faults.map(({ column, line }) => `column ${column.name} (line ${line})`).join(', ')}`,
    expected: faults.map(({ column }) => column.expected).join('; '),
    found: faults
      .map(({ column, values }) => (one ? '' : `${column.name}: `) + countedValues(values))
      .join('; '),
    cure: faults.some(({ values }) => values.length > MOST_SHOWN)
      ? 'say which column is meant, or correct the table'
      : `correct the table, name every value in ${faults.map(({ column }) => column.setting).join(' and ')}, ` +
        `or leave these rows out with ${leaveOutText(faults)}`,
  };
}
