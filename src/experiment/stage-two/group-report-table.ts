/** A group report as a table for a terminal. */
import type { GroupReport } from '../../metrics/group-report.ts';
import { nullReasons, whyNull } from '../../metrics/missing-groups.ts';

const percent = (share: number | null): string => (share === null ? '–' : (100 * share).toFixed(1));

/** The worst group in a few words: `worst group 50.0 %`, or `worst group – (no images of (Y=0)(Z=1))`. */
export function worstGroupNote(report: GroupReport): string {
  if (report.worstGroup !== null) return `worst group ${percent(report.worstGroup.accuracy)} %`;
  const reason = whyNull(report, 'worstGroup');
  return `worst group –${reason === undefined ? '' : ` (${reason})`}`;
}

/**
 * Groups as rows: number of images, accuracy with its 95 % interval in percent, cross-entropy in nats; then the
 * summaries, and why some are missing.
 *
 * @param report Of a classifier.
 */
export function groupReportTable(report: GroupReport): string {
  const { groups, worstGroup, average, groupAverage, gap } = report;
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
    `worst group ${worstGroup === null ? '–' : `${percent(worstGroup.accuracy)} ${worstGroup.name}`}; average ${percent(average)}; group average ${percent(groupAverage)}; gap within a class ${percent(gap)}`,
    ...nullReasons(report).map((line) => `– ${line}`),
  ].join('\n');
}
