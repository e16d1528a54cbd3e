import { expect, it } from 'vitest';
import { alignedRows, percentOrDash } from '../../src/system/text-table.ts';

it('cells lie under each other, the first column to the left', () => {
  const rows = [
    ['method', 'gap'],
    ['erm', '12.5'],
    ['group-dro', '–'],
  ];
  expect(alignedRows(rows)).toEqual(['method      gap', 'erm        12.5', 'group-dro     –']);
});

it('shares are percentages with one decimal', () => {
  expect([0, 0.12345, 1, null].map(percentOrDash)).toEqual(['0.0', '12.3', '100.0', '–']);
});
