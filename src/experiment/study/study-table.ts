/** The results of a study as a table for a terminal: accuracies on the test split in percent. */
import type { MethodSummary, Spread, StudyResults } from '../../config/study-results.ts';
import { alignedRows, percentOrDash } from '../../system/text-table.ts';

const spreadText = ({ mean, sd }: Spread): string =>
  sd === null ? percentOrDash(mean) : `${percentOrDash(mean)} ± ${percentOrDash(sd)}`;

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
  return alignedRows([
    ['method', 'seeds', 'worst group', 'average', 'group average', 'gap'],
    ...Object.entries(summary).map(([name, each]) => row(name, each)),
  ]).join('\n');
}
