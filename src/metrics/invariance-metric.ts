/**
 * The invariance penalty of class probabilities as the reference reports it. Its derivative has a sign error
 * (cross-entropy + entropy where IRMv1 has the difference), so it is a number for comparison with published
 * logs and not a measure of invariance.
 */
import { checkIndices, type Predictions, readProbabilities } from './predictions.ts';

/**
 * The reference's invariance metric: (1/n) Σᵢ dᵢ², d = 2·lse(z) − z_y − Σⱼ softmax(z)ⱼ·zⱼ, z = log(p + 10⁻⁶).
 *
 * @param probabilities n rows of c probabilities, flat or nested.
 * @param labels `[n]`, integers in [0, c).
 * @returns ≥ 0; NaN if n = 0.
 * @throws RangeError if the lengths do not fit, a probability is NaN or outside [0, 1] or a label is no class.
 * @example
 * ```ts
 * import { invarianceMetric } from 'model-patching/metrics';
 * const metric = invarianceMetric([[0.5, 0.5]], [0]);
 * if (Math.abs(metric - (2 * Math.LN2) ** 2) > 1e-4) throw new Error('cross-entropy plus entropy, squared');
 * ```
 */
export function invarianceMetric(probabilities: Predictions, labels: ArrayLike<number>): number {
  const { values, count, classes } = readProbabilities(probabilities, labels.length);
  checkIndices(labels, classes, 'labels');
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const logits = Array.from(values.subarray(i * classes, (i + 1) * classes), (p) => Math.log(p + 1e-6));
    const logSum = Math.log(logits.reduce((total, z) => total + Math.exp(z), 0));
    const meanLogit = logits.reduce((total, z) => total + Math.exp(z - logSum) * z, 0);
    sum += (2 * logSum - logits[labels[i]!]! - meanLogit) ** 2;
  }
  return sum / count;
}
