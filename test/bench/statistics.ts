/** Medians and quartiles, and contenders timed in turn, so that drift of the machine hits all of them alike. */
import { foldKey, permutation, randomKey } from '../../src/random/random.ts';

/** A timed step. */
export interface Timing {
  /** Median, in milliseconds. */
  readonly milliseconds: number;
  /** Upper less lower quartile, in milliseconds. */
  readonly spread: number;
}

/** The `share` quantile of `values`, by linear interpolation between the two nearest. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('values: expected at least one, received none');
  const sorted = [...values].sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const [low, high] = [sorted[below]!, sorted[Math.ceil(position)]!];
  return low + (position - below) * (high - low);
}

/** Median and spread of times. */
export const timing = (times: readonly number[]): Timing => ({
  milliseconds: quantile(times, 0.5),
  spread: quantile(times, 0.75) - quantile(times, 0.25),
});

/** What is timed: one step after another. It resolves when all of the step's work is done. */
export type Runner = () => Promise<number>;

/**
 * Runs all runners in turn, `repeats` times round after `warmUp` rounds that are not counted. The order is drawn
 * anew for every round, from a seed: in a fixed order a runner would always find the caches, and the garbage, of the same one.
 *
 * @param runners Each resolves with the milliseconds that its step took.
 * @returns The times of each, in the order of `runners`.
 */
export async function roundRobin(
  runners: readonly Runner[],
  { warmUp, repeats }: { readonly warmUp: number; readonly repeats: number },
  onRound: (round: number) => void = () => undefined,
): Promise<number[][]> {
  const times = runners.map((): number[] => []);
  for (let round = 0; round < warmUp + repeats; round++) {
    onRound(round);
    for (const i of permutation(foldKey(randomKey(0), round), runners.length)) {
      const time = await runners[i]!();
      if (round >= warmUp) times[i]!.push(time);
    }
  }
  return times;
}

/** The milliseconds that `step` takes. */
export async function clocked(step: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await step();
  return performance.now() - start;
}
