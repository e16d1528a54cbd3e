/** The numbers of records, by names with slashes between their parts, as W&B groups them. */
import * as t from 'io-ts';
import { finiteNumber, nullable } from '../../config/codecs.ts';
import { GroupReportCodec } from '../../config/group-report.ts';
import type { MetricsLine } from '../../config/run-files.ts';
import type { LogView } from '../../runs/log-mirrors.ts';

/** Values of a step, by name. */
export type Values = Readonly<Record<string, number>>;

/** What is sent of a row. */
export interface RowContents {
  readonly values: Values;
  /** PNG files in base64, by name. */
  readonly images: Readonly<Record<string, string>>;
}

/** How the records of a run are read. */
export interface RunReading {
  /** The groups of the lists in the training records, in their order; null while nothing says them. */
  readonly trained: readonly string[] | null;
  /** What a reader calls a group. */
  readonly label: (name: string) => string;
  /** What TensorBoard shows of a record. */
  readonly entriesOf: LogView['entriesOf'];
  /** The norm to which gradients are cut; null if they are not. */
  readonly maximumGradientNorm: number | null;
}

/** How a run's numbers are called. */
export interface MetricNames {
  /** What a record of the log says. */
  readonly ofRecord: (record: MetricsLine, run: RunReading) => Promise<RowContents>;
  /** The values of a report on a split at the end. */
  readonly ofReport: (split: string, report: SplitNumbers, run: RunReading) => Values;
}

const metricsOf = t.partial({
  metrics: t.type({
    groups: t.array(t.intersection([t.type({ name: t.string }), t.UnknownRecord])),
    all: t.UnknownRecord,
  }),
});

/** A report on a split, as far as numbers are taken from it. */
export const SplitNumbersCodec = t.intersection([GroupReportCodec, metricsOf]);
/** Numbers of a split. */
export type SplitNumbers = t.TypeOf<typeof SplitNumbersCodec>;

/** A training record of stage 2. */
export const ClassifierRecordCodec = t.intersection([
  t.type({
    kind: t.literal('training'),
    groupMeans: t.array(nullable(finiteNumber)),
    groupCounts: t.array(finiteNumber),
  }),
  t.partial({ adversaryWeights: t.array(nullable(finiteNumber)) }),
]);
/** Losses of a step of stage 2. */
export type ClassifierRecord = t.TypeOf<typeof ClassifierRecordCodec>;

/** An evaluation of stage 2. */
export const ReportsRecordCodec = t.type({
  kind: t.literal('evaluation'),
  reports: t.record(t.string, SplitNumbersCodec),
});

/**
 * All finite numbers in a value, by the way to each.
 *
 * @param value JSON data.
 * @param name Of the value.
 */
export function metricsIn(value: unknown, name: string): Values {
  if (typeof value === 'number') return { [name]: value };
  if (typeof value === 'boolean') return { [name]: Number(value) };
  if (value === null || typeof value !== 'object') return {};
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, inner]) => metricsIn(inner, name === '' ? key : `${name}/${key}`)),
  ) as Values;
}

/** An object without some of its keys. */
export const withoutKeys = (record: object, keys: readonly string[]): object =>
  Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));

/**
 * A list with an entry for every group, by their names.
 *
 * @param list Entries that are null are left out.
 * @param groups Their names.
 * @param nameOf What the value of a group is called.
 */
export const byGroup = (
  list: readonly (number | null)[],
  groups: readonly string[],
  nameOf: (group: string) => string,
): Values =>
  Object.fromEntries(
    list.flatMap((value, g) => (value === null ? [] : [[nameOf(groups[g] ?? `group ${g + 1}`), value]])),
  );

/** Means of groups that were in the batch; a group without images has none. */
export const presentMeans = ({ groupMeans, groupCounts }: ClassifierRecord): readonly (number | null)[] =>
  groupMeans.map((mean, g) => (groupCounts[g]! > 0 ? mean : null));
