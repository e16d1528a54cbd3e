import { describe, expect, it } from 'vitest';
import type { MethodResult } from '../../../src/config/study-results.ts';
import { spread, summarizeSeeds } from '../../../src/node/study/summary.ts';

describe('spread', () => {
  // By hand: 2, 4, 9 have mean 5 and squares 9 + 1 + 16 = 26 over n − 1 = 2.
  it('is the mean with the standard deviation of a sample', () => {
    expect(spread([2, 4, 9])).toEqual({ mean: 5, sd: Math.sqrt(13) });
  });
  it.each([
    [[0.75], { mean: 0.75, sd: null }],
    [[], { mean: null, sd: null }],
    [[0.5, null], { mean: null, sd: null }],
  ])('of %j is %j', (values, expected) => expect(spread(values)).toEqual(expected));
});

const result = (worst: number | null, average: number): MethodResult => ({
  groups: [],
  worstGroup: worst === null ? null : { name: 'even', accuracy: worst },
  average,
  groupAverage: 0.5,
  gap: null,
  steps: 4,
  seconds: 1,
  selectedStep: 4,
});

describe('summarizeSeeds', () => {
  const seeds = [
    {
      seed: 0,
      stage1: [],
      methods: { erm: result(0.25, 0.5), camel: { failed: 'not run: stage-1 failed' } },
    },
    {
      seed: 1,
      stage1: [],
      methods: { erm: result(0.75, 1), camel: { failed: 'loss' }, bound: result(null, 1) },
    },
    { seed: 2, stage1: [], methods: { erm: { failed: 'loss' } } },
  ];
  it('summarizes the seeds that came to their end, in the order that is asked for', () => {
    const summary = summarizeSeeds(seeds, ['bound', 'camel', 'erm', 'constructor']);
    expect(Object.keys(summary)).toEqual(['bound', 'erm']);
    // 0.25 and 0.75 lie 0.25 from their mean: √(2 · 0.0625 / 1) = √0.125.
    expect(summary['erm']).toEqual({
      seeds: 2,
      worstGroup: { mean: 0.5, sd: Math.sqrt(0.125) },
      average: { mean: 0.75, sd: Math.sqrt(0.125) },
      groupAverage: { mean: 0.5, sd: 0 },
      gap: { mean: null, sd: null },
    });
    expect(summary['bound']).toMatchObject({
      seeds: 1,
      worstGroup: { mean: null },
      average: { mean: 1, sd: null },
    });
  });
});
