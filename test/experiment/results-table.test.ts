import { expect, it } from 'vitest';
import { groupReport } from '../../src/metrics/group-report.ts';
import { resultsTable } from '../../src/experiment/results-table.ts';

it('shows a dash for what was not measured, and says once why', () => {
  const report = groupReport({
    predictions: [0, 1, 0],
    labels: [0, 1, 1],
    groups: [0, 2, 2],
    table: { names: ['a', 'b', 'c'], classOf: [0, 0, 1], trainingCounts: [3, 1, 4] },
  });
  const result = { ...report, steps: 2, seconds: 3 };
  // (3 · 1 + 4 · 1/2) / 7 = 71.4 %.
  expect(resultsTable({ erm: result, camel: result }).split('\n')).toEqual([
    'method  worst group  average  group average  gap      a  b     c  steps  seconds',
    'erm               –     71.4              –    –  100.0  –  50.0      2        3',
    'camel             –     71.4              –    –  100.0  –  50.0      2        3',
    '– worst group, group average, gap: no images of b; the average is of the other groups',
  ]);
});
