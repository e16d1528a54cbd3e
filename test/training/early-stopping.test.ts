import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patienceEnds, satisfiedInARow } from '../../src/training/early-stopping.ts';

describe('patience', () => {
  // By hand; the place of the last gain, null to go on.
  it.each<readonly [readonly number[], number, number, number | null]>([
    [[], 1, 0, null],
    [[0.5], 1, 0, null],
    [[0.5, 0.5], 1, 0, 0],
    [[0.5, 0.5], 2, 0, null],
    [[0.5, 0.6, 0.55, 0.6], 2, 0, 1],
    [[0.5, 0.6, 0.55, 0.61], 2, 0, null],
    [[0.5, 0.55, 0.65, 0.7], 2, 0.1, null],
    [[0.5, 0.55, 0.58, 0.6], 2, 0.1, 0],
    [[0, 0, 1], 1, 0, 0],
    [[-3, -2, -2.5, -2.5], 2, 0, 1],
  ])('with %j, %i evaluations and a gain above %d', (scores, evaluations, minimumGain, expected) => {
    expect(patienceEnds(scores, { evaluations, minimumGain })).toBe(expected);
  });

  it('once at its end stays there, whatever comes', () => {
    const scores = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 });
    fc.assert(
      fc.property(scores, scores, fc.integer({ min: 1, max: 4 }), (some, more, evaluations) => {
        const end = patienceEnds(some, { evaluations });
        return end === null || patienceEnds([...some, ...more], { evaluations }) === end;
      }),
      { seed: 4 },
    );
  });

  it('is refused out of range', () => {
    expect(() => patienceEnds([], { evaluations: 0 })).toThrow('evaluations: expected an integer ≥ 1');
    expect(() => patienceEnds([], { evaluations: 1, minimumGain: -1 })).toThrow('minimumGain: expected');
  });
});

it('satisfied in a row counts from the end', () => {
  const yes = [true, true];
  expect(satisfiedInARow(yes, 2)).toBe(true);
  expect(satisfiedInARow(yes, 3)).toBe(false);
  expect(satisfiedInARow([...yes, false], 1)).toBe(false);
  expect(satisfiedInARow([false, ...yes], 2)).toBe(true);
  expect(() => satisfiedInARow([], 0)).toThrow('times: expected an integer ≥ 1');
});
