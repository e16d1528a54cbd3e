import { describe, expect, it } from 'vitest';
import type { TrainingRun } from '../../src/report/input.ts';
import { renderReport } from '../../src/report/report-page.ts';
import { input, training } from './example-input.ts';
import { textOf } from './rendered.ts';

describe('what was not measured', () => {
  it('labels the curves of training by the groups that are trained on', () => {
    const some: TrainingRun = {
      ...training(11, 'erm', false),
      groupNames: ['a', 'b', 'c'],
      trainedGroupNames: ['a', 'c'],
      training: [{ step: 1, loss: 1, groupLosses: [0.5, 0.25] }],
      validation: [{ step: 1, groupAccuracies: [0.125, 0.625, 0.875] }],
    };
    const text = textOf(renderReport({ ...input, trainingRuns: [some] }));
    expect(text).toMatch(/Training loss of each group by step\. a c .* step a c 1 0\.5 0\.25 Whole loss/);
    expect(text).toContain('erm step a b c 1 12.5 % 62.5 % 87.5 %');
  });
});
