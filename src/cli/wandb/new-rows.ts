/** What is new in a run's log since it was last sent. */
import type { MetricsLine } from '../../config/run-files.ts';
import { linesDigest, type LogLines } from './log-lines.ts';
import type { MetricNames, RunGroups, Values } from './metric-values.ts';
import { OWN_NAMES } from './own-metrics.ts';
import { gallerySteps } from './pictures.ts';
import { PUBLISHED_NAMES } from './published-metrics.ts';
import type { ReplayOptions } from './replay-options.ts';
import type { Sent } from './sent-state.ts';
import type { TrackedRun } from './tracked-run.ts';

/** A row that is new, with the step of its gallery if there is one. */
export interface NewRow {
  readonly step: number;
  readonly values: Values;
  readonly picture: boolean;
}

/** A list whose groups nobody can name yet; the first evaluation says them. */
const needsGroups = (record: MetricsLine, { end }: TrackedRun, { trained }: RunGroups): boolean =>
  end === null && trained === null && 'groupMeans' in record;

/** The names that were asked for. */
export const namesFor = ({ publishedNames }: Pick<ReplayOptions, 'publishedNames'>): MetricNames =>
  publishedNames ? PUBLISHED_NAMES : OWN_NAMES;

/** Rows of the log that are whole: those of a step that the log has left behind, or of a run that is done. */
export async function newRows(
  { records, damaged }: LogLines,
  run: TrackedRun,
  after: number,
  { publishedNames, images }: ReplayOptions,
): Promise<readonly NewRow[]> {
  const groups = run.groupsIn(records);
  const names = namesFor({ publishedNames });
  const unnamed = records.find((record) => needsGroups(record, run, groups))?.step ?? Infinity;
  const open = run.end === null || damaged !== null ? (records.at(-1)?.step ?? 0) : Infinity;
  const isNew = (step: number): boolean => step > after && step < Math.min(open, unnamed);
  const rows = new Map<number, Values>();
  for (const record of records)
    if (isNew(record.step))
      rows.set(record.step, { ...rows.get(record.step), ...names.ofRecord(record, groups) });
  const pictures = new Set(images ? (await gallerySteps(run.folder)).filter(isNew) : []);
  return [...new Set([...rows.keys(), ...pictures])]
    .sort((a, b) => a - b)
    .map((step) => ({ step, values: rows.get(step) ?? {}, picture: pictures.has(step) }));
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
