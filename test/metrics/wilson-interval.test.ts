import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wilsonInterval } from '../../src/metrics/wilson-interval.ts';

const seed = 20;

describe('wilsonInterval', () => {
  const z = 1.959963984540054;
  it('ends where the score test’s equation |p̂ − p| = z·√(p(1 − p)/n) holds', () => {
    const trials = fc
      .integer({ min: 1, max: 5000 })
      .chain((n) => fc.tuple(fc.nat({ max: n }), fc.constant(n)));
    fc.assert(
      fc.property(trials, ([k, n]) => {
        const share = k / n;
        const excess = (p: number) => Math.abs(share - p) - z * Math.sqrt((p * (1 - p)) / n);
        const root = (inside: number, outside: number) => {
          let [a, b] = [inside, outside];
          for (let i = 0; i < 200; i++) {
            const middle = (a + b) / 2;
            if (excess(middle) > 0) b = middle;
            else a = middle;
          }
          return a;
        };
        const [low, high] = wilsonInterval(k, n);
        // At 0 and n successes the point itself is one of the equation's roots.
        const expectedLow = k === 0 ? 0 : root(share, 0);
        const expectedHigh = k === n ? 1 : root(share, 1);
        return Math.abs(low - expectedLow) < 1e-9 && Math.abs(high - expectedHigh) < 1e-9;
      }),
      { seed },
    );
  });

  it('gives the published values', () => {
    expect(wilsonInterval(0, 20)[1]).toBeCloseTo(0.1611, 4);
    expect(wilsonInterval(81, 263)[0]).toBeCloseTo(0.2553, 4);
    expect(wilsonInterval(81, 263)[1]).toBeCloseTo(0.3662, 4);
  });
});

describe('bad arguments', () => {
  it.each([
    ['trials', () => wilsonInterval(0, 0), /n: expected an integer ≥ 1/],
    ['successes', () => wilsonInterval(3, 2), /successes: expected an integer in \[0, 2\]/],
    ['quantile', () => wilsonInterval(1, 2, 0), /z: expected a number > 0/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});
