import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedCalibrationError } from '../../src/metrics/calibration.ts';

const seed = 20;

describe('expectedCalibrationError', () => {
  it('matches a hand computation with bins closed above', () => {
    // Two bins: {0.5: wrong} and {0.75: right, 1: right, 0.75: wrong}: ¼·½ + ¾·|2/3 − 5/6|.
    const rows = [0.5, 0.5, 0.25, 0.75, 0, 1, 0.75, 0.25];
    expect(expectedCalibrationError(rows, [1, 1, 1, 1], { bins: 2 })).toBeCloseTo(0.125 + 0.125, 14);
  });

  it('agrees with bins searched by their bounds', () => {
    const example = fc.tuple(fc.integer({ min: 0, max: 64 }), fc.nat({ max: 1 }));
    fc.assert(
      fc.property(
        fc.array(example, { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 20 }),
        (xs, bins) => {
          const rows = xs.map(([k]) => [1 - k / 64, k / 64]);
          const labels = xs.map(([, t]) => t);
          let expected = 0;
          for (let b = 0; b < bins; b++) {
            const inside = rows.flatMap((row, i) => {
              const confidence = Math.max(...row);
              // In 64ths, so that the bounds are compared without rounding.
              const scaled = confidence * 64 * bins;
              if (!(scaled > b * 64 && scaled <= (b + 1) * 64)) return [];
              return [{ confidence, right: (row[1]! > row[0]! ? 1 : 0) === labels[i] ? 1 : 0 }];
            });
            if (inside.length === 0) continue;
            const mean = (f: (x: (typeof inside)[number]) => number) =>
              inside.reduce((sum, x) => sum + f(x), 0) / inside.length;
            expected +=
              (inside.length / xs.length) * Math.abs(mean((x) => x.right) - mean((x) => x.confidence));
          }
          expect(expectedCalibrationError(rows, labels, { bins })).toBeCloseTo(expected, 10);
        },
      ),
      { seed },
    );
  });
});

describe('bad arguments', () => {
  it.each([
    ['bins', () => expectedCalibrationError([[1, 0]], [0], { bins: 0 }), /bins: expected an integer/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});
