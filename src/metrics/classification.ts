/**
 * Metrics of decisions and of class probabilities, over plain arrays, in float64.
 *
 * Over no example a mean is 0/0: such a metric is NaN, where a framework's running metric would say 0. Pooled
 * metrics are the metric of the concatenated examples, not a mean of groups.
 */
import { checkIndices, predictedClasses, type Predictions, readProbabilities } from './predictions.ts';

/**
 * Share of examples whose largest score is the label's: (1/n) Σᵢ 1[argmaxⱼ pᵢⱼ = yᵢ].
 *
 * @param predictions n rows of c scores, flat or nested, or n class indices.
 * @param labels `[n]`, class indices.
 * @returns In [0, 1]; NaN if n = 0.
 * @throws RangeError if the lengths do not fit, a score is NaN or a label is no class: no integer in [0, c), or for class
 *   indices, which do not say how many classes there are, no integer ≥ 0.
 * @example
 * ```ts
 * import { accuracy } from 'model-patching/metrics';
 * if (accuracy([0.9, 0.1, 0.4, 0.6], [0, 0]) !== 0.5) throw new Error('one of two is right');
 * ```
 */
export function accuracy(predictions: Predictions, labels: ArrayLike<number>): number {
  const predicted = predictedClasses(predictions, labels.length);
  checkIndices(labels, scoredClasses(predictions, labels.length) ?? 2 ** 31, 'labels');
  return predicted.reduce((hits, c, i) => hits + (c === labels[i] ? 1 : 0), 0) / labels.length;
}

/** −log of the label's probability of every example, with the clip and the renormalisation of {@link meanCrossEntropy}. */
export function crossEntropies(predictions: Predictions, labels: ArrayLike<number>): Float64Array {
  const { values, classes } = readProbabilities(predictions, labels.length);
  checkIndices(labels, classes, 'labels');
  const clip = (p: number) => Math.min(Math.max(p, 1e-7), 1 - 1e-7);
  return Float64Array.from({ length: labels.length }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < classes; j++) sum += clip(values[i * classes + j]!);
    return Math.log(sum) - Math.log(clip(values[i * classes + labels[i]!]!));
  });
}

/**
 * Mean cross-entropy of class probabilities in nats: (1/n) Σᵢ −log(p̂_{i,yᵢ} / Σⱼ p̂ᵢⱼ), p̂ = p clipped to
 * [10⁻⁷, 1 − 10⁻⁷].
 *
 * The clip is the one that Keras applies to probabilities, so that a sure and wrong prediction costs 16.1.
 *
 * @param probabilities n rows of c probabilities, flat or nested.
 * @param labels `[n]`, integers in [0, c).
 * @returns ≥ 0; NaN if n = 0.
 * @throws RangeError if the lengths do not fit, a probability is NaN or outside [0, 1] or a label is no class.
 * @example
 * ```ts
 * import { meanCrossEntropy } from 'model-patching/metrics';
 * const loss = meanCrossEntropy([[0.25, 0.75]], [1]);
 * if (Math.abs(loss + Math.log(0.75)) > 1e-6) throw new Error('-log 0.75 expected');
 * ```
 */
export function meanCrossEntropy(probabilities: Predictions, labels: ArrayLike<number>): number {
  return crossEntropies(probabilities, labels).reduce((sum, loss) => sum + loss, 0) / labels.length;
}

/**
 * Counts of (truth, prediction): row = true class, column = predicted class.
 *
 * @param predictions n rows of c scores, flat or nested, or n class indices.
 * @param labels `[n]`, class indices.
 * @param options `classes`: the matrix's size, default the number of scores in a row; for class indices one more
 *   than the largest that occurs.
 * @returns `classes` rows of `classes` counts.
 * @throws RangeError if the lengths do not fit, a score is NaN or a label or prediction is no class.
 * @example
 * ```ts
 * import { confusionMatrix } from 'model-patching/metrics';
 * const counts = confusionMatrix([1, 1, 0], [0, 1, 0]);
 * if (JSON.stringify(counts) !== '[[1,1],[0,1]]') throw new Error('rows are the truth');
 * ```
 */
export function confusionMatrix(
  predictions: Predictions,
  labels: ArrayLike<number>,
  options: { readonly classes?: number } = {},
): number[][] {
  const predicted = predictedClasses(predictions, labels.length);
  const classes = options.classes ?? classCount(predictions, predicted, labels);
  checkIndices(labels, classes, 'labels');
  checkIndices(predicted, classes, 'predictions');
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  predicted.forEach((column, i) => counts[labels[i]!]![column]!++);
  return counts;
}

/** Number of scores in a row; undefined for class indices. */
function scoredClasses(predictions: Predictions, count: number): number | undefined {
  const first: number | ArrayLike<number> | undefined = predictions[0];
  if (typeof first === 'object') return first.length;
  return count > 0 && predictions.length > count ? predictions.length / count : undefined;
}

function classCount(predictions: Predictions, predicted: Int32Array, labels: ArrayLike<number>): number {
  const scored = scoredClasses(predictions, labels.length);
  if (scored !== undefined) return scored;
  const largest = (values: ArrayLike<number>) =>
    Array.from(values).reduce((top, value) => Math.max(top, value), -1);
  return Math.max(largest(predicted), largest(labels)) + 1;
}

/** Harmonic mean of precision and recall, per class and their plain mean. */
export interface F1Score {
  /** 2·TP / (2·TP + FP + FN); null for a class that is neither true nor predicted for any example. */
  readonly perClass: readonly (number | null)[];
  /** Plain mean over the classes that are not null; null if there is none. */
  readonly macro: number | null;
}

/**
 * F₁ of every class, 2·TP / (2·TP + FP + FN), and its plain (macro) mean over the classes that occur.
 *
 * @param predictions n rows of c scores, flat or nested, or n class indices.
 * @param labels `[n]`, class indices.
 * @param options `classes` as in {@link confusionMatrix}.
 * @throws RangeError as {@link confusionMatrix} does.
 * @example
 * ```ts
 * import { f1Score } from 'model-patching/metrics';
 * const { perClass, macro } = f1Score([1, 1, 0, 0], [1, 0, 0, 0]);
 * if (perClass[0] !== 0.8 || Math.abs(macro! - (0.8 + 2 / 3) / 2) > 1e-12) throw new Error('4/5 and 2/3');
 * ```
 */
export function f1Score(
  predictions: Predictions,
  labels: ArrayLike<number>,
  options: { readonly classes?: number } = {},
): F1Score {
  const counts = confusionMatrix(predictions, labels, options);
  const perClass = counts.map((row, c) => {
    const truth = row.reduce((sum, n) => sum + n, 0);
    const predicted = counts.reduce((sum, other) => sum + other[c]!, 0);
    return truth + predicted === 0 ? null : (2 * row[c]!) / (truth + predicted);
  });
  const present = perClass.filter((value) => value !== null);
  const macro = present.length === 0 ? null : present.reduce((sum, f) => sum + f, 0) / present.length;
  return { perClass, macro };
}
