/**
 * How metrics read their arguments: scores as rows or as one flat row-major array, or classes already chosen.
 * Everything is taken to float64 and checked once here, because a metric of misread data is a plausible number.
 */

/**
 * Scores of n examples for c classes, as n rows of c numbers or flat, row-major, n·c numbers; where a metric
 * needs only the decision, also n class indices.
 */
export type Predictions = ArrayLike<number> | readonly ArrayLike<number>[];

/** Scores in float64: example i, class j at `values[i * classes + j]`. */
export interface ScoreRows {
  readonly values: Float64Array;
  readonly count: number;
  readonly classes: number;
}

/** True if the predictions are n class indices rather than scores. */
export function areClassIndices(predictions: Predictions, count: number): predictions is ArrayLike<number> {
  return predictions.length === count && (count === 0 || typeof predictions[0] === 'number');
}

function flattenRows(rows: readonly ArrayLike<number>[], count: number, argument: string): ScoreRows {
  if (rows.length !== count) {
    throw new RangeError(`${argument}: expected ${count} rows, one per example, received ${rows.length}`);
  }
  const classes = rows[0]!.length;
  const values = new Float64Array(count * classes);
  rows.forEach((row, i) => {
    if (row.length !== classes) {
      throw new RangeError(`${argument}[${i}]: expected a row of ${classes} numbers, received ${row.length}`);
    }
    values.set(row, i * classes);
  });
  return { values, count, classes };
}

/** Reads scores of `count` examples; throws unless they are `count` equal rows of numbers without NaN. */
export function readScores(predictions: Predictions, count: number, argument = 'predictions'): ScoreRows {
  let rows: ScoreRows;
  if (predictions.length > 0 && typeof predictions[0] !== 'number') {
    rows = flattenRows(predictions as readonly ArrayLike<number>[], count, argument);
  } else {
    const values = Float64Array.from(predictions as ArrayLike<number>);
    const classes = count === 0 ? 0 : values.length / count;
    if (!Number.isInteger(classes) || values.length !== classes * count) {
      throw new RangeError(
        `${argument}: expected ${count} rows or a multiple of ${count} numbers, received ${values.length}`,
      );
    }
    rows = { values, count, classes };
  }
  const bad = rows.values.findIndex((value) => Number.isNaN(value));
  if (bad >= 0)
    throw new RangeError(`${argument}: expected numbers, received NaN in example ${at(rows, bad)}`);
  return rows;
}

function at(rows: ScoreRows, index: number): number {
  return Math.floor(index / rows.classes);
}

/** Reads probabilities; beyond {@link readScores} it refuses values outside [0, 1], which are likely logits. */
export function readProbabilities(
  predictions: Predictions,
  count: number,
  argument = 'predictions',
): ScoreRows {
  const rows = readScores(predictions, count, argument);
  const bad = rows.values.findIndex((value) => value < -1e-6 || value > 1 + 1e-4);
  if (bad >= 0) {
    throw new RangeError(
      `${argument}: expected probabilities in [0, 1], received ${rows.values[bad]} in example ${at(rows, bad)}; ` +
        'apply softmax to logits first',
    );
  }
  return rows;
}

/** Throws unless every element is an integer in [0, limit). */
export function checkIndices(values: ArrayLike<number>, limit: number, argument: string): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(Number.isInteger(value) && value >= 0 && value < limit)) {
      throw new RangeError(`${argument}[${i}]: expected an integer in [0, ${limit}), received ${value}`);
    }
  }
}

/** Index of the largest score of every row, the first of equal ones. */
export function argMax({ values, count, classes }: ScoreRows): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => {
    let best = 0;
    for (let j = 1; j < classes; j++) {
      if (values[i * classes + j]! > values[i * classes + best]!) best = j;
    }
    return best;
  });
}

/**
 * The class chosen for every example: the index of the row's largest score, the first of equal ones.
 *
 * @param predictions n rows of c scores (probabilities or logits), flat or nested, or n class indices, which are
 *   checked and returned as they are.
 * @param count n.
 * @returns `[n]`.
 * @throws RangeError if the lengths do not fit, a score is NaN or an index is no integer ≥ 0.
 * @example
 * ```ts
 * import { predictedClasses } from 'model-patching/metrics';
 * const classes = predictedClasses([[0.2, 0.8], [0.5, 0.5]], 2);
 * if (classes.join() !== '1,0') throw new Error('the first of equal scores wins');
 * ```
 */
export function predictedClasses(predictions: Predictions, count: number): Int32Array {
  if (areClassIndices(predictions, count)) {
    checkIndices(predictions, 2 ** 31, 'predictions');
    return Int32Array.from(predictions);
  }
  return argMax(readScores(predictions, count));
}
