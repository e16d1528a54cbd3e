import { expect, it } from 'vitest';
import { satisfiedRecord, satisfactionOf } from '../../../src/experiment/stage-one/satisfied-gate.ts';
import type { StageOneExperiment } from '../../../src/config/schema/stage-one.ts';
import type { GateMeasure } from '../../../src/training/generator-measure.ts';

const settings = (stopEarly: object) => ({ training: { stopEarly } }) as unknown as StageOneExperiment;
const twice = settings({ kind: 'satisfied', measurements: 2 });
const both = (share: number) => ({ toSource: share, toTarget: share });
const measure = (flips: number) =>
  ({ flipRate: both(flips), labelPreservation: both(0.99) }) as unknown as GateMeasure;
const gate = (accuracy: number) => ({ heldOutAccuracy: { domain: accuracy, label: 1 } });

it('the log says whether the gate was satisfied where a rule asks for it', () => {
  expect(satisfiedRecord(twice, measure(0.96), gate(0.99))).toEqual({ satisfied: true });
  expect(satisfiedRecord(twice, measure(0.94), gate(0.99))).toEqual({ satisfied: false });
  expect(satisfiedRecord(twice, measure(0.96), gate(0.9))).toEqual({ satisfied: false });
  expect(satisfiedRecord(settings({ kind: 'never' }), measure(0.96), gate(0.99))).toEqual({});
});

it('the rule waits for so many measurements in a row', () => {
  const after = (satisfied: readonly boolean[]) =>
    satisfactionOf(twice)!(satisfied.map((each, i) => ({ step: 10 * (i + 1), satisfied: each })));
  expect(after([true])).toBe(null);
  expect(after([true, false, true])).toBe(null);
  expect(after([false, true, true])).toBe('the gate was satisfied 2 times in a row, from step 20 on');
  expect(satisfactionOf(settings({ kind: 'never' }))).toBe(undefined);
});
