import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accuracy, confusionMatrix, meanCrossEntropy, f1Score } from '../../src/metrics/classification.ts';

const seed = 20;

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

describe('bad arguments', () => {
  it.each([
    ['logits', () => meanCrossEntropy([[3, -1]], [0]), /expected probabilities in \[0, 1\], received 3/],
    [
      'label',
      () => meanCrossEntropy([[1, 0]], [2]),
      /labels\[0\]: expected an integer in \[0, 2\), received 2/,
    ],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});
