/**
 * How far a mean over seeds can be trusted: x̄ ± t · s / √n with Student's t for n − 1 degrees of freedom (Student 1908).
 * The seeds share their test images, so that what these leave open does not shrink with the number of seeds.
 */

/** Quantiles of Student's distribution at 0.975, for 1, 2, … 30 degrees of freedom. */
const QUANTILES = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
] as const;

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * A 95 % interval of a mean of accuracies: the wider of Student's over the seeds and the mean of the seeds' own.
 *
 * @param values One a seed, at least one, in [0, 1].
 * @param intervals Of each on its test images.
 * @returns Within [0, 1].
 */
export function meanInterval(
  values: readonly number[],
  intervals: readonly (readonly [number, number])[],
): readonly [number, number] {
  const mean = meanOf(values);
  const own = [meanOf(intervals.map(([low]) => low)), meanOf(intervals.map(([, high]) => high))] as const;
  if (values.length === 1) return own;
  const freedom = values.length - 1;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / freedom;
  const half = QUANTILES[Math.min(freedom, QUANTILES.length) - 1]! * Math.sqrt(variance / values.length);
  return [Math.max(0, Math.min(own[0], mean - half)), Math.min(1, Math.max(own[1], mean + half))];
}
