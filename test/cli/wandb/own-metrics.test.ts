import { expect, it } from 'vitest';
import { OWN_NAMES } from '../../../src/cli/wandb/own-metrics.ts';
import { reportOf } from '../../support/run-folders.ts';

const groups = { trained: ['a', 'b'], label: (name: string) => `<${name}/>` };

it('lists are told by their groups, and groups without images are left out', () => {
  const record = { step: 1, kind: 'training', loss: 2, groupMeans: [3, 0], groupCounts: [1, 0] };
  expect(OWN_NAMES.ofRecord(record, groups)).toEqual({ 'training/loss': 2, 'training/loss/<a->': 3 });
});

it('a list without names is told by its places', () => {
  const record = { step: 1, kind: 'training', groupMeans: [3, 4], groupCounts: [1, 1] };
  expect(OWN_NAMES.ofRecord(record, { ...groups, trained: null })).toEqual({
    'training/loss/group 1': 3,
    'training/loss/group 2': 4,
  });
});

it('numbers of any other record are told by their ways, and what is no number is left out', () => {
  const record = { step: 1, kind: 'rollback', to: { step: 3, why: 'NaN' }, rates: [0.5, null], whole: true };
  expect(OWN_NAMES.ofRecord(record, groups)).toEqual({
    'rollback/to/step': 3,
    'rollback/rates/0': 0.5,
    'rollback/whole': 1,
  });
  expect(OWN_NAMES.ofRecord({ step: 1, mine: 2 }, groups)).toEqual({ 'log/mine': 2 });
});

it('metrics that were asked for are told by group and for all', () => {
  const metrics = { groups: [{ name: '(Y=0)(Z=0)', recall: [1, 0.5] }], all: { auroc: 0.75, recall: null } };
  const values = OWN_NAMES.ofReport('test', { ...reportOf([0.5]), metrics }, groups);
  expect(values).toMatchObject({
    'test/recall/<(Y=0)(Z=0)->/0': 1,
    'test/recall/<(Y=0)(Z=0)->/1': 0.5,
    'test/auroc': 0.75,
  });
});
