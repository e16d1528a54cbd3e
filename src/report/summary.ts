/** Means and standard deviations over the seeds of a study. */
import type { MethodResult, MethodSummary, SeedResults, Spread } from '../config/study-results.ts';

/**
 * Mean and standard deviation of a sample, n − 1. A value that was not measured makes both null: the mean of the others
 * would be that of a selection.
 *
 * @param values One a seed.
 */
export function spread(values: readonly (number | null)[]): Spread {
  const known = values.filter((value) => value !== null);
  if (known.length === 0 || known.length < values.length) return { mean: null, sd: null };
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  if (known.length === 1) return { mean, sd: null };
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (known.length - 1)) };
}

const summaryOf = (results: readonly MethodResult[]): MethodSummary => ({
  seeds: results.length,
  worstGroup: spread(results.map(({ worstGroup }) => worstGroup?.accuracy ?? null)),
  average: spread(results.map(({ average }) => average)),
  groupAverage: spread(results.map(({ groupAverage }) => groupAverage)),
  gap: spread(results.map(({ gap }) => gap)),
});

/**
 * Every method over the seeds in which it came to its end.
 *
 * @param seeds What they came to.
 * @param methods In the order in which they are listed.
 * @returns Methods without a result are left out.
 */
export function summarizeSeeds(
  seeds: readonly SeedResults[],
  methods: readonly string[],
): Readonly<Record<string, MethodSummary>> {
  const summaries = methods.flatMap((name) => {
    const results = seeds.flatMap((seed) => {
      const result = Object.hasOwn(seed.methods, name) ? seed.methods[name] : undefined;
      return result === undefined || 'failed' in result ? [] : [result];
    });
    return results.length === 0 ? [] : [[name, summaryOf(results)] as const];
  });
  return Object.fromEntries(summaries);
}
