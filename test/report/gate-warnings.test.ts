import { describe, expect, it } from 'vitest';
import { gateWarnings } from '../../src/report/gate-warnings.ts';
import { good } from './example-input.ts';
import { plain } from './page-checks.ts';

const domains = { source: 'clean', target: 'zigzag' };

describe('the gate', () => {
  it('does not warn of good figures, nor where there was no gate', () => {
    expect(gateWarnings(good, domains)).toEqual([]);
    const none = { ...good, flipRate: null, labelPreservation: null, gateClassifierAccuracy: null };
    expect(gateWarnings(none, domains)).toEqual([]);
  });
  it('warns of each poor figure, naming the direction', () => {
    const warnings = gateWarnings(
      {
        ...good,
        flipRate: { toTarget: 0.218, toSource: 0.97 },
        labelPreservation: { toTarget: 0.98, toSource: 0.6 },
        gateClassifierAccuracy: 0.96,
      },
      domains,
    );
    expect(warnings.map((line) => plain(line))).toEqual([
      expect.stringMatching(/21\.8 % of the clean → zigzag translations look like zigzag/),
      expect.stringMatching(/60\.0 % of the zigzag → clean translations keep their class/),
      expect.stringMatching(/96\.0 %/),
    ]);
  });
  it('warns of a figure that is not a number', () => {
    expect(gateWarnings({ ...good, flipRate: { toTarget: NaN, toSource: 1 } }, domains)).toHaveLength(1);
  });
});
