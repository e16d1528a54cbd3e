/** The table that the main job prints. */
import { nullReasons } from '../../metrics/missing-groups.ts';
import { METHOD_ORDER as METHODS } from './headline.ts';
import type { ExperimentResults } from './results.ts';

const percent = (share: number | null): string => (share === null ? '–' : (100 * share).toFixed(1));

/**
 * Methods as rows: worst group, averages, gap, and each group's accuracy, in percent on the test split; – is what was not measured.
 *
 * @param results Of the methods that were run.
 * @returns The lines of the table, aligned by spaces; below them why some summaries are missing.
 * @example
 * ```ts
 * import { resultsTable } from 'model-patching/node';
 * const even = { name: 'even', count: 10, accuracy: 0.9, interval: [0.6, 0.98] as const, loss: 0.3 };
 * const report = { groups: [even], worstGroup: even, average: 0.9, groupAverage: 0.9, gap: null };
 * const [head, erm] = resultsTable({ methods: { erm: { ...report, steps: 5, seconds: 1 } } }).split('\n');
 * if (!head?.includes('worst group') || !/^erm +90\.0/.test(erm ?? '')) throw new Error('90 % expected');
 * ```
 */
export function resultsTable({ methods }: Pick<ExperimentResults, 'methods'>): string {
  const rows = METHODS.flatMap((method) => {
    const result = methods[method];
    return result === undefined
      ? []
      : [
          [
            method,
            percent(result.worstGroup?.accuracy ?? null),
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
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
  const reasons = METHODS.flatMap((method) => (methods[method] ? nullReasons(methods[method]) : []));
  return [...lines, ...new Set(reasons.map((line) => `– ${line}`))].join('\n');
}
