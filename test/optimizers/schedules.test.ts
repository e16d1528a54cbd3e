import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  constantSchedule,
  cosineDecay,
  linearDecay,
  linearDecayFromHalf,
  piecewiseConstant,
  publishedSchedule,
  warmUp,
  type PublishedScheduleName,
} from '../../src/optimizers/schedules.ts';
import { readFixture } from '../support/fixture.ts';

interface ScheduleCase {
  readonly scheduler: PublishedScheduleName;
  readonly lrStart: number;
  readonly lrEnd: number | null;
  readonly decaySteps: number;
  readonly steps: readonly number[];
  readonly learningRates: readonly number[];
}

describe('published schedules', () => {
  readFixture<ScheduleCase>('schedules').cases.forEach((fixture, index) => {
    it(`case ${index}: ${fixture.scheduler} over ${fixture.decaySteps}`, () => {
      const schedule = publishedSchedule(fixture.scheduler, {
        start: fixture.lrStart,
        steps: fixture.decaySteps,
        ...(fixture.lrEnd === null ? {} : { end: fixture.lrEnd }),
      });
      fixture.steps.forEach((step, i) => {
        // relative to the largest rate: far tighter than the fixtures' absolute 1e-5 for rates of 1e-4
        const difference = Math.abs(schedule(step) - fixture.learningRates[i]!);
        expect(difference / fixture.lrStart, `step ${step}`).toBeLessThanOrEqual(1e-6);
      });
    });
  });
});

describe('schedules', () => {
  const length = fc.integer({ min: 1, max: 5000 });
  const step = fc.integer({ min: 0, max: 10_000 });

  it('the decays never rise, stay within [0, start], and end at their end', () => {
    fc.assert(
      fc.property(length, step, (steps, at) => {
        const start = 0.3;
        for (const schedule of [
          linearDecay({ start, steps }),
          linearDecayFromHalf({ start, steps }),
          cosineDecay({ start, steps }),
          piecewiseConstant({ boundaries: [steps, steps + 5], values: [start, start / 2, 0] }),
        ]) {
          expect(schedule(at + 1)).toBeLessThanOrEqual(schedule(at));
          expect(schedule(at)).toBeLessThanOrEqual(start);
          expect(schedule(at)).toBeGreaterThanOrEqual(0);
          expect(schedule(steps + 6)).toBeCloseTo(0, 12);
        }
      }),
      { seed: 41 },
    );
  });

  it('the line from half-way is clamped unless the published form is asked for', () => {
    expect(linearDecayFromHalf({ start: 1, steps: 8 })(12)).toBe(0);
    expect(linearDecayFromHalf({ start: 1, steps: 8, clamped: false })(12)).toBe(-1);
  });

  it('a warm-up reaches the schedule at its last step and leaves it alone after', () => {
    fc.assert(
      fc.property(length, step, (steps, at) => {
        const schedule = warmUp(linearDecay({ start: 1, steps: 20_000 }), steps);
        const plain = linearDecay({ start: 1, steps: 20_000 });
        expect(schedule(at)).toBeCloseTo(plain(at) * Math.min(1, (at + 1) / steps), 12);
      }),
      { seed: 42 },
    );
    expect(warmUp(constantSchedule(0.1), 0)(0)).toBe(0.1);
  });

  it('misuse is refused', () => {
    expect(() => cosineDecay({ start: 1, steps: 0 })).toThrow(
      'steps: expected a positive number, received 0',
    );
    expect(() => piecewiseConstant({ boundaries: [1], values: [1] })).toThrow('values: expected 2');
    expect(() => piecewiseConstant({ boundaries: [2, 1], values: [1, 1, 1] })).toThrow('boundaries');
    expect(() => warmUp(constantSchedule(1), -1)).toThrow('steps');
  });
});
