import { expect, it } from 'vitest';
import type { StageTwoExperiment } from '../../../src/config/schema/stage-two.ts';
import { patienceOf } from '../../../src/experiment/stage-two/patience.ts';

const settings = (stopEarly: object, select = 'worst-group') =>
  ({ training: { stopEarly }, evaluation: { select } }) as unknown as StageTwoExperiment;
const log = (scores: readonly number[]) =>
  scores.map((selectionScore, i) => ({ step: 5 * (i + 1), kind: 'evaluation', selectionScore }));

it('names the step of the last gain, and what did not rise', () => {
  const patience = { kind: 'patience', evaluations: 2, minimumGain: 0 };
  expect(patienceOf(settings(patience))!(log([0.5, 0.7, 0.7]))).toBe(null);
  expect(patienceOf(settings(patience))!(log([0.5, 0.7, 0.7, 0.6]))).toBe(
    'no better worst group since step 10',
  );
  const choosy = settings({ ...patience, minimumGain: 0.3 }, 'average');
  expect(patienceOf(choosy)!(log([0.5, 0.7, 0.7]))).toBe('no better average by more than 0.3 since step 5');
});

it('is none where there is nothing to go by', () => {
  expect(patienceOf(settings({ kind: 'never' }))).toBe(undefined);
  expect(patienceOf(settings({ kind: 'patience', evaluations: 1 }, 'last'))).toBe(undefined);
});
