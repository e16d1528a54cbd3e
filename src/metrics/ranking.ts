/**
 * Metrics of one score against binary targets: recall at thresholds and the area under the receiver operating
 * characteristic.
 *
 * The exact area is the Mann–Whitney statistic, P(score of a positive > score of a negative) + ½ P(equal) (Hanley
 * & McNeil 1982). The reference's form joins the points of 200 fixed thresholds by straight lines, which loses
 * what happens between two thresholds; it is here for parity.
 */

function checkScores(scores: ArrayLike<number>, targets: ArrayLike<number>): void {
  if (scores.length !== targets.length) {
    throw new RangeError(`scores: expected ${targets.length}, one per target, received ${scores.length}`);
  }
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i]!)) throw new RangeError(`scores[${i}]: expected a number, received NaN`);
    if (targets[i] !== 0 && targets[i] !== 1) {
      throw new RangeError(`targets[${i}]: expected 0 or 1, received ${targets[i]}`);
    }
  }
}

const TENTHS = Array.from({ length: 11 }, (_, i) => i / 10);

/**
 * Recall TP / (TP + FN) when a score above a threshold, strictly, counts as positive.
 *
 * Scores and thresholds are compared in float32, so that a float32 score of 0.1 is not above the threshold 0.1.
 *
 * @param scores `[n]`, for instance the probability of class 1.
 * @param targets `[n]`, 0 or 1.
 * @param thresholds `[t]`, default 0, 0.1, …, 1.
 * @returns `[t]`, in [0, 1]; 0 if no target is 1.
 * @throws RangeError if the lengths differ, a score is NaN or a target is neither 0 nor 1.
 * @example
 * ```ts
 * import { recallAtThresholds } from 'model-patching/metrics';
 * const recall = recallAtThresholds([0.9, 0.4, 0.7], [1, 1, 0], [0.5, 0.9]);
 * if (recall[0] !== 0.5 || recall[1] !== 0) throw new Error('a positive lies strictly above the threshold');
 * ```
 */
export function recallAtThresholds(
  scores: ArrayLike<number>,
  targets: ArrayLike<number>,
  thresholds: ArrayLike<number> = TENTHS,
): number[] {
  checkScores(scores, targets);
  const positives = Float32Array.from(Array.from(scores).filter((_, i) => targets[i] === 1));
  return Array.from(thresholds, (threshold) => shareAbove(positives, Math.fround(threshold)));
}

function shareAbove(scores: Float32Array, threshold: number): number {
  if (scores.length === 0) return 0;
  return scores.reduce((count, score) => count + (score > threshold ? 1 : 0), 0) / scores.length;
}

/**
 * Area under the receiver operating characteristic.
 *
 * `exact`: (R − n₊(n₊+1)/2) / (n₊·n₋), R the sum of the positives' ranks, equal scores sharing their mean rank.
 * `reference`: trapezoids over (FPR, TPR) at the 200 thresholds −10⁻⁷, i/199, 1 + 10⁻⁷, for scores in [0, 1].
 *
 * @param scores `[n]`, higher for more likely positive.
 * @param targets `[n]`, 0 or 1.
 * @param options `form`, default `exact`.
 * @returns In [0, 1]; where a class is missing NaN (`exact`) or 0 (`reference`).
 * @throws RangeError if the lengths differ, a score is NaN or a target is neither 0 nor 1.
 * @example
 * ```ts
 * import { areaUnderRoc } from 'model-patching/metrics';
 * const area = areaUnderRoc([0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1]);
 * if (area !== 0.875) throw new Error('of four pairs three are in order and one is equal');
 * ```
 */
export function areaUnderRoc(
  scores: ArrayLike<number>,
  targets: ArrayLike<number>,
  options: { readonly form?: 'exact' | 'reference' } = {},
): number {
  checkScores(scores, targets);
  return (options.form ?? 'exact') === 'exact' ? rankArea(scores, targets) : thresholdArea(scores, targets);
}

function rankArea(scores: ArrayLike<number>, targets: ArrayLike<number>): number {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) =>
    scores[a]! < scores[b]! ? -1 : scores[a]! > scores[b]! ? 1 : 0,
  );
  let positives = 0;
  let rankSum = 0;
  for (let start = 0, end = 0; start < order.length; start = end) {
    let positivesHere = 0;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) {
      positivesHere += targets[order[end]!]!;
      end++;
    }
    positives += positivesHere;
    rankSum += (positivesHere * (start + 1 + end)) / 2;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (order.length - positives));
}

const ROC_THRESHOLDS = Float32Array.from({ length: 200 }, (_, i) =>
  i === 0 ? -1e-7 : i === 199 ? 1 + 1e-7 : i / 199,
);

function thresholdArea(scores: ArrayLike<number>, targets: ArrayLike<number>): number {
  const ofTarget = (target: number) =>
    Float32Array.from(Array.from(scores).filter((_, i) => targets[i] === target));
  const [negatives, positives] = [ofTarget(0), ofTarget(1)];
  let area = 0;
  let [right, high] = [0, 0];
  ROC_THRESHOLDS.forEach((threshold, i) => {
    const falsePositiveRate = shareAbove(negatives, threshold);
    const truePositiveRate = shareAbove(positives, threshold);
    if (i > 0) area += ((right - falsePositiveRate) * (high + truePositiveRate)) / 2;
    [right, high] = [falsePositiveRate, truePositiveRate];
  });
  return area;
}
