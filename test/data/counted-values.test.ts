import { describe, expect, it } from 'vitest';
import { SPLITS } from '../../src/data/dataset.ts';
import type { TableOptions } from '../../src/data/table-dataset.ts';
import { described, fault } from './table-texts.ts';

describe('values that mean nothing', () => {
  const rows = [
    ...Array.from({ length: 1099 }, () => 'train,bkl,0'),
    ...Array.from({ length: 57 }, () => 'train,,0'),
    ...Array.from({ length: 3 }, () => 'train,"a: b",0'),
    'train,nv,0',
    'train,mel,0',
  ];
  const table = (lines: readonly string[]) =>
    ['filename,fold,diagnosis,z', ...lines.map((line, i) => `${i}.png,${line}`)].join('\n');
  const options: TableOptions = { columns: { split: 'fold', y: 'diagnosis' }, classes: ['nv', 'mel'] };

  it('are counted by value in one fault, the most frequent first, and its cure works', () => {
    const { where, expected, found, cure } = fault(table(rows), options);
    expect(where).toBe('t.csv, line 2, column diagnosis');
    expect(expected).toBe('a class: nv, mel');
    expect(found).toBe('bkl: 1,099 rows, empty: 57 rows, "a: b": 3 rows');
    expect(cure).toContain('leaveOut: { diagnosis: [bkl, "", "a: b"] }');
    const dataset = described(table(rows), { ...options, leaveOut: { diagnosis: ['bkl', '', 'a: b'] } });
    expect(dataset.table.trainingCounts).toEqual([1, 1]);
    expect(dataset.splits.train.map(({ image }) => image.file)).toEqual(['1159.png', '1160.png']);
  });

  it('are told of all columns at once', () => {
    const text = table(['train,nv,0', 'holdout,mel,?', 'holdout,bkl,0', 'train,mel,1']);
    expect(fault(text, { ...options, subgroups: ['without', 'with'] })).toEqual({
      where: 't.csv, column fold (line 3), column diagnosis (line 4), column z (line 3)',
      expected:
        'one of train, training, validation, val, valid, dev, test, testing; a class: nv, mel; ' +
        'a subgroup: without (0), with (1)',
      found: 'fold: holdout: 2 rows; diagnosis: bkl: 1 row; z: "?": 1 row',
      cure:
        'correct the table, name every value in splits and classes and subgroups, or leave these rows out with ' +
        'leaveOut: { fold: [holdout], diagnosis: [bkl], z: ["?"] }',
    });
  });

  it('are not all listed where another column is meant', () => {
    const ids = Array.from({ length: 200_000 }, (_, i) => `train,id${i},0`);
    const { found, cure } = fault(table(ids), options);
    expect(found).toMatch(/^id0: 1 row, .*id11: 1 row, 199,988 other values: 199,988 rows$/);
    expect(cure).toBe('say which column is meant, or correct the table');
  });

  it('may be values of splits, which whole floats are not', () => {
    const splits = { train: '0', validation: '1', test: ['2', '3.0'] };
    const lines = ['0.0,nv,0', '1,nv,0', '2.0,mel,0', '3,mel,0', '0,mel,0'];
    const dataset = described(table(lines), { ...options, splits });
    expect(SPLITS.map((split) => dataset.splits[split].length)).toEqual([2, 1, 2]);
    expect(fault(table([...lines, ',nv,0', '9.0,nv,0', '9,nv,0']), { ...options, splits })).toMatchObject({
      where: 't.csv, line 7, column fold',
      expected: 'one of 0, 1, 2, 3',
      found: '9: 2 rows, empty: 1 row',
    });
  });
});
