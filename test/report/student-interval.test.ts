import { expect, it } from 'vitest';
import { meanInterval } from '../../src/report/student-interval.ts';

const narrow = (values: readonly number[]) => values.map((value) => [value - 0.001, value + 0.001] as const);

it('is that of the test images for one seed', () => {
  expect(meanInterval([0.31], [[0.29, 0.33]])).toEqual([0.29, 0.33]);
});
it('is Student’s over several, computed by hand', () => {
  // s = √(2 · 0.01²) = 0.01414, s/√2 = 0.01, t₁ = 12.706.
  const [low, high] = meanInterval([0.3, 0.32], narrow([0.3, 0.32]));
  expect([low, high].map((end) => end.toFixed(6))).toEqual(['0.182940', '0.437060']);
  // s = 0.1, s/√3 = 0.0577350, t₂ = 4.303.
  const three = meanInterval([0.2, 0.3, 0.4], narrow([0.2, 0.3, 0.4]));
  expect(three.map((end) => end.toFixed(6))).toEqual(['0.051566', '0.548434']);
});
it('is no narrower than what the test images leave open, and within 0 and 1', () => {
  const [low, high] = meanInterval(
    [0.5, 0.5],
    [
      [0.25, 0.75],
      [0.375, 0.625],
    ],
  );
  expect([low, high]).toEqual([0.3125, 0.6875]);
  expect(
    meanInterval(
      [0, 1],
      [
        [0, 0.1],
        [0.9, 1],
      ],
    ),
  ).toEqual([0, 1]);
});
it('takes the quantile of 30 degrees of freedom for more, which is on the careful side', () => {
  const values = Array.from({ length: 41 }, (_, i) => (i % 2 === 0 ? 0.4 : 0.6));
  const mean = (21 * 0.4 + 20 * 0.6) / 41;
  const variance = (21 * (0.4 - mean) ** 2 + 20 * (0.6 - mean) ** 2) / 40;
  const [low] = meanInterval(values, narrow(values));
  expect(low).toBeCloseTo(mean - 2.042 * Math.sqrt(variance / 41), 12);
});
