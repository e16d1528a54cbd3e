/** The table that a run of stage 2 prints. */
import { nullReasons } from '../metrics/missing-groups.ts';
import type { MethodResult } from '../config/study-results.ts';

/** What the table shows of a method. */
export type TableResult = Omit<MethodResult, 'selectedStep'>;

const percent = (share: number | null): string => (share === null ? '–' : (100 * share).toFixed(1));

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
    percent(result.worstGroup?.accuracy ?? null),
    percent(result.average),
    percent(result.groupAverage),
    percent(result.gap),
    ...result.groups.map(({ accuracy }) => percent(accuracy)),
    `${result.steps}`,
    result.seconds.toFixed(0),
  ]);
  const names = results[0]?.[1].groups.map(({ name }) => name) ?? [];
  const table = [
    ['method', 'worst group', 'average', 'group average', 'gap', ...names, 'steps', 'seconds'],
    ...rows,
  ];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
  const reasons = results.flatMap(([, result]) => nullReasons(result));
  return [...lines, ...new Set(reasons.map((line) => `– ${line}`))].join('\n');
}
