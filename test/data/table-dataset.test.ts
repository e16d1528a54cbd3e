import { describe, expect, it } from 'vitest';
import type { DataError } from '../../src/data/data-error.ts';
import { describeTable, type TableOptions } from '../../src/data/table-dataset.ts';
import { counts, IMAGES, left, right } from './described.ts';

describe('a table of one’s own', () => {
  const TABLE = [
    'filename,y,z,split,age',
    ...IMAGES.map(({ file, y, z, split }) => `${file},${y},${z},${['train', 'val', 'test'][split]},50`),
  ].join('\n');

  it('becomes groups and splits, in the order of its rows', () => {
    const dataset = right(describeTable(TABLE, { folder: 'images/' }));
    expect(dataset.table).toEqual({
      names: ['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'],
      classOf: [0, 0, 1, 1],
      trainingCounts: [6, 2, 1, 3],
    });
    expect(counts(dataset, 'validation')).toEqual([2, 2, 1, 1]);
    expect(counts(dataset, 'test')).toEqual([1, 0, 0, 2]);
    expect(dataset.splits.train.map(({ image }) => image.file)).toEqual(
      IMAGES.filter(({ split }) => split === 0).map(({ file }) => `images/${file}`),
    );
  });

  it('may have any classes, subgroups, columns and names of splits', () => {
    const lesions = [
      'isic_id,diagnosis,patch,fold',
      ...['naevus', 'melanoma', 'keratosis'].flatMap((diagnosis, d) =>
        ['none', 'pink', 'blue']
          .slice(0, 3 - d)
          .flatMap((patch, p) =>
            [1, 2, 3].map((fold) => `ISIC_${d}${p}${fold},${diagnosis},${patch},${fold}`),
          ),
      ),
    ].join('\r\n');
    const dataset = right(
      describeTable(lesions, {
        columns: { filename: 'isic_id', split: 'fold', y: 'diagnosis', z: 'patch' },
        extension: '.jpg',
        classes: ['naevus', 'melanoma', 'keratosis'],
        subgroups: ['none', 'pink', 'blue'],
        splits: { train: '1', validation: '2', test: '3' },
      }),
    );
    expect(dataset.table.names.join()).toBe(
      '(Y=0)(Z=0),(Y=0)(Z=1),(Y=0)(Z=2),(Y=1)(Z=0),(Y=1)(Z=1),(Y=2)(Z=0)',
    );
    expect(dataset.splits.test[0]!.image.file).toBe('ISIC_003.jpg');
    const alphabetical = right(
      describeTable(lesions, {
        columns: { filename: 'isic_id', split: 'fold', y: 'diagnosis', z: 'patch' },
        splits: { train: '1', validation: '2', test: '3' },
      }),
    );
    expect(alphabetical.classes).toEqual(['keratosis', 'melanoma', 'naevus']);
    expect(alphabetical.subgroups).toEqual(['blue', 'none', 'pink']);
  });

  const changed = (row: number, value: string) =>
    TABLE.split('\n')
      .map((line, i) => (i === row ? value : line))
      .join('\n');
  it.each<[string, string, TableOptions, Partial<Record<keyof DataError, unknown>>]>([
    [
      'a wrong column',
      TABLE,
      { columns: { y: 'label' } },
      { where: 'ours.csv, line 1', expected: 'the column "label"' },
    ],
    [
      'a label outside the classes',
      changed(3, 'a.jpg,2,0,train,50'),
      { classes: ['cat', 'dog'] },
      { where: 'ours.csv, line 4, column y', expected: 'a class: cat (0), dog (1)', found: '2: 1 row' },
    ],
    [
      'a subgroup that is none',
      changed(3, 'a.jpg,1,,train,50'),
      { subgroups: ['0', '1'] },
      { where: 'ours.csv, line 4, column z', found: 'empty: 1 row' },
    ],
    [
      'a name that leads out of the folder',
      changed(2, 'birds/../../secret.jpg,0,0,train,50'),
      {},
      {
        where: 'ours.csv, line 3, column filename',
        found: expect.stringContaining('leads out of the folder'),
      },
    ],
    [
      'the same with backslashes',
      changed(2, '..\\secret.jpg,0,0,train,50'),
      {},
      { found: expect.stringContaining('leads out of the folder') },
    ],
    [
      'an absolute path',
      changed(2, '/etc/passwd,0,0,train,50'),
      {},
      { found: 'the absolute path "/etc/passwd"' },
    ],
    ['a drive', changed(2, 'C:\\a.jpg,0,0,train,50'), {}, { found: 'the absolute path "C:\\\\a.jpg"' }],
    ['no file', changed(2, ',0,0,train,50'), { extension: '.jpg' }, { found: 'none' }],
    [
      'an image that comes twice',
      changed(5, '000/0.jpg,1,1,test,50'),
      {},
      { where: 'ours.csv, line 6', found: '000/0.jpg again, after line 2' },
    ],
    [
      'a split that is none',
      changed(5, 'a.jpg,1,1,holdout,50'),
      {},
      { where: 'ours.csv, line 6, column split', found: 'holdout: 1 row' },
    ],
    [
      'an empty split',
      TABLE.replaceAll(',test,', ',val,'),
      {},
      { expected: 'images in the splits train, validation, test', found: 'none in test' },
    ],
    ['no rows', 'filename,split,y,z\n', {}, { found: 'none in train' }],
    ['no rows at all', 'filename,split,y,z\n', { required: [] }, { expected: 'images', found: 'none' }],
  ])('says what is wrong: %s', (_, text, options, error) => {
    expect(left(describeTable(text, { file: 'ours.csv', ...options }))).toMatchObject(error);
  });

  it('may lack a split that is not asked for', () => {
    const noTest = TABLE.replaceAll(',test,', ',val,');
    const dataset = right(describeTable(noTest, { required: ['train', 'validation'] }));
    expect(dataset.splits.test).toEqual([]);
  });
});
