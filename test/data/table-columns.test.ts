import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SPLITS, type Dataset } from '../../src/data/dataset.ts';
import type { TableOptions } from '../../src/data/table-dataset.ts';
import { described, fault } from './table-texts.ts';

/** A table of training images with some values of y. */
const withClasses = (values: readonly string[]) =>
  ['filename,split,y,z', ...values.map((value, i) => `${i}.png,train,${value},0`)].join('\n');

/** The same for z. */
const withSubgroups = (values: readonly string[]) =>
  ['filename,split,y,z', ...values.map((value, i) => `${i}.png,train,0,${value}`)].join('\n');

const labels = ({ splits }: Dataset) => splits.train.map(({ label }) => label);

const subgroups = ({ splits }: Dataset) => splits.train.map(({ subgroup }) => subgroup);

describe('accents that are composed in one place and not in another', () => {
  const [composed, parted] = ['B\u00e4r', 'Ba\u0308r'];

  it('make one class, which is the one that is named', () => {
    expect(described(withClasses([composed, parted])).classes).toEqual([composed]);
    const dataset = described(withClasses([composed, parted]), { classes: ['Uhu', parted] });
    expect(labels(dataset)).toEqual([1, 1]);
  });

  it('name one split, one column and one value to leave out', () => {
    const table = `filename,${parted},y,z\na.png,${parted},0,0\nb.png,Uhu,0,0`;
    const columns = { split: composed };
    expect(described(table, { columns, splits: { train: composed, test: 'Uhu' } }).splits.train).toHaveLength(
      1,
    );
    const leaveOut = { [composed]: composed };
    expect(described(table, { columns, leaveOut, splits: { train: 'Uhu' } }).splits.train).toHaveLength(1);
  });

  it('are two names of files', () => {
    const { splits } = described(`filename,split,y,z\n${parted}.png,train,0,0`);
    expect(splits.train[0]!.image).toEqual({ file: `${parted}.png` });
  });
});

describe('classes and subgroups that are named', () => {
  it('are never taken for positions: 1, 2, 3 is not 0, 1, 2', () => {
    const classes = fault(withClasses(['0', '1', '2', '0']), { classes: ['1', '2', '3'] });
    expect(classes).toEqual({
      where: 't.csv, line 2, column y',
      expected: 'a class: 1, 2, 3',
      found: '0: 2 rows',
      cure: 'correct the table, name every value in classes, or leave these rows out with leaveOut: { y: [0] }',
    });
    expect(fault(withSubgroups(['0', '1']), { subgroups: ['1', '2'] })).toMatchObject({
      where: 't.csv, line 2, column z',
      expected: 'a subgroup: 1, 2',
      found: '0: 1 row',
    });
  });

  it.each([
    ['names', ['no', 'yes', ' no'], ['no', 'yes'], [0, 1, 0]],
    ['positions', ['0', '1.0', '0.'], ['no', 'yes'], [0, 1, 0]],
    ['numbers as names', ['3', '1.0', '2.00'], ['1', '2', '3'], [2, 0, 1]],
    ['floats as names', ['1', '2.0'], ['1.0', '2.0'], [0, 1]],
    ['negative numbers as names', ['-1', '1.0', '-1.0'], ['-1', '1'], [0, 1, 0]],
    ['fractions as names', ['0.5', '1.5'], ['0.5', '1.5'], [0, 1]],
    ['names of missing values', ['', 'NaN', 'None'], ['None', 'NaN', ''], [2, 1, 0]],
  ])('are read as %s', (_, values, names, indices) => {
    expect(labels(described(withClasses(values), { classes: names }))).toEqual(indices);
    expect(subgroups(described(withSubgroups(values), { subgroups: names }))).toEqual(indices);
  });

  it.each([
    ['a position among names', ['no', '1', '1'], ['no', 'yes'], 'a class: no, yes', '1: 2 rows'],
    ['a name among positions', ['0', '1', 'no'], ['no', 'yes'], 'a class: no, yes', '0: 1 row, 1: 1 row'],
    ['a position where one name is a number', ['0'], ['7', 'other'], 'a class: 7, other', '0: 1 row'],
    ['a position where names are written with zeros', ['1'], ['01', '02'], 'a class: 01, 02', '1: 1 row'],
    [
      'a position behind the last',
      ['1', '2', '-1'],
      ['no', 'yes'],
      'a class: no (0), yes (1)',
      '2: 1 row, -1: 1 row',
    ],
    ['half a position', ['0.5'], ['no', 'yes'], 'a class: no (0), yes (1)', '0.5: 1 row'],
    [
      'a missing value',
      ['0', 'nan', '', ' '],
      ['no', 'yes'],
      'a class: no (0), yes (1)',
      'empty: 2 rows, nan: 1 row',
    ],
    ['another case', ['No', 'no'], ['no', 'yes'], 'a class: no, yes', 'No: 1 row'],
  ])('refuse %s', (_, values, classes, expected, found) => {
    expect(fault(withClasses(values), { classes })).toMatchObject({ expected, found });
  });

  it.each<[string, TableOptions, string]>([
    ['classes', { classes: ['a', ' a'] }, '"a" and " a"'],
    ['subgroups', { subgroups: ['1', '2', '1.0'] }, '"1" and "1.0"'],
    ['splits', { splits: { train: ['1', '2'], test: '2.0' } }, '"2" and "2.0"'],
  ])('refuse one value twice among %s', (setting, options, found) => {
    expect(fault(withClasses(['1']), options)).toMatchObject({ where: `t.csv, ${setting}`, found });
  });

  it('agree with a reading in plain code, name or position, all or nothing', () => {
    const plain = (cell: string) =>
      /^\s*[-+\d][\d.]*\s*$/.test(cell) && Number.isInteger(Number(cell))
        ? String(Number(cell))
        : cell.trim();
    const values = ['0', '1', '2', '-1', '1.0', '2.', ' 0', 'no', 'yes ', 'nan', '', '0.5'];
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom('0', '1', '2.0', '-1', 'no', 'yes', 'odd'), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.array(fc.constantFrom(...values), { minLength: 1, maxLength: 6 }),
        (names, cells) => {
          const named = cells.some((cell) => names.map(plain).includes(plain(cell)));
          const numbers = names.some((name) => !Number.isNaN(Number(name)));
          const indices = cells.map((cell) =>
            named || numbers
              ? names.map(plain).indexOf(plain(cell))
              : [...names.keys()].map(String).indexOf(plain(cell)),
          );
          const wrong = indices.filter((index) => index < 0).length;
          if (wrong === 0) {
            expect(labels(described(withClasses(cells), { classes: names }))).toEqual(indices);
            expect(subgroups(described(withSubgroups(cells), { subgroups: names }))).toEqual(indices);
          } else {
            const { found } = fault(withClasses(cells), { classes: names });
            const rows = [...found.matchAll(/: (\d+) row/g)].map(([, count]) => Number(count));
            expect(rows.reduce((a, b) => a + b, 0)).toBe(wrong);
            expect(rows).toEqual([...rows].sort((a, b) => b - a));
          }
        },
      ),
      { seed: 21, numRuns: 500 },
    );
  });
});

describe('classes and subgroups that are not named', () => {
  it.each([
    ['numbers by size, none between them', ['10', '2', '2.0', '7'], ['2', '7', '10']],
    ['numbers from 1 on', ['3', '1', '2'], ['1', '2', '3']],
    ['negative numbers', ['1', '-1'], ['-1', '1']],
    ['words by their letters', ['b', ' a', 'b '], ['a', 'b']],
    ['numbers and words', ['2', 'other', '10'], ['10', '2', 'other']],
    ['“none”, a word', ['none', 'pink'], ['none', 'pink']],
  ])('are the values of the column: %s', (_, values, names) => {
    const dataset = described(withClasses(values));
    expect(dataset.classes).toEqual(names);
    expect(labels(dataset).map((label) => dataset.classes[label])).toEqual(
      values.map((value) => value.trim().replace(/\.0$/, '')),
    );
    expect(described(withSubgroups(values)).subgroups).toEqual(names);
  });

  it.each([
    '',
    ' ',
    'nan',
    'NaN',
    '-nan',
    'NA',
    'N/A',
    'n/a',
    '#N/A',
    '<NA>',
    'NaT',
    'null',
    'NULL',
    'None',
    ' None ',
  ])('are no missing values: %j', (missing) => {
    for (const [column, text] of [
      ['y', withClasses(['a', missing, 'b', missing])],
      ['z', withSubgroups(['a', missing, 'b', missing])],
    ] as const) {
      const { where, found, cure } = fault(text);
      expect(where).toBe(`t.csv, line 3, column ${column}`);
      expect(found).toMatch(/: 2 rows$/);
      expect(found).toContain(missing.trim() === '' ? 'empty' : missing.trim());
      expect(cure).toContain('leaveOut');
    }
  });
});

describe('names of splits', () => {
  const rows = (values: readonly string[]) =>
    ['filename,split,y,z', ...values.map((value, i) => `${i}.png,${value},0,0`)].join('\n');
  const counts = (values: readonly string[], splits: TableOptions['splits']) => {
    const dataset = described(rows(values), splits === undefined ? {} : { splits });
    return SPLITS.map((split) => dataset.splits[split].length);
  };

  it.each<[string, TableOptions['splits']]>([
    ['by default', undefined],
    [
      'given as a configuration gives them',
      { train: ['train', 'training'], validation: ['val'], test: 'test' },
    ],
    ['given in another case', { train: ['Train', 'TRAINING'], validation: 'VAL', test: 'Test' }],
  ])('mean the same in any case where they are usual: %s', (_, splits) => {
    expect(counts(['Train', 'TRAINING', 'train', 'Val', 'TEST', 'test'], splits)).toEqual([3, 1, 2]);
  });

  it('are as they are given otherwise, so that two may differ in case', () => {
    expect(counts(['a', 'A', 'A'], { train: 'a', validation: 'A' })).toEqual([1, 2, 0]);
    expect(counts(['train', 'Train', 'Train'], { train: 'train', test: 'Train' })).toEqual([1, 0, 2]);
    const both = { splits: { train: 'train', test: 'Train' } };
    expect(fault(rows(['train', 'TRAIN']), both).found).toBe('TRAIN: 1 row');
    expect(fault(rows(['a', 'A']), { splits: { train: 'a' } }).found).toBe('A: 1 row');
    expect(fault(rows(['fold1', 'Dev']), { splits: { train: 'fold1' } }).found).toBe('Dev: 1 row');
  });
});
