import { expect, it } from 'vitest';
import { lossDifferences } from './family.ts';
import { aligned, benchTable, type Result } from './results.ts';

const result = (name: string, milliseconds: number, peerMilliseconds: number): Result => ({
  name,
  milliseconds,
  spread: 2,
  imagesPerSecond: 1e5 / milliseconds,
  operations: 228,
  peakBytes: name.endsWith('compiled') ? null : 2 ** 20,
  gflops: 100,
  shareOfPeak: 0.25,
  peer: {
    'plain tfjs': {
      milliseconds: peerMilliseconds,
      spread: 4,
      ratio: milliseconds / peerMilliseconds,
      lossDifference: 1e-7,
      laterLossDifference: 2e-6,
      operations: 300,
    },
    other: { untimed: 'its losses are 1, ours 2' },
  },
});

it('shows our steps, and each peer once with both of our times over its own', () => {
  const table = benchTable({
    machine: { cores: 2 },
    backend: 'tensorflow',
    results: [result('erm/eager', 80, 100), result('erm/compiled', 40, 100)],
  });
  const lines = table.split('\n').map((line) => line.trim().split(/ {2,}/));
  expect(lines).toContainEqual(['erm/compiled', '40.0 ± 1.0', '2500', '228', '–', '100', '25 %']);
  expect(lines).toContainEqual(['erm', 'plain tfjs', '100 ± 2.0', '300', '0.80', '0.40', '1e-7, 2e-6']);
  expect(lines).toContainEqual(['erm', 'other', '–', '–', '–', '–', 'its losses are 1, ours 2']);
});

it('columns are as wide as their widest cell', () => {
  expect(
    aligned([
      ['a', 'bb'],
      ['ccc', 'd'],
    ]),
  ).toBe('a    bb\nccc   d');
});

it('losses differ relatively, the first apart from the later ones, and NaN never agrees', () => {
  expect(lossDifferences([2, 4, 8], [2, 5, 8])).toEqual([0, 0.25]);
  const [first, later] = lossDifferences([1, 1], [Number.NaN, Number.NaN]);
  expect([first, later]).toEqual([Number.NaN, Number.NaN]);
  expect(first <= 1e-4).toBe(false);
});
