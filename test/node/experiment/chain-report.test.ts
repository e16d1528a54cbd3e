import { expect, it } from 'vitest';
import { groupReport } from '../../../src/metrics/group-report.ts';
import { chainReport } from '../../../src/node/experiment/chain-report.ts';
import type { ChainOfSeed } from '../../../src/node/experiment/chain.ts';

const table = { names: ['a', 'b', 'c', 'd'], classOf: [0, 0, 1, 1], trainingCounts: [3, 1, 4, 4] };
/** One image of each of these groups, the first one wrong. */
const seedOf = (seed: number, groups: readonly number[]): ChainOfSeed => {
  const labels = groups.map((group) => table.classOf[group]!);
  const predictions = labels.map((label, i) => (i === 0 ? 1 - label : label));
  const report = groupReport({ predictions, labels, groups, table });
  return {
    seed,
    stageOne: {},
    translations: { count: 0, seconds: 0 },
    methods: { erm: { ...report, steps: 1, seconds: 1 } },
  };
};
const rows = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| ERM'))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(2, -1),
    );

it('a mean over seeds is a dash unless every seed has the number, and the reason is said', () => {
  const text = chainReport('title', [seedOf(1, [0, 1, 2, 3]), seedOf(2, [0, 2, 3])], 'legend');
  // Averages 9/12 and 8/11 with the training counts: their mean is 73.9, their deviation |Δ|/√2 = 1.6.
  expect(rows(text)).toEqual([
    ['0.0', '75.0', '75.0', '100.0', '0.0', '100.0', '100.0', '100.0'],
    ['–', '72.7', '–', '–', '0.0', '–', '100.0', '100.0'],
    ['–', '73.9 ± 1.6', '–', '–', '0.0 ± 0.0', '–', '100.0 ± 0.0', '100.0 ± 0.0'],
  ]);
  expect(text.match(/– worst group, group average, gap: no images of b\./g)).toHaveLength(2);
});
