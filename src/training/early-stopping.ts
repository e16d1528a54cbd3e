/**
 * When a training has come far enough: rules on what was measured so far and on nothing else, so that a training that
 * is gone on with ends at the same step.
 */

/** Patience with scores that do not rise. */
export interface Patience {
  /** How many measurements in a row may bring no gain, at least 1. */
  readonly evaluations: number;
  /** What a score must rise by to be a gain, ≥ 0; default 0: by anything. */
  readonly minimumGain?: number;
}

/**
 * Whether patience is at its end: the last `evaluations` scores brought no gain over the best one before them.
 *
 * @param scores In the order of the measurements, the higher the better. The first one is a gain.
 * @param patience How many of them, and what a gain is.
 * @returns The place of the last gain in `scores`; null to go on.
 * @throws RangeError if the patience is out of range.
 * @see Prechelt, "Early stopping – but when?", 1998
 * @example
 * ```ts
 * import { patienceEnds } from 'model-patching/training';
 * const patience = { evaluations: 2 };
 * if (patienceEnds([0.5, 0.7, 0.6], patience) !== null) throw new Error('one more may come');
 * if (patienceEnds([0.5, 0.7, 0.6, 0.7], patience) !== 1) throw new Error('none is better than 0.7');
 * ```
 */
export function patienceEnds(
  scores: readonly number[],
  { evaluations, minimumGain = 0 }: Patience,
): number | null {
  if (!(Number.isInteger(evaluations) && evaluations >= 1))
    throw new RangeError(`evaluations: expected an integer ≥ 1, received ${evaluations}`);
  if (!(minimumGain >= 0))
    throw new RangeError(`minimumGain: expected a number ≥ 0, received ${minimumGain}`);
  let [best, since] = [-Infinity, -1];
  for (const [i, score] of scores.entries()) {
    if (since < 0 || score > best + minimumGain) [best, since] = [score, i];
    else if (i - since >= evaluations) return since;
  }
  return null;
}

/**
 * Whether the last measurements were all as wanted.
 *
 * @param satisfied Of each measurement, in order.
 * @param times How many in a row, at least 1.
 * @throws RangeError if `times` is out of range.
 * @example
 * ```ts
 * import { satisfiedInARow } from 'model-patching/training';
 * if (satisfiedInARow([true, true, false, true], 2)) throw new Error('the last but one was not');
 * if (!satisfiedInARow([false, true, true], 2)) throw new Error('twice in a row');
 * ```
 */
export function satisfiedInARow(satisfied: readonly boolean[], times: number): boolean {
  if (!(Number.isInteger(times) && times >= 1))
    throw new RangeError(`times: expected an integer ≥ 1, received ${times}`);
  return satisfied.length >= times && satisfied.slice(-times).every(Boolean);
}
