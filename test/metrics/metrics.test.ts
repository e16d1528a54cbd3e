import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedCalibrationError } from '../../src/metrics/calibration.ts';
import { accuracy, confusionMatrix, meanCrossEntropy, f1Score } from '../../src/metrics/classification.ts';
import { classificationMetrics } from '../../src/metrics/classification-metrics.ts';
import { multiLabelMetrics } from '../../src/metrics/multi-label.ts';
import { predictedClasses } from '../../src/metrics/predictions.ts';
import { areaUnderRoc, recallAtThresholds } from '../../src/metrics/ranking.ts';
import { wilsonInterval } from '../../src/metrics/wilson-interval.ts';

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

describe('accuracy, confusion matrix and F₁', () => {
  const truth = [0, 0, 0, 1, 1, 2];
  const predicted = [0, 1, 0, 1, 2, 2];

  it('match hand computations', () => {
    expect(accuracy(predicted, truth)).toBe(4 / 6);
    expect(confusionMatrix(predicted, truth)).toEqual([
      [2, 1, 0],
      [0, 1, 1],
      [0, 0, 1],
    ]);
    const { perClass, macro } = f1Score(predicted, truth, { classes: 4 });
    expect(perClass).toEqual([4 / 5, 2 / 4, 2 / 3, null]);
    expect(macro).toBeCloseTo((0.8 + 0.5 + 2 / 3) / 3, 14);
  });

  it('take flat and nested scores alike', () => {
    const rows = [
      [3, -1, 0],
      [0, 2, 2],
    ];
    expect([...predictedClasses(rows, 2)]).toEqual([0, 1]);
    expect([...predictedClasses(rows.flat(), 2)]).toEqual([0, 1]);
    expect(confusionMatrix(rows.flat(), [0, 2])).toEqual(confusionMatrix(rows, [0, 2]));
  });

  it('F₁ is the harmonic mean of precision and recall counted one by one', () => {
    const labels = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 })), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(labels, (pairs) => {
        const { perClass } = f1Score(
          pairs.map(([p]) => p),
          pairs.map(([, t]) => t),
          { classes: 4 },
        );
        return perClass.every((f1, c) => {
          const right = pairs.filter(([p, t]) => p === c && t === c).length;
          const precision = right / pairs.filter(([p]) => p === c).length;
          const recall = right / pairs.filter(([, t]) => t === c).length;
          if (Number.isNaN(precision) && Number.isNaN(recall)) return f1 === null;
          if (right === 0) return f1 === 0;
          return Math.abs(f1! - (2 * precision * recall) / (precision + recall)) < 1e-12;
        });
      }),
      { seed },
    );
  });
});

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
    ['NaN', () => accuracy([[NaN, 1]], [0]), /predictions: expected numbers, received NaN in example 0/],
    ['logits', () => meanCrossEntropy([[3, -1]], [0]), /expected probabilities in \[0, 1\], received 3/],
    ['ragged rows', () => accuracy([[1, 0], [1]], [0, 0]), /predictions\[1\]: expected a row of 2/],
    ['too few rows', () => accuracy([[1, 0]], [0, 0]), /predictions: expected 2 rows.*received 1/],
    ['flat length', () => accuracy([1, 0, 1], [0, 0]), /predictions: expected 2 rows.*received 3/],
    [
      'label',
      () => meanCrossEntropy([[1, 0]], [2]),
      /labels\[0\]: expected an integer in \[0, 2\), received 2/,
    ],
    [
      'label counted from 1',
      () =>
        accuracy(
          [
            [1, 0],
            [0, 1],
          ],
          [1, 2],
        ),
      /labels\[1\]: expected an integer in \[0, 2\), received 2/,
    ],
    ['missing label', () => accuracy([1, 0, 0, 1], [1, -1]), /labels\[1\]: .* in \[0, 2\), received -1/],
    ['missing label beside classes', () => accuracy([1, 0], [1, -1]), /labels\[1\]: .*received -1/],
    ['class index', () => accuracy([0.5], [0]), /predictions\[0\]: expected an integer/],
    ['one column', () => classificationMetrics([[1]], [0]), /rows of at least 2/],
    ['target', () => areaUnderRoc([0.1], [2]), /targets\[0\]: expected 0 or 1, received 2/],
    ['score', () => areaUnderRoc([NaN], [1]), /scores\[0\]: expected a number/],
    ['scores', () => recallAtThresholds([0.1], [1, 0]), /scores: expected 2/],
    ['bins', () => expectedCalibrationError([[1, 0]], [0], { bins: 0 }), /bins: expected an integer/],
    ['outputs', () => multiLabelMetrics([[1, 0]], [[1]]), /rows of 1 numbers, received 2/],
    ['trials', () => wilsonInterval(0, 0), /n: expected an integer ≥ 1/],
    ['successes', () => wilsonInterval(3, 2), /successes: expected an integer in \[0, 2\]/],
    ['quantile', () => wilsonInterval(1, 2, 0), /z: expected a number > 0/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});
