/**
 * All metrics of a classifier at once, of one set of examples or of every group and of the groups together. The
 * pooled metrics are those of all examples (each example counts once), not a mean over groups.
 */
import { expectedCalibrationError } from './calibration.ts';
import { accuracy, confusionMatrix, meanCrossEntropy, type F1Score, f1Score } from './classification.ts';
import { checkIndices, type Predictions, readProbabilities } from './predictions.ts';
import { areaUnderRoc, recallAtThresholds } from './ranking.ts';

/** Metrics of class probabilities, plain JSON; null where a metric is undefined (no example, one class only). */
export interface ClassificationMetrics {
  /** Number of examples. */
  readonly count: number;
  /** Share of examples whose largest probability is the label's. */
  readonly accuracy: number | null;
  /** Mean cross-entropy in nats. */
  readonly crossEntropy: number | null;
  /** Expected calibration error with 15 bins. */
  readonly calibrationError: number | null;
  /** Counts, rows are the truth. */
  readonly confusionMatrix: readonly (readonly number[])[];
  /** F₁ per class and macro mean. */
  readonly f1: F1Score;
  /** Two classes only, else null: recall of class 1 at p₁ > 0, 0.1, …, 1. */
  readonly recall: readonly number[] | null;
  /** Two classes only, else null: area under the ROC of p₁; null or, in the reference's form, 0 without both classes. */
  readonly areaUnderRoc: number | null;
}

/** How {@link classificationMetrics} and {@link groupedMetrics} compute. */
export interface ClassificationMetricsOptions {
  /** Form of the area under the ROC, see {@link areaUnderRoc}; default `exact`. */
  readonly areaUnderRoc?: 'exact' | 'reference';
}

/** Null where a metric is 0/0. */
export const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

function metricsOfRows(
  probabilities: Float64Array,
  labels: ArrayLike<number>,
  classes: number,
  options: ClassificationMetricsOptions,
): ClassificationMetrics {
  const scores = Float64Array.from(labels, (_, i) => probabilities[i * classes + 1]!);
  const binary = classes === 2;
  return {
    count: labels.length,
    accuracy: orNull(accuracy(probabilities, labels)),
    crossEntropy: orNull(meanCrossEntropy(probabilities, labels)),
    calibrationError: orNull(expectedCalibrationError(probabilities, labels)),
    confusionMatrix: confusionMatrix(probabilities, labels, { classes }),
    f1: f1Score(probabilities, labels, { classes }),
    recall: binary ? recallAtThresholds(scores, labels) : null,
    areaUnderRoc: binary
      ? orNull(areaUnderRoc(scores, labels, { form: options.areaUnderRoc ?? 'exact' }))
      : null,
  };
}

/**
 * All metrics of class probabilities.
 *
 * @param probabilities n rows of c ≥ 2 probabilities, flat or nested.
 * @param labels `[n]`, integers in [0, c).
 * @param options Form of the area under the ROC.
 * @throws RangeError if the lengths do not fit, a probability is NaN or outside [0, 1] or a label is no class.
 * @example
 * ```ts
 * import { classificationMetrics } from 'model-patching/metrics';
 * const metrics = classificationMetrics([[0.9, 0.1], [0.3, 0.7]], [0, 1]);
 * if (metrics.accuracy !== 1 || metrics.areaUnderRoc !== 1) throw new Error('both are right');
 * ```
 */
export function classificationMetrics(
  probabilities: Predictions,
  labels: ArrayLike<number>,
  options: ClassificationMetricsOptions = {},
): ClassificationMetrics {
  const { values, classes } = readClassProbabilities(probabilities, labels);
  return metricsOfRows(values, labels, classes, options);
}

function readClassProbabilities(probabilities: Predictions, labels: ArrayLike<number>) {
  const rows = readProbabilities(probabilities, labels.length, 'probabilities');
  if (rows.count > 0 && rows.classes < 2) {
    throw new RangeError(`probabilities: expected rows of at least 2 numbers, received ${rows.classes}`);
  }
  checkIndices(labels, rows.classes, 'labels');
  return rows;
}

/** Metrics of every group and of all examples together. */
export interface GroupedMetrics {
  /** In the order of `names`. */
  readonly groups: readonly (ClassificationMetrics & { readonly name: string })[];
  /** Of all examples, each counted once. */
  readonly pooled: ClassificationMetrics;
}

/**
 * All metrics per group, and pooled over the examples of all groups.
 *
 * @param examples `probabilities`: n rows of c ≥ 2 probabilities, flat or nested; `labels` `[n]`, integers in
 *   [0, c); `groups` `[n]`, indices into `names`; `names` of the groups.
 * @param options Form of the area under the ROC.
 * @throws RangeError if the lengths do not fit, a probability is NaN or outside [0, 1], or a label or group is
 *   outside its range.
 * @example
 * ```ts
 * import { groupedMetrics } from 'model-patching/metrics';
 * const { groups, pooled } = groupedMetrics({
 *   probabilities: [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], labels: [0, 1, 1], groups: [0, 1, 1], names: ['a', 'b'],
 * });
 * if (groups[1]!.accuracy !== 0.5 || pooled.accuracy !== 2 / 3) throw new Error('pooled over examples');
 * ```
 */
export function groupedMetrics(
  examples: {
    readonly probabilities: Predictions;
    readonly labels: ArrayLike<number>;
    readonly groups: ArrayLike<number>;
    readonly names: readonly string[];
  },
  options: ClassificationMetricsOptions = {},
): GroupedMetrics {
  const { labels, groups, names } = examples;
  if (groups.length !== labels.length) {
    throw new RangeError(`groups: expected ${labels.length}, one per label, received ${groups.length}`);
  }
  checkIndices(groups, names.length, 'groups');
  const { values, classes } = readClassProbabilities(examples.probabilities, labels);
  const ofGroup = names.map((name, g) => {
    const members = Array.from(groups, (group, i) => (group === g ? i : -1)).filter((i) => i >= 0);
    const rows = new Float64Array(members.length * classes);
    members.forEach((i, k) => rows.set(values.subarray(i * classes, (i + 1) * classes), k * classes));
    const itsLabels = members.map((i) => labels[i]!);
    return { name, ...metricsOfRows(rows, itsLabels, classes, options) };
  });
  return { groups: ofGroup, pooled: metricsOfRows(values, labels, classes, options) };
}
