import { expect, it } from 'vitest';
import { spread, summarizeSeeds } from '../../src/report/summary.ts';
import { camel, erm, lacking, method, seedsOf } from './example-input.ts';

it('is mean and standard deviation with n − 1, by hand', () => {
  // Deviations −0.25, 0.25: √(2 · 0.0625 / 1).
  expect(spread([0.25, 0.75])).toEqual({ mean: 0.5, sd: Math.sqrt(0.125) });
  expect(spread([0.25])).toEqual({ mean: 0.25, sd: null });
  expect(spread([])).toEqual({ mean: null, sd: null });
  expect(spread([0.25, null])).toEqual({ mean: null, sd: null });
});
it('counts the seeds in which a method came to its end', () => {
  const seeds = seedsOf(
    { erm, camel: { failed: 'loss is not finite' } },
    { erm: lacking, camel: method([0.5, 0.75, 1, 1]) },
  );
  const summary = summarizeSeeds(seeds, ['erm', 'camel', 'never']);
  expect(Object.keys(summary)).toEqual(['erm', 'camel']);
  expect(summary['erm']).toMatchObject({
    seeds: 2,
    worstGroup: { mean: null, sd: null },
    average: { mean: 0.98765, sd: 0 },
  });
  expect(summary['camel']).toMatchObject({
    seeds: 1,
    worstGroup: { mean: 0.5, sd: null },
    groupAverage: { mean: 0.8125, sd: null },
  });
  expect(camel.gap).toBe(0.0625);
});
