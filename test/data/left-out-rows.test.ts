import { describe, expect, it } from 'vitest';
import { SPLITS } from '../../src/data/dataset.ts';
import type { TableOptions } from '../../src/data/table-dataset.ts';
import { described, fault } from './table-texts.ts';

/** A table of training images with some values of y. */
const withClasses = (values: readonly string[]) =>
  ['filename,split,y,z', ...values.map((value, i) => `${i}.png,train,${value},0`)].join('\n');

describe('rows that are left out', () => {
  const TABLE = [
    'filename,split,y,z,sex,site',
    'a.png,train,0,0,female,1.0',
    'b.png,train,1,0,unknown,2',
    '../c.png,train,1,0,,2',
    'd.png,test,1,0,male,3',
    'd.png,test,1,0,male,4',
    'e.png,secret,1,0,male,',
  ].join('\n');
  const files = (leaveOut: TableOptions['leaveOut']) => {
    const { splits } = described(TABLE, { leaveOut: leaveOut! });
    return SPLITS.flatMap((split) => splits[split].map(({ image }) => image.file));
  };

  it('are those with a value of any column, whatever else is wrong with them', () => {
    expect(files({ sex: ['', 'unknown'], site: ['4.0', ''] })).toEqual(['a.png', 'd.png']);
    expect(files({ sex: '', site: ['1', '3', ''] })).toEqual(['b.png', 'd.png']);
    expect(files({ filename: ['../c.png', 'e.png'], site: '4' })).toEqual(['a.png', 'b.png', 'd.png']);
  });

  it.each([
    ['a column that is missing', { age: '5' }, { where: 't.csv, line 1', expected: 'the column "age"' }],
    [
      'a value that never occurs',
      { sex: ['', 'Male', 'x y'] },
      {
        where: 't.csv, column sex',
        expected: 'the values to leave out: Male, x y',
        found: 'male: 3 rows, female: 1 row, unknown: 1 row, empty: 1 row',
        cure: 'correct leaveOut, or take the value out of it',
      },
    ],
  ])('say what is wrong: %s', (_, leaveOut, error) => {
    expect(fault(TABLE, { leaveOut: leaveOut as TableOptions['leaveOut'] & object })).toMatchObject(error);
  });

  it('may be all of training', () => {
    expect(fault(withClasses(['0', '1']), { leaveOut: { split: 'train' } }).found).toBe('none in train');
  });
});
