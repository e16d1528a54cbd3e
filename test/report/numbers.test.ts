import { expect, it } from 'vitest';
import {
  durationText,
  numberText,
  percentInterval,
  percentSpread,
  percentText,
} from '../../src/report/numbers.ts';

it('durations read naturally', () => {
  expect([0.34, 9, 59, 61.5, 441, 7322].map(durationText)).toEqual([
    '0.3 s',
    '9 s',
    '59 s',
    '1 min 2 s',
    '7 min 21 s',
    '2 h 2 min',
  ]);
});

it('numbers keep their exact values beside the rounded ones', () => {
  expect(percentText(null)).toBe('–');
  expect(percentText(0.1234)).toBe('12.3\u202f%');
  expect(percentSpread({ mean: 0.5, sd: 0.0625 }).markup).toBe(
    '<data value="0.5">50.0\u202f%</data> <small class="sd">± <data value="0.0625">6.3</data></small>',
  );
  expect(percentSpread({ mean: null, sd: null }).markup).toBe('–');
  expect(percentInterval([0.25, 0.75]).markup).toBe(
    '<data value="0.25">25.0</data> – <data value="0.75">75.0\u202f%</data>',
  );
});

it('numbers stay short', () => {
  expect([1600, 0.0412345, 1e30, -2.5e12, 0].map(numberText)).toEqual([
    '1,600',
    '0.0412',
    '1e+30',
    '-2.5e+12',
    '0',
  ]);
});
