import { describe, expect, it } from 'vitest';
import { accuracy, confusionMatrix } from '../../src/metrics/classification.ts';
import { predictedClasses } from '../../src/metrics/predictions.ts';

describe('accuracy, confusion matrix and F₁', () => {
  it('take flat and nested scores alike', () => {
    const rows = [
      [3, -1, 0],
      [0, 2, 2],
    ];
    expect([...predictedClasses(rows, 2)]).toEqual([0, 1]);
    expect([...predictedClasses(rows.flat(), 2)]).toEqual([0, 1]);
    expect(confusionMatrix(rows.flat(), [0, 2])).toEqual(confusionMatrix(rows, [0, 2]));
  });
});

describe('bad arguments', () => {
  it.each([
    ['NaN', () => accuracy([[NaN, 1]], [0]), /predictions: expected numbers, received NaN in example 0/],
    ['ragged rows', () => accuracy([[1, 0], [1]], [0, 0]), /predictions\[1\]: expected a row of 2/],
    ['too few rows', () => accuracy([[1, 0]], [0, 0]), /predictions: expected 2 rows.*received 1/],
    ['flat length', () => accuracy([1, 0, 1], [0, 0]), /predictions: expected 2 rows.*received 3/],
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
  ])('%s', (_, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});
