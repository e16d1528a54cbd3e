import { describe, expect, it } from 'vitest';
import { groupCsvRows } from '../../src/logs/group-csv.ts';

const row = (step: number, values: Readonly<Record<string, number>>, options = {}) => {
  const rows = groupCsvRows({ kind: 'scalars', step, values }, { stepsPerEpoch: 10, ...options });
  expect(rows).toHaveLength(1);
  const [{ file, columns, cells }] = rows as [(typeof rows)[0]];
  expect(cells).toHaveLength(columns.length);
  return { file, ...Object.fromEntries(columns.map((column, i) => [column, cells[i]])) };
};

describe('a row of the tables', () => {
  it('of training has means, counts, updates and what was minimised, by the number of the group', () => {
    const values = {
      'train/loss': 9,
      'train/robust': 2,
      'train/consistency': 0.5,
      'train/decay': 0.25,
      'train/loss/a': 1,
      'train/loss/b': 4,
      'counts/train/a': 6,
      'counts/train/b': 2,
      'train/adversary_weight/a': 1,
      'train/adversary_weight/b': 0,
    };
    expect(row(21, values)).toEqual({
      file: 'train.csv',
      epoch: '2',
      batch: '0',
      'avg_loss_group:0': '1',
      'processed_data_count_group:0': '6',
      'update_data_count_group:0': '6',
      'update_batch_count_group:0': '1',
      'avg_loss_group:1': '4',
      'processed_data_count_group:1': '2',
      // An adversary that gives a group no weight does not train on it.
      'update_data_count_group:1': '0',
      'update_batch_count_group:1': '0',
      avg_actual_loss: '2.5',
      // (6 · 1 + 2 · 4) / 8
      avg_per_sample_loss: '1.75',
      reg_loss: '0.25',
    });
  });

  it('of an evaluation has accuracies, and is of the last step that was done', () => {
    const values = {
      'validation/loss/a': 1,
      'validation/loss/b': 2,
      'validation/accuracy/a': 0.5,
      'validation/accuracy/b': 1,
      'counts/validation/a': 3,
      'counts/validation/b': 1,
    };
    expect(row(20, values)).toEqual({
      file: 'val.csv',
      epoch: '1',
      batch: '9',
      'avg_loss_group:0': '1',
      'avg_acc_group:0': '0.5',
      'processed_data_count_group:0': '3',
      'avg_loss_group:1': '2',
      'avg_acc_group:1': '1',
      'processed_data_count_group:1': '1',
      avg_per_sample_loss: '1.25',
      avg_acc: '0.625',
    });
  });

  it('has the columns of all groups, with empty cells for what is not measured and infinities as Python has them', () => {
    const values = { 'test/loss/b': Infinity, 'test/accuracy/b': Number.NaN, 'counts/test/b': 2 };
    const found = row(5, values, { groups: ['a', 'b'] });
    expect(found).toMatchObject({ file: 'test.csv', 'avg_loss_group:0': '', 'avg_loss_group:1': 'inf' });
    expect(found).toMatchObject({ 'avg_acc_group:0': '', 'avg_acc_group:1': '', avg_acc: '' });
  });

  it('numbers the groups of each split as it is told, and refuses one that it was not told of', () => {
    const groups = { train: ['a', 'b'], validation: ['b'] };
    const values = { 'train/loss/b': 1, 'validation/loss/b': 2, 'test/loss/c': 3 };
    const rows = groupCsvRows({ kind: 'scalars', step: 1, values }, { groups });
    expect(rows.map((each) => [each.split, each.groups, each.columns.indexOf('avg_loss_group:1')])).toEqual([
      ['train', ['a', 'b'], 6],
      ['validation', ['b'], -1],
      ['test', ['c'], -1],
    ]);
    expect(() => row(1, { 'train/loss/c': 1 }, { groups })).toThrow(
      'groups of train: expected a, b, received c; name all groups in the option groups',
    );
  });

  it('is of each split that has group losses, and of nothing else', () => {
    const both = { 'test/loss/a': 1, 'validation/loss/a': 2 };
    const files = groupCsvRows({ kind: 'scalars', step: 1, values: both }).map(({ file }) => file);
    expect(files).toEqual(['val.csv', 'test.csv']);
    expect(groupCsvRows({ kind: 'scalars', step: 1, values: { 'gate/score': 1 } })).toEqual([]);
    expect(groupCsvRows({ kind: 'text', step: 1, name: 'x', markdown: 'y' })).toEqual([]);
  });
});
