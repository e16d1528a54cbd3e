/** A group report as a table for a terminal. */
import type { GroupReport } from '../../metrics/group-report.ts';

const percent = (share: number | null): string => (share === null ? '–' : (100 * share).toFixed(1));

/**
 * Groups as rows: number of images, accuracy with its 95 % interval in percent, cross-entropy in nats; then the
 * summaries.
 *
 * @param report Of a classifier.
 */
export function groupTable({ groups, worstGroup, average, groupAverage, gap }: GroupReport): string {
  const rows = [
    ['group', 'images', 'accuracy', '95 % interval', 'cross-entropy'],
    ...groups.map(({ name, count, accuracy, interval, loss }) => [
      name,
      String(count),
      percent(accuracy),
      interval === null ? '–' : `${percent(interval[0])} – ${percent(interval[1])}`,
      loss === null ? '–' : loss.toFixed(3),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ');
  return [
    ...rows.map(line),
    '',
    `worst group ${percent(worstGroup.accuracy)} ${worstGroup.name}; average ${percent(average)}; group average ${percent(groupAverage)}; gap within a class ${percent(gap)}`,
  ].join('\n');
}
