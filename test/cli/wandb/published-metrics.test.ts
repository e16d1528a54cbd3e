/** The names, read in the published system's sources, and worked out by hand for records of ours. */
import { expect, it } from 'vitest';
import type { RunReading } from '../../../src/cli/wandb/metric-values.ts';
import { PUBLISHED_NAMES } from '../../../src/cli/wandb/published-metrics.ts';
import type { MetricsLine } from '../../../src/config/run-files.ts';
import { stageOneView } from '../../../src/experiment/logs/stage-one-view.ts';
import { GROUPS, reportOf } from '../../support/run-folders.ts';

const run: RunReading = {
  trained: ['(Y=0)(Z=0)', '(Y=1)(Z=0)'],
  label: () => 'not used',
  entriesOf: stageOneView('', null).entriesOf,
  maximumGradientNorm: null,
};
const valuesOf = async (record: MetricsLine, of = run) => (await PUBLISHED_NAMES.ofRecord(record, of)).values;
const training = {
  step: 7,
  kind: 'training',
  loss: 2,
  robust: 1,
  consistency: 0.5,
  gradientNorm: 3,
  groupMeans: [1, 4],
  groupCounts: [2, 2],
};
const common = {
  'train_step/robust_loss': 2,
  'train/robust': 1,
  'train_step/consistency_loss': 0.5,
  'train_step/global_gradient_norm': 3,
  'train_step/step': 7,
  'train_step/(Y=0)(Z=0)/loss': 1,
  'train_step/(Y=1)(Z=0)/loss': 4,
};

it('a training step has those of train_step', async () => {
  expect(await valuesOf({ ...training, adversaryWeights: [0.25, 0.75] })).toEqual({
    ...common,
    'train_step/gdro_adv_prob.(Y=0)(Z=0)': 0.25,
    'train_step/gdro_adv_prob.(Y=1)(Z=0)': 0.75,
  });
});

it('weights within classes, which the published system does not log, keep another name', async () => {
  expect(await valuesOf({ ...training, adversaryWeights: [1, 1] })).toEqual({
    ...common,
    'train_step/weight_within_class.(Y=0)(Z=0)': 1,
    'train_step/weight_within_class.(Y=1)(Z=0)': 1,
  });
});

it('an evaluation has means over all images as aggregates', async () => {
  const metrics = {
    groups: GROUPS.map((name) => ({ name, auroc: 0.5 })),
    all: { recall: Array.from({ length: 11 }, (_, i) => 1 - i / 10), 'invariance-penalty': 0.125 },
  };
  const report = { ...reportOf([0.5, 0, 1, 0.5]), metrics };
  const record = { step: 7, kind: 'evaluation', epoch: 2, reports: { validation: report } };
  const values = await valuesOf(record);
  expect(values).toMatchObject({
    epochs: 2,
    'validation_metrics/(Y=0)(Z=1)/accuracy': 0,
    'validation_metrics/(Y=0)(Z=1)/sparse_categorical_crossentropy': 1,
    'validation_metrics/(Y=0)(Z=1)/auc': 0.5,
    'validation_metrics/aggregate/recall@0.00': 1,
    'validation_metrics/aggregate/recall@0.90': 1 - 9 / 10,
    'validation_metrics/aggregate/irm_penalty': 0.125,
    'validation/worst_group_accuracy': 0,
  });
  // 10, 20, 30 and 40 images: (5 + 0 + 30 + 20) / 100.
  expect(values['validation_metrics/aggregate/accuracy']).toBeCloseTo(0.55, 12);
  // Losses 0.75, 1, 0.5, 0.75: (7.5 + 20 + 15 + 30) / 100.
  expect(values['validation_metrics/aggregate/sparse_categorical_crossentropy']).toBeCloseTo(0.725, 12);
});

it('the gate, which the published system has not, keeps its names', async () => {
  const record = { step: 7, kind: 'evaluation', flipRate: { toTarget: 0.5, toSource: 1 }, score: 0.25 };
  expect(await valuesOf(record)).toEqual({
    'gate/flip_rate/to_target': 0.5,
    'gate/flip_rate/to_source': 1,
    'gate/score': 0.25,
  });
});

it('the norm of the gradient is that of after it is cut', async () => {
  const norm = async (maximumGradientNorm: number | null) =>
    (await valuesOf(training, { ...run, maximumGradientNorm }))['train_step/global_gradient_norm'];
  expect([await norm(null), await norm(5), await norm(1.5)]).toEqual([3, 3, 1.5]);
});

it('learning rates of both stages have the published names', async () => {
  expect(await valuesOf({ ...training, learningRate: 0.01 })).toMatchObject({
    'train_step/learning_rate': 0.01,
  });
  const learningRate = { generators: 0.25, discriminators: 0.5 };
  expect(await valuesOf({ step: 1, kind: 'training', learningRate })).toEqual({
    'learning_rates/generators': 0.25,
    'learning_rates/discriminators': 0.5,
    steps: 1,
  });
});
