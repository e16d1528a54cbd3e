/** The table that a run of stage 2 prints. */
import { nullReasons } from '../metrics/missing-groups.ts';
import type { MethodResult } from '../config/study-results.ts';
import { alignedRows, percentOrDash } from '../system/text-table.ts';

/** What the table shows of a method. */
export type TableResult = Omit<MethodResult, 'selectedStep'>;

/**
 * Methods as rows: worst group, averages, gap, and each group's accuracy, in percent on the test split; – is what was not measured.
 *
 * @param methods Results by the names of their methods.
 * @returns The lines of the table, aligned by spaces; below them why some summaries are missing.
 */
export function resultsTable(methods: Readonly<Record<string, TableResult>>): string {
  const results = Object.entries(methods);
  const rows = results.map(([method, result]) => [
    method,
    ...[result.worstGroup?.accuracy ?? null, result.average, result.groupAverage, result.gap].map(
      percentOrDash,
    ),
    ...result.groups.map(({ accuracy }) => percentOrDash(accuracy)),
    `${result.steps}`,
    result.seconds.toFixed(0),
  ]);
  const names = results[0]?.[1].groups.map(({ name }) => name) ?? [];
  const lines = alignedRows([
    ['method', 'worst group', 'average', 'group average', 'gap', ...names, 'steps', 'seconds'],
    ...rows,
  ]);
  const reasons = results.flatMap(([, result]) => nullReasons(result));
  return [...lines, ...new Set(reasons.map((line) => `– ${line}`))].join('\n');
}
