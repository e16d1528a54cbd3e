import { either as E } from 'fp-ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DataError } from '../../src/data/data-error.ts';
import { SPLITS, type Dataset } from '../../src/data/dataset.ts';
import { describeTable, type TableOptions } from '../../src/data/table-dataset.ts';

const TRAIN: TableOptions = { required: ['train'] };

function described(text: string, options: TableOptions = {}): Dataset {
  const result = describeTable(text, { ...TRAIN, ...options });
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  return result.right;
}

function fault(text: string, options: TableOptions = {}): DataError {
  const result = describeTable(text, { file: 't.csv', ...TRAIN, ...options });
  if (E.isRight(result)) throw new Error(`expected an error, got ${result.right.classes.join()}`);
  return result.left;
}

/** A table of training images with some values of y. */
const withClasses = (values: readonly string[]) =>
  ['filename,split,y,z', ...values.map((value, i) => `${i}.png,train,${value},0`)].join('\n');
/** The same for z. */
const withSubgroups = (values: readonly string[]) =>
  ['filename,split,y,z', ...values.map((value, i) => `${i}.png,train,0,${value}`)].join('\n');
const labels = ({ splits }: Dataset) => splits.train.map(({ label }) => label);
const subgroups = ({ splits }: Dataset) => splits.train.map(({ subgroup }) => subgroup);

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
  ])('mean the same in any case where they are usual: %s', (_, splits) => {
    expect(counts(['Train', 'TRAINING', 'train', 'Val', 'TEST', 'test'], splits)).toEqual([3, 1, 2]);
  });

  it('are as they are given otherwise, so that two may differ in case', () => {
    expect(counts(['a', 'A', 'A'], { train: 'a', validation: 'A' })).toEqual([1, 2, 0]);
    expect(counts(['train', 'Train', 'Train'], { train: 'train', test: 'Train' })).toEqual([1, 0, 2]);
    expect(fault(rows(['a', 'A']), { splits: { train: 'a' } }).found).toBe('A: 1 row');
    expect(fault(rows(['fold1', 'Dev']), { splits: { train: 'fold1' } }).found).toBe('Dev: 1 row');
  });
});

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
