/**
 * Calibration: whether a classifier that is 80 % sure is right in 80 % of the cases (Guo, Pleiss, Sun & Weinberger,
 * "On calibration of modern neural networks", ICML 2017). A model that relies on a shortcut is often right on
 * average and sure of itself on the group where the shortcut fails, so read it per group.
 */
import { argMax, checkIndices, type Predictions, readProbabilities } from './predictions.ts';

/**
 * Expected calibration error: Σ_b (n_b/n)·|accuracy of bin b − mean confidence of bin b|.
 *
 * Confidence is the largest probability; bin b of B holds confidences in (b/B, (b+1)/B], the first also 0.
 *
 * @param probabilities n rows of c probabilities, flat or nested.
 * @param labels `[n]`, integers in [0, c).
 * @param options `bins`: number of bins of equal width, default 15 (the paper's).
 * @returns In [0, 1]; NaN if n = 0.
 * @throws RangeError if the lengths do not fit, a probability is NaN or outside [0, 1], a label is no class, or
 *   `bins` is no integer ≥ 1.
 * @example
 * ```ts
 * import { expectedCalibrationError } from 'model-patching/metrics';
 * const error = expectedCalibrationError([[0.25, 0.75], [0.25, 0.75]], [1, 0]);
 * if (error !== 0.25) throw new Error('75 % sure, right in half of the cases');
 * ```
 */
export function expectedCalibrationError(
  probabilities: Predictions,
  labels: ArrayLike<number>,
  options: { readonly bins?: number } = {},
): number {
  const bins = options.bins ?? 15;
  if (!(Number.isInteger(bins) && bins >= 1)) {
    throw new RangeError(`bins: expected an integer of at least 1, received ${bins}`);
  }
  const rows = readProbabilities(probabilities, labels.length);
  checkIndices(labels, rows.classes, 'labels');
  // Per bin the sum of (right − confidence): its absolute value over n is the bin's term.
  const excess = new Float64Array(bins);
  argMax(rows).forEach((predicted, i) => {
    const confidence = rows.values[i * rows.classes + predicted]!;
    const bin = Math.min(Math.max(Math.ceil(confidence * bins) - 1, 0), bins - 1);
    excess[bin]! += (predicted === labels[i] ? 1 : 0) - confidence;
  });
  return excess.reduce((sum, value) => sum + Math.abs(value), 0) / rows.count;
}
