/** The results of a study as a table for a terminal: accuracies on the test split in percent. */
import type { MethodSummary, Spread, StudyResults } from '../../config/study-results.ts';

const percent = (share: number): string => (100 * share).toFixed(1);

const spreadText = ({ mean, sd }: Spread): string =>
  mean === null ? '–' : sd === null ? percent(mean) : `${percent(mean)} ± ${percent(sd)}`;

const row = (name: string, { seeds, worstGroup, average, groupAverage, gap }: MethodSummary) => [
  name,
  String(seeds),
  ...[worstGroup, average, groupAverage, gap].map(spreadText),
];

/**
 * Every method over its seeds: mean and standard deviation.
 *
 * @param results Of a study.
 */
export function studyTable({ summary }: Pick<StudyResults, 'summary'>): string {
  const rows = [
    ['method', 'seeds', 'worst group', 'average', 'group average', 'gap'],
    ...Object.entries(summary).map(([name, each]) => row(name, each)),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  return rows
    .map((cells) =>
      cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    )
    .join('\n');
}
