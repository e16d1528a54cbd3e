/** What is new in a run's log since it was last sent. */
import type { MetricsLine } from '../../config/run-files.ts';
import { linesDigest, type LogLines } from './log-lines.ts';
import type { MetricNames, RowContents, RunReading } from './metric-values.ts';
import { OWN_NAMES } from './own-metrics.ts';
import { PUBLISHED_NAMES } from './published-metrics.ts';
import type { ReplayOptions } from './replay-options.ts';
import type { Sent } from './sent-state.ts';
import type { TrackedRun } from './tracked-run.ts';

/** The records after a step that are new. */
export interface NewRow {
  readonly step: number;
  readonly records: readonly MetricsLine[];
}

/** A list whose groups nobody can name yet; the first evaluation says them. */
const needsGroups = (record: MetricsLine, { end }: TrackedRun, { trained }: RunReading): boolean =>
  end === null && trained === null && 'groupMeans' in record;

/** The names that were asked for. */
export const namesFor = ({ publishedNames }: Pick<ReplayOptions, 'publishedNames'>): MetricNames =>
  publishedNames ? PUBLISHED_NAMES : OWN_NAMES;

/** Rows of the log that are whole: those of a step that the log has left behind, or of a run that is done. */
export function newRows({ records, damaged }: LogLines, run: TrackedRun, after: number): readonly NewRow[] {
  const reading = run.readingOf(records);
  const unnamed = records.find((record) => needsGroups(record, run, reading))?.step ?? Infinity;
  const open = run.end === null || damaged !== null ? (records.at(-1)?.step ?? 0) : Infinity;
  const isNew = ({ step }: MetricsLine): boolean => step > after && step < Math.min(open, unnamed);
  const rows = new Map<number, MetricsLine[]>();
  for (const record of records.filter(isNew))
    rows.set(record.step, [...(rows.get(record.step) ?? []), record]);
  return [...rows].map(([step, those]) => ({ step, records: those })).sort((a, b) => a.step - b.step);
}

/** What is sent of a row. */
export async function contentsOf(
  { records }: NewRow,
  run: RunReading,
  { publishedNames, images }: Pick<ReplayOptions, 'publishedNames' | 'images'>,
): Promise<RowContents> {
  const sent = { values: {}, images: {} };
  for (const record of records) {
    const contents = await namesFor({ publishedNames }).ofRecord(record, run);
    Object.assign(sent.values, contents.values);
    if (images) Object.assign(sent.images, contents.images);
  }
  return sent;
}

/** How far a log has been sent once it has been up to a step. */
export function sentUpTo(step: number, { lines, records }: LogLines, done = false): Sent {
  const behind = records.findIndex((record) => record.step > step);
  const sent = lines.slice(0, behind === -1 ? lines.length : behind);
  return { step, lines: sent.length, digest: linesDigest(sent), done };
}

/** What was sent has other values now, as after a training that was begun anew from an earlier checkpoint. */
export const hasChanged = ({ lines: count, digest }: Sent, { lines }: LogLines): boolean =>
  count > 0 && lines.length >= count && linesDigest(lines.slice(0, count)) !== digest;
