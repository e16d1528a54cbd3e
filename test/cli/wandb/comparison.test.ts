import { expect, it } from 'vitest';
import { comparisonTable } from '../../../src/cli/wandb/comparison.ts';
import type { StudyResults } from '../../../src/config/study-results.ts';
import { reportOf } from '../../support/run-folders.ts';

const resultOf = (worst: number, gap: number | null) => ({
  ...{ ...reportOf([worst, 1, 1, 1]), gap },
  ...{ steps: 4, seconds: 1, selectedStep: 2 },
});

it('has a row for each seed that was tested, and mean and deviation below several', () => {
  const seeds = [
    { seed: 1, stage1: [], methods: { erm: resultOf(0.25, 0.5), camel: resultOf(0.75, 0.125) } },
    { seed: 2, stage1: [], methods: { erm: resultOf(0.5, null), camel: { failed: 'a disk that is full' } } },
  ];
  const results = { seeds, summary: { erm: {}, camel: {} } } as unknown as StudyResults;
  const { columns, rows } = comparisonTable(results);
  expect(columns).toEqual(['method', 'seed', 'worst group', 'average', 'group average', 'gap']);
  expect(rows).toEqual([
    ['erm', '1', 0.25, 0.625, 0.5, 0.5],
    ['erm', '2', 0.5, 0.625, 0.5, null],
    ['erm', 'mean', 0.375, 0.625, 0.5, null],
    ['erm', 'sd', Math.sqrt(2 * 0.125 ** 2), 0, 0, null],
    ['camel', '1', 0.75, 0.625, 0.5, 0.125],
  ]);
});
