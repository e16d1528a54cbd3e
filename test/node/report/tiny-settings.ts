import { either as E } from 'fp-ts';
import { camelSettings } from '../../../src/node/camel/command-line.ts';
import type { CamelSettings } from '../../../src/node/camel/settings.ts';

/** The smallest run that goes through everything. */
export function tiny(): CamelSettings {
  const smoke = camelSettings({ preset: 'smoke', seed: '5' });
  if (E.isLeft(smoke)) throw new Error(smoke.left.found);
  const { data, stage1, gate, stage2 } = smoke.right;
  return {
    ...smoke.right,
    data: {
      ...data,
      trainingCounts: [40, 10, 10, 40],
      validationCounts: [10, 10, 10, 10],
      testCount: 10,
      gateTrainingCount: 20,
      gateHeldOutCount: 10,
    },
    stage1: { ...stage1, steps: 4, width: 1 / 16, batchSize: 4, poolSize: 8, measureEvery: 2 },
    gate: { ...gate, domainSteps: 5, labelSteps: 2, width: 0.1, batchSize: 8 },
    stage2: { ...stage2, steps: 4, width: 0.1, batchSize: 8, evaluateEvery: 2 },
  };
}
