import { describe, expect, it } from 'vitest';
import type { MethodResult, StudyResults } from '../../src/config/study-results.ts';
import { renderCurves } from '../../src/report/curve-figure.ts';
import { summarizeSeeds } from '../../src/report/summary.ts';
import { method, seedsOf } from './example-input.ts';

const resultsOf = (...seeds: readonly Readonly<Record<string, MethodResult>>[]): StudyResults => ({
  format: 2,
  name: 'study',
  backend: 'wasm',
  device: 'CPU',
  seconds: 1,
  seeds: seedsOf(...seeds),
  summary: summarizeSeeds(seedsOf(...seeds), [...new Set(seeds.flatMap((each) => Object.keys(each)))]),
});

const worst = (accuracy: number) => method([0.99, accuracy, 0.99, 0.99], 0);
const circles = (svg: string): readonly (readonly [number, number])[] =>
  Array.from(svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g), ([, x, y]) => [Number(x), Number(y)] as const);

describe('the figure of several studies', () => {
  const svg = renderCurves({
    axis: 'images in the smallest group',
    points: [
      { x: 100, results: resultsOf({ erm: worst(0.5), camel: worst(0.9) }) },
      { x: 10, results: resultsOf({ erm: worst(0.1), camel: worst(0.5) }, { erm: worst(0.1) }) },
    ],
  });

  it('joins the means of a method from left to right, by logit and logarithm', () => {
    const [first, second, third, fourth] = circles(svg);
    expect(first![0]).toBeLessThan(second![0]);
    // The second method stands a little aside, so that no bar hides another.
    expect(third![0] - first![0]).toBe(6);
    expect(fourth![0] - second![0]).toBeCloseTo(6, 6);
    // The logit is odd about one half, so 10 and 90 % are equally far from it.
    expect(first![1] - second![1]).toBeCloseTo(third![1] - fourth![1], 0);
    expect(second![1]).toBe(third![1]);
  });

  it('names axis and methods, in text that is escaped', () => {
    expect(svg).toMatch(/>\s*images in the smallest group<\/text>/);
    expect(svg).toMatch(/>\s*camel\s*<\/text>/);
    expect(
      renderCurves({ axis: '<b>', points: [{ x: 1, results: resultsOf({ erm: worst(0.5) }) }] }),
    ).toContain('&lt;b&gt;');
  });

  it('draws the interval over seeds: 0.4 and 0.6 have 0.5 ± 12.706 · 0.1, cut at the axis', () => {
    const two = renderCurves({
      axis: 'x',
      points: [{ x: 1, results: resultsOf({ erm: worst(0.4) }, { erm: worst(0.6) }) }],
    });
    const [, low, high] = /M[\d.]+ ([\d.]+)V([\d.]+)/.exec(two)!;
    expect([Number(low), Number(high)]).toEqual([344, 40]);
  });

  it('leaves out methods without a number', () => {
    const failed = { erm: worst(0.5), camel: { ...worst(0.5), worstGroup: null } };
    expect(renderCurves({ axis: 'x', points: [{ x: 1, results: resultsOf(failed) }] })).not.toMatch(/camel/);
  });
});
