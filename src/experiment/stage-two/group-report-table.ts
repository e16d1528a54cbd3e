/** A group report as a table for a terminal. */
import type { GroupReport } from '../../metrics/group-report.ts';
import { nullReasons, whyNull } from '../../metrics/missing-groups.ts';
import { alignedRows, percentOrDash } from '../../system/text-table.ts';

/** The worst group in a few words: `worst group 50.0 %`, or `worst group – (no images of (Y=0)(Z=1))`. */
export function worstGroupNote(report: GroupReport): string {
  if (report.worstGroup !== null) return `worst group ${percentOrDash(report.worstGroup.accuracy)} %`;
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
      percentOrDash(accuracy),
      interval === null ? '–' : `${percentOrDash(interval[0])} – ${percentOrDash(interval[1])}`,
      loss === null ? '–' : loss.toFixed(3),
    ]),
  ];
  return [
    ...alignedRows(rows),
    '',
    `worst group ${worstGroup === null ? '–' : `${percentOrDash(worstGroup.accuracy)} ${worstGroup.name}`}; average ${percentOrDash(average)}; group average ${percentOrDash(groupAverage)}; gap within a class ${percentOrDash(gap)}`,
    ...nullReasons(report).map((line) => `– ${line}`),
  ].join('\n');
}
