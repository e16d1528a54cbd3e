import { describe, expect, it } from 'vitest';
import { bootstrapInterval } from '../../src/metrics/bootstrap-interval.ts';
import { normal, randomKey } from '../../src/random/random.ts';

/** The mean of every one of the nⁿ samples, which a bootstrap draws from, in order. */
function allMeans(values: readonly number[]): readonly number[] {
  const sums = values.reduce<readonly number[]>(
    (partial) => partial.flatMap((sum) => values.map((value) => sum + value)),
    [0],
  );
  return sums.map((sum) => sum / values.length).sort((a, b) => a - b);
}

describe('bootstrapInterval', () => {
  it('gives the quantiles of all samples that can be drawn', () => {
    const values = [0.031, 0.048, -0.012, 0.02, 0.057];
    const means = allMeans(values);
    const [low, high] = bootstrapInterval(values, { samples: 200_000, seed: 3 });
    expect(low).toBeCloseTo(means[Math.ceil(0.025 * means.length) - 1]!, 3);
    expect(high).toBeCloseTo(means[Math.ceil(0.975 * means.length) - 1]!, 3);
    const [, narrow] = bootstrapInterval(values, { samples: 200_000, seed: 3, level: 0.5 });
    expect(narrow).toBeCloseTo(means[Math.ceil(0.75 * means.length) - 1]!, 3);
  });

  it('reaches both numbers of two, and no further', () => {
    expect(bootstrapInterval([0.25, 0.5])).toEqual([0.25, 0.5]);
    expect(bootstrapInterval([0.25, 0.25, 0.25])).toEqual([0.25, 0.25]);
  });

  it('is about 1.96 standard errors wide on either side of many normal numbers', () => {
    const values = Array.from(normal(randomKey(11), 2000, 5, 2));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const [low, high] = bootstrapInterval(values, { samples: 4000 });
    const error = 2 / Math.sqrt(values.length);
    expect((high - mean) / error).toBeCloseTo(1.96, 0);
    expect((mean - low) / error).toBeCloseTo(1.96, 0);
    expect((high - low) / error / 2).toBeGreaterThan(1.8);
    expect((high - low) / error / 2).toBeLessThan(2.1);
  });

  it('gives the same for the same seed, and nearly the same for another', () => {
    const values = [0.1, 0.3, 0.2, 0.6];
    expect(bootstrapInterval(values, { seed: 5 })).toEqual(bootstrapInterval(values, { seed: 5 }));
    expect(bootstrapInterval(values, { seed: 6 })[0]).toBeCloseTo(
      bootstrapInterval(values, { seed: 5 })[0],
      1,
    );
  });

  it.each([
    [[1], {}, 'values: expected at least two numbers, received 1'],
    [[1, Number.NaN], {}, 'values[1]: expected a finite number, received NaN'],
    [[1, 2], { level: 1 }, 'level: expected a number in (0, 1), received 1'],
    [[1, 2], { samples: 0 }, 'samples: expected an integer ≥ 1, received 0'],
  ])('refuses %j with %j', (values, options, message) => {
    expect(() => bootstrapInterval(values, options)).toThrow(new RangeError(message));
  });
});
