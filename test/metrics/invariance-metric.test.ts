import { describe, expect, it } from 'vitest';
import { invarianceMetric } from '../../src/metrics/invariance-metric.ts';
import { expectClose } from '../support/fixture.ts';
import { casesOf, rowsOf, TOLERANCE } from './reference-cases.ts';

describe('invarianceMetric', () => {
  it.each(casesOf('classes').map((c, i) => [i, c] as const))(
    'is the reference’s penalty, case %i',
    (_, c) => {
      const rows = c.batches.flatMap(({ predictions }) => rowsOf(predictions));
      const targets = c.batches.flatMap((batch) => batch.targets);
      expectClose(invarianceMetric(rows, targets), c.final['irm_penalty']!, TOLERANCE);
    },
  );

  it('is the square of cross-entropy plus entropy, by hand', () => {
    const [p, q] = [0.25, 0.75];
    const entropy = -(p * Math.log(p) + q * Math.log(q));
    expect(invarianceMetric([[p, q]], [0])).toBeCloseTo((entropy - Math.log(p)) ** 2, 4);
    expect(invarianceMetric([p, q, p, q], [0, 1])).toBeCloseTo(
      ((entropy - Math.log(p)) ** 2 + (entropy - Math.log(q)) ** 2) / 2,
      4,
    );
  });

  it('is NaN of nothing, and refuses what is no probability and no class', () => {
    expect(invarianceMetric([], [])).toBeNaN();
    expect(() => invarianceMetric([[2, -1]], [0])).toThrow(RangeError);
    expect(() => invarianceMetric([[0.5, 0.5]], [2])).toThrow(/labels\[0\].*received 2/);
  });
});
