/** Why a summary of a group report is null, in words that every table and report shares. */
import type { GroupReport } from './group-report.ts';

/** The summaries of a report that may be null. */
export type SummaryName = 'worstGroup' | 'average' | 'groupAverage' | 'gap';

/** What {@link whyNull} reads of a report. */
export type ReasonedReport = Pick<GroupReport, SummaryName | 'groups' | 'missing'>;

/** What readers call the summaries, in the order of tables. */
const SUMMARIES: Readonly<Record<SummaryName, string>> = {
  worstGroup: 'worst group',
  average: 'average',
  groupAverage: 'group average',
  gap: 'gap',
};

/** More names than these do not fit a line. */
const MOST_NAMES = 6;

function listed(names: readonly string[], nameOf: (name: string) => string): string {
  const shown = names.slice(0, MOST_NAMES).map(nameOf).join(', ');
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} others` : shown;
}

/**
 * Why a summary is null, e.g. `no images of (Y=0)(Z=1)`.
 *
 * @param report Of a classifier.
 * @param summary Which.
 * @param nameOf What a reader calls a group; by default its name.
 * @returns A phrase without a full stop; undefined if the summary is a number, or the report does not say.
 * @example
 * ```ts
 * import { groupReport, groupTable } from 'model-patching';
 * import { whyNull } from 'model-patching/metrics';
 * const table = groupTable(['(Y=0)(Z=0)', '(Y=0)(Z=1)'], [9, 1]);
 * const report = groupReport({ predictions: [0], labels: [0], groups: [0], table });
 * if (whyNull(report, 'worstGroup') !== 'no images of (Y=0)(Z=1)') throw new Error('the rare group is missing');
 * if (whyNull(report, 'average') !== undefined) throw new Error('the average is a number');
 * ```
 */
export function whyNull(
  report: ReasonedReport,
  summary: SummaryName,
  nameOf: (name: string) => string = (name) => name,
): string | undefined {
  if (report[summary] !== null) return undefined;
  if (report.groups.every(({ count }) => count === 0)) return 'no images';
  const { absent = [], alone = [] } = report.missing ?? {};
  if (absent.length > 0) return `no images of ${listed(absent, nameOf)}`;
  if (summary !== 'gap' || alone.length === 0) return undefined;
  if (alone.length === report.groups.filter(({ count }) => count > 0).length)
    return 'every class has one group only';
  return alone.length === 1
    ? `the class of ${nameOf(alone[0]!)} has no other group`
    : `the classes of ${listed(alone, nameOf)} have no other group`;
}

/**
 * A line for every reason why summaries are null, e.g. `worst group, group average, gap: no images of (Y=0)(Z=1); the
 * average is of the other groups`.
 *
 * @param report Of a classifier.
 * @param nameOf What a reader calls a group; by default its name.
 * @returns Lines without full stops; none if nothing is missing.
 * @example
 * ```ts
 * import { groupTable } from 'model-patching';
 * import { nullReasons, unmeasuredReport } from 'model-patching/metrics';
 * const lines = nullReasons(unmeasuredReport(groupTable(['(Y=0)', '(Y=1)'], [5, 5])));
 * if (lines.join() !== 'worst group, average, group average, gap: no images') throw new Error(lines.join());
 * ```
 */
export function nullReasons(report: ReasonedReport, nameOf?: (name: string) => string): readonly string[] {
  const summariesOf = new Map<string, readonly string[]>();
  for (const [summary, title] of Object.entries(SUMMARIES) as [SummaryName, string][]) {
    const reason = whyNull(report, summary, nameOf);
    if (reason !== undefined) summariesOf.set(reason, [...(summariesOf.get(reason) ?? []), title]);
  }
  // A number beside them that looks good is not that of all groups.
  const others = report.average !== null && report.missing?.absent.length;
  const rest = others ? '; the average is of the other groups' : '';
  return [...summariesOf].map(([reason, titles]) => `${titles.join(', ')}: ${reason}${rest}`);
}
