import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areaUnderRoc, recallAtThresholds } from '../../src/metrics/ranking.ts';

const seed = 20;

const scored = fc.array(fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 1 })), {
  minLength: 2,
  maxLength: 60,
});

describe('areaUnderRoc', () => {
  it('is the share of pairs in order, equal ones counting one half', () => {
    fc.assert(
      fc.property(scored, (examples) => {
        const of = (target: number) => examples.filter(([, t]) => t === target).map(([s]) => s);
        const pairs = of(1).flatMap((p) => of(0).map((n) => (p > n ? 1 : p === n ? 0.5 : 0)));
        const area = areaUnderRoc(
          examples.map(([s]) => s),
          examples.map(([, t]) => t),
        );
        if (pairs.length === 0) return Number.isNaN(area);
        return Math.abs(area - pairs.reduce<number>((sum, x) => sum + x, 0) / pairs.length) < 1e-12;
      }),
      { seed },
    );
  });

  it('agrees with the form of 200 thresholds where no two scores share an interval', () => {
    const scores = [0, 0.1, 0.3, 0.3, 0.5, 0.7, 0.9, 1];
    const targets = [0, 0, 1, 0, 1, 0, 1, 1];
    const exact = areaUnderRoc(scores, targets);
    expect(exact).toBe(13.5 / 16);
    expect(areaUnderRoc(scores, targets, { form: 'reference' })).toBeCloseTo(exact, 12);
    // Two scores within one interval of the thresholds look equal to the reference's form.
    expect(areaUnderRoc([0.501, 0.502], [0, 1])).toBe(1);
    expect(areaUnderRoc([0.501, 0.502], [0, 1], { form: 'reference' })).toBe(0.5);
  });
});

describe('recallAtThresholds', () => {
  it('compares in float32, strictly', () => {
    expect(recallAtThresholds(Float32Array.of(0.1, 0.2, 0), [1, 1, 0], [0, 0.1, 0.2])).toEqual([1, 0.5, 0]);
    expect(recallAtThresholds([0.5], [0])).toEqual(new Array(11).fill(0));
  });
});

describe('bad arguments', () => {
  it.each([
    ['target', () => areaUnderRoc([0.1], [2]), /targets\[0\]: expected 0 or 1, received 2/],
    ['score', () => areaUnderRoc([NaN], [1]), /scores\[0\]: expected a number/],
    ['scores', () => recallAtThresholds([0.1], [1, 0]), /scores: expected 2/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});
