/** The table that the main job prints. */
import type { ExperimentResults } from '../report/results.ts';
import { METHODS } from './settings.ts';

const percent = (share: number | null): string => (share === null ? '–' : (100 * share).toFixed(1));

/** Methods as rows: worst group, averages, gap, and each group's accuracy, in percent on the test split. */
export function resultsTable({ methods }: Pick<ExperimentResults, 'methods'>): string {
  const rows = METHODS.flatMap((method) => {
    const result = methods[method];
    return result === undefined
      ? []
      : [
          [
            method,
            percent(result.worstGroup.accuracy),
            percent(result.average),
            percent(result.groupAverage),
            percent(result.gap),
            ...result.groups.map(({ accuracy }) => percent(accuracy)),
            `${result.steps}`,
            result.seconds.toFixed(0),
          ],
        ];
  });
  const names =
    METHODS.map((method) => methods[method])
      .find((result) => result !== undefined)
      ?.groups.map(({ name }) => name) ?? [];
  const table = [
    ['method', 'worst group', 'average', 'group average', 'gap', ...names, 'steps', 'seconds'],
    ...rows,
  ];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  '),
    )
    .join('\n');
}
