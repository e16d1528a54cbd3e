/**
 * CSV tables of a training as the field's tools write and plot them: `train.csv`, `val.csv` and `test.csv`, with columns
 * by the number of the group (the logs of the published group DRO, Sagawa et al. 2020). A number that is not measured
 * has no column: there is none that would stand for it.
 */
import type { LogEntry } from './run-logger.ts';

/** How rows are counted and groups numbered. */
export interface GroupCsvOptions {
  /** Names of the groups in the order of their numbers, of all tables or by split; by default those of the entry. */
  readonly groups?: readonly string[] | GroupsBySplit;
  /** Steps of an epoch; by default all steps are of the first one. */
  readonly stepsPerEpoch?: number;
}

/** The splits that have a table. */
export type CsvSplit = 'train' | 'validation' | 'test';

/** Names of the groups of each split, in the order of their numbers. */
export type GroupsBySplit = Readonly<Partial<Record<CsvSplit, readonly string[]>>>;

/** A row of one of the tables. */
export interface GroupCsvRow {
  /** `train.csv`, `val.csv` or `test.csv`. */
  readonly file: string;
  /** Names of the columns. */
  readonly columns: readonly string[];
  /** A cell for each. */
  readonly cells: readonly string[];
  /** The split that begins the names of its scalars. */
  readonly split: CsvSplit;
  /** Names of the groups in the order of their numbers. */
  readonly groups: readonly string[];
}

/**
 * The tables by the split that begins a name.
 *
 * @internal
 */
export const CSV_FILES: Readonly<Record<CsvSplit, string>> = {
  train: 'train.csv',
  validation: 'val.csv',
  test: 'test.csv',
};

type Values = Readonly<Record<string, number>>;

/** A number as Python writes it, by which pandas knows one that is none. */
function cell(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? 'inf' : '-inf';
}

const groupsIn = (values: Values, split: CsvSplit): readonly string[] => {
  const prefix = `${split}/loss/`;
  return Object.keys(values).flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
};

/** Σ nᵢxᵢ / Σ nᵢ over the groups with examples. */
function pooled(
  counts: readonly (number | undefined)[],
  of: readonly (number | undefined)[],
): number | undefined {
  const measured = counts.flatMap((count, g) => (count! > 0 && of[g] !== undefined ? [[count!, of[g]]] : []));
  const total = measured.reduce((sum, [count]) => sum + count!, 0);
  return total === 0 ? undefined : measured.reduce((sum, [count, x]) => sum + count! * x!, 0) / total;
}

/** The columns of a group, those of the published tables that there is a number for. */
function groupColumns(values: Values, split: CsvSplit, group: string, g: number) {
  const count = values[`counts/${split}/${group}`];
  const weight = values[`train/adversary_weight/${group}`] ?? 1;
  const updated = count !== undefined && weight > 0 ? count : 0;
  return [
    [`avg_loss_group:${g}`, values[`${split}/loss/${group}`]],
    ...(split === 'train' ? [] : [[`avg_acc_group:${g}`, values[`${split}/accuracy/${group}`]] as const]),
    [`processed_data_count_group:${g}`, count],
    ...(split === 'train'
      ? ([
          [`update_data_count_group:${g}`, updated],
          [`update_batch_count_group:${g}`, updated > 0 ? 1 : 0],
        ] as const)
      : []),
  ] as const;
}

function totals(values: Values, split: CsvSplit, groups: readonly string[]) {
  const of = (quantity: string) => groups.map((group) => values[quantity.replace('*', group)]);
  const counts = of(`counts/${split}/*`);
  const loss = pooled(counts, of(`${split}/loss/*`));
  if (split !== 'train')
    return [
      ['avg_per_sample_loss', loss],
      ['avg_acc', pooled(counts, of(`${split}/accuracy/*`))],
    ] as const;
  const { 'train/robust': robust, 'train/consistency': consistency = 0 } = values;
  return [
    ['avg_actual_loss', robust === undefined ? values['train/loss'] : robust + consistency],
    ['avg_per_sample_loss', loss],
    ['reg_loss', values['train/decay']],
  ] as const;
}

const isList = (groups: GroupCsvOptions['groups']): groups is readonly string[] => Array.isArray(groups);

/** The groups of a split, among which those of an entry must be. */
function groupsOf(
  split: CsvSplit,
  found: readonly string[],
  groups: GroupCsvOptions['groups'],
): readonly string[] {
  const named = (isList(groups) ? groups : groups?.[split]) ?? found;
  const other = found.find((group) => !named.includes(group));
  if (other === undefined) return named;
  throw new RangeError(
    `groups of ${split}: expected ${named.join(', ')}, received ${other}; name all groups in the option groups`,
  );
}

/**
 * The rows that an entry of a log stands for: one for each split whose group losses are among its scalars.
 *
 * @param entry What is logged; names of scalars as in {@link RunLogger}, e.g. `train/loss/even zigzag`, with
 *   `counts/train/even zigzag` for the number of images, `validation/accuracy/even zigzag`,
 *   `train/adversary_weight/even zigzag`, `train/robust`, `train/consistency` and `train/decay`.
 * @param options Groups, and steps of an epoch.
 * @returns None for anything but scalars of groups. `epoch` and `batch` count from 0, as in the published tables.
 * @throws RangeError if an entry has a group that is not among those named.
 * @example
 * ```ts
 * import { groupCsvRows } from 'model-patching/logs';
 * const values = { 'validation/loss/a': 0.5, 'validation/accuracy/a': 0.75, 'counts/validation/a': 4 };
 * const [row] = groupCsvRows({ kind: 'scalars', step: 20, values }, { stepsPerEpoch: 10 });
 * if (row?.file !== 'val.csv' || row.cells.join() !== '1,9,0.5,0.75,4,0.5,0.75') throw new Error(row?.cells.join());
 * ```
 */
export function groupCsvRows(entry: LogEntry, options: GroupCsvOptions = {}): readonly GroupCsvRow[] {
  if (entry.kind !== 'scalars') return [];
  const { values } = entry;
  const { stepsPerEpoch = Infinity } = options;
  const done = Math.max(0, entry.step - 1);
  const epoch = Math.floor(done / stepsPerEpoch);
  const batch = Number.isFinite(stepsPerEpoch) ? done % stepsPerEpoch : done;
  return (Object.keys(CSV_FILES) as CsvSplit[]).flatMap((split) => {
    const found = groupsIn(values, split);
    if (found.length === 0) return [];
    const groups = groupsOf(split, found, options.groups);
    const columns: readonly (readonly [string, number | undefined])[] = [
      ['epoch', epoch],
      ['batch', batch],
      ...groups.flatMap((group, g) => groupColumns(values, split, group, g)),
      ...totals(values, split, groups),
    ];
    return [
      {
        file: CSV_FILES[split],
        ...{ split, groups },
        columns: columns.map(([name]) => name),
        cells: columns.map(([, value]) => cell(value)),
      },
    ];
  });
}
