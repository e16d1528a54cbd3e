import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cycleError,
  flipRate,
  gateIsSatisfied,
  gateScore,
  labelPreservation,
  SATISFYING_GATE,
} from '../../src/gan/quality-gate.ts';

describe('the gate’s measures', () => {
  it('match hand computations', () => {
    expect(flipRate([1, 1, 0, 1, 0], 1)).toBe(0.6);
    expect(flipRate([1, 1, 0, 1, 0], 0)).toBe(0.4);
    expect(labelPreservation([3, 1, 4, 1], [3, 1, 4, 2])).toBe(0.75);
    expect(cycleError([0, 0.5, 1], [0.3, 0.5, 0.4], [0, 1])).toBeCloseTo(0.3, 14);
    expect(cycleError([-1, 0, 1], [-0.4, 0, -0.2], [-1, 1])).toBeCloseTo(0.3, 14);
    const shares = {
      flipRate: { toSource: 0.9, toTarget: 0.2 },
      labelPreservation: { toSource: 0.8, toTarget: 1 },
    };
    expect(gateScore(shares)).toBeCloseTo(0.16, 14);
  });

  it.each([
    ['flipRate', 'toTarget'],
    ['flipRate', 'toSource'],
    ['labelPreservation', 'toTarget'],
    ['labelPreservation', 'toSource'],
    ['accuracy', 'domain'],
    ['accuracy', 'label'],
  ] as const)('are satisfying at the limits, and not below that of %s %s', (what, side) => {
    const { flipRate: flip, labelPreservation: kept, classifierAccuracy } = SATISFYING_GATE;
    const at = {
      flipRate: { toTarget: flip, toSource: flip },
      labelPreservation: { toTarget: kept, toSource: kept },
      accuracy: { domain: classifierAccuracy, label: classifierAccuracy },
    };
    expect(gateIsSatisfied(at, at.accuracy)).toBe(true);
    const { accuracy, ...shares } = { ...at, [what]: { ...at[what], [side]: 0.9 } };
    expect(gateIsSatisfied(shares, accuracy)).toBe(false);
  });

  it('score at most the worst direction, and 1 only when everything is', () => {
    const share = fc.record({
      toSource: fc.integer({ min: 0, max: 8 }),
      toTarget: fc.integer({ min: 0, max: 8 }),
    });
    const eighths = (s: { toSource: number; toTarget: number }) => ({
      toSource: s.toSource / 8,
      toTarget: s.toTarget / 8,
    });
    fc.assert(
      fc.property(share, share, (flips, kept) => {
        const score = gateScore({ flipRate: eighths(flips), labelPreservation: eighths(kept) });
        const all = [flips.toSource, flips.toTarget, kept.toSource, kept.toTarget];
        expect(score).toBeLessThanOrEqual(Math.min(...all) / 8);
        expect(score === 1).toBe(all.every((s) => s === 8));
      }),
      { seed: 26 },
    );
  });

  it.each([
    ['no domains', () => flipRate([], 1), /predictedDomains: expected at least one/],
    ['domain', () => flipRate([0.5], 1), /predictedDomains\[0\]: expected an integer/],
    ['target', () => flipRate([1], -1), /targetDomain: expected an integer/],
    ['lengths', () => labelPreservation([1], [1, 2]), /predictedLabels: expected 2, received 1/],
    ['label', () => labelPreservation([1], [NaN]), /labels\[0\]: expected an integer/],
    ['range', () => cycleError([1], [1], [1, 1]), /range: expected low < high/],
    ['pixels', () => cycleError([1], [NaN], [0, 1]), /finite/],
    ['sizes', () => cycleError([1, 2], [1], [0, 1]), /cycled: expected 2 pixels, received 1/],
    [
      'share',
      () =>
        gateScore({
          flipRate: { toSource: 2, toTarget: 1 },
          labelPreservation: { toSource: 1, toTarget: 1 },
        }),
      /flipRate.toSource: expected a share/,
    ],
  ])('refuse bad %s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
