import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CELEBA_UNDERSAMPLED,
  celebaRecord,
  describeCeleba,
  type CelebaOptions,
} from '../../src/data/celeba.ts';
import { readCsv } from '../../src/data/csv.ts';
import type { DataError } from '../../src/data/data-error.ts';
import { describeDataset, SPLITS, type Dataset, type LabelledEntry } from '../../src/data/dataset.ts';
import { decodeExample } from '../../src/data/example.ts';
import { describeTable, type TableOptions } from '../../src/data/table-dataset.ts';
import { decodeTfRecords } from '../../src/data/tfrecord.ts';
import { describeWaterbirds, waterbirdsRecord } from '../../src/data/waterbirds.ts';
import { readFixture } from '../support/fixture.ts';

type Result<A> =
  { readonly _tag: 'Left'; readonly left: DataError } | { readonly _tag: 'Right'; readonly right: A };

function right<A>(result: Result<A>): A {
  if (result._tag === 'Left') throw new Error(JSON.stringify(result.left));
  return result.right;
}

function left(result: Result<unknown>): DataError {
  if (result._tag === 'Right') throw new Error('expected an error');
  return result.left;
}

const counts = (dataset: Dataset, split: 'train' | 'validation' | 'test') =>
  dataset.table.names.map((_, g) => dataset.splits[split].filter(({ group }) => group === g).length);

/** `[split, y, z, count]` as rows of a table. */
const LAYOUT = [
  [0, 0, 0, 6],
  [0, 0, 1, 2],
  [0, 1, 0, 1],
  [0, 1, 1, 3],
  [1, 0, 0, 2],
  [1, 0, 1, 2],
  [1, 1, 0, 1],
  [1, 1, 1, 1],
  [2, 0, 0, 1],
  [2, 1, 1, 2],
] as const;
const IMAGES = LAYOUT.flatMap(([split, y, z, count]) =>
  Array.from({ length: count }, (_, i) => ({ file: `${split}${y}${z}/${i}.jpg`, split, y, z })),
);

describe('CSV', () => {
  it('reads back whatever fields are written', () => {
    const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é') }), fc.string())),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        (rows, ending, mark) => {
          const lines = [['first', 'second'], ...rows].map((row) => row.map(quoted).join(','));
          const text = (mark ? '\ufeff' : '') + lines.join(ending) + ending;
          expect(
            right(readCsv(text, 't', ['second', 'first'], (v) => ({ _tag: 'Right', right: [v[1]!, v[0]!] }))),
          ).toEqual(rows);
        },
      ),
      { seed: 2, numRuns: 200 },
    );
  });

  it.each([
    ['a column that is missing', 'x,y\n1,2\n', 'line 1', 'the columns x, y'],
    ['a column that comes twice', 'a,a\n1,2\n', 'line 1', '"a" twice'],
    ['a line with another number of fields', 'a,b\n1,2\n"3\n4",5,6\n', 'line 3', '3'],
    ['a quote that is left open', 'a,b\n1,2\n"3,4\n', 'line 3', 'the end of the file'],
    ['text after a quoted field', 'a,b\n"1"x,2\n', 'line 2', '"x"'],
    ['an empty file', '', 't.csv', 'no rows'],
  ])('names %s', (_, text, where, found) => {
    const error = left(readCsv(text, 't.csv', ['a'], (values) => ({ _tag: 'Right', right: values })));
    expect(error.where).toContain(where);
    expect(error.found).toBe(found);
  });
});

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

describe('groups', () => {
  const table = (rows: readonly string[]) => ['filename,split,y,z', ...rows].join('\n');

  it('are those that occur in any split, with a training count of 0 where there is no training image', () => {
    const dataset = right(
      describeTable(
        table(['a,test,2,0', 'b,train,0,1', 'c,val,1,1', 'd,train,1,0', 'e,train,0,1', 'f,test,0,1']),
      ),
    );
    expect(dataset.table).toEqual({
      names: ['(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)', '(Y=2)(Z=0)'],
      classOf: [0, 1, 1, 2],
      trainingCounts: [2, 1, 0, 0],
    });
    expect(counts(dataset, 'test')).toEqual([1, 0, 0, 1]);
    expect(counts(dataset, 'validation')).toEqual([0, 0, 1, 0]);
  });

  it('may all be of one class', () => {
    const dataset = right(
      describeTable(table(['a,train,0,0', 'b,train,0,1']), { classes: ['cat', 'dog'], required: ['train'] }),
    );
    expect(dataset.table).toEqual({
      names: ['(Y=0)(Z=0)', '(Y=0)(Z=1)'],
      classOf: [0, 0],
      trainingCounts: [1, 1],
    });
  });
});

describe('Waterbirds', () => {
  const METADATA = [
    'img_id,img_filename,y,split,place,place_filename',
    ...IMAGES.map(({ file, split, y, z }, i) => `${i},${file},${y},${split},${z},/f/forest/0000.jpg`),
  ].join('\n');

  it('comes from its table', () => {
    const dataset = right(describeWaterbirds(METADATA, { folder: 'waterbirds' }));
    expect(dataset).toMatchObject({
      classes: ['landbird', 'waterbird'],
      subgroups: ['land', 'water'],
      table: { trainingCounts: [6, 2, 1, 3] },
    });
    expect(dataset.splits.test[0]!.image.file).toBe('waterbirds/200/0.jpg');
    const trained = METADATA.split('\n').filter((line) => !/\.jpg,\d,[12],/.test(line));
    expect(left(describeWaterbirds(trained.join('\n'))).found).toBe('none in validation');
    const { splits, table } = right(describeWaterbirds(trained.join('\n'), { required: ['train'] }));
    expect([table.trainingCounts, splits.validation, splits.test]).toEqual([[6, 2, 1, 3], [], []]);
    const error = left(describeWaterbirds(METADATA.replace('place,', 'background,')));
    expect(error).toMatchObject({ where: 'metadata.csv, line 1', expected: 'the column "place"' });
  });

  it('comes from its records as the published program writes them', () => {
    const { cases } = readFixture<{
      readonly what: string;
      readonly base64: string;
      readonly readBack: readonly { readonly y: number; readonly split: number; readonly place: number }[];
    }>('records');
    const { base64, readBack } = cases.find(({ what }) => what === 'waterbirds records')!;
    const records = right(decodeTfRecords(new Uint8Array(Buffer.from(base64, 'base64'))));
    const read = records.map((record) => right(waterbirdsRecord(right(decodeExample(record)), 'record')));
    expect(read).toEqual(
      readBack.map(({ y, split, place }) => ({
        label: y,
        subgroup: place,
        split: ['train', 'validation', 'test'][split],
      })),
    );
    expect(left(waterbirdsRecord({ y: { kind: 'int64', values: [2n] } }, 'record 0'))).toMatchObject({
      where: 'record 0, feature y',
      expected: '0 or 1',
      found: '2',
    });
    expect(left(waterbirdsRecord({ label: { kind: 'int64', values: [1n] } }, 'record 0')).found).toBe(
      'none, only label',
    );
  });
});

describe('CelebA', () => {
  const ATTRIBUTES = ['5_o_Clock_Shadow', 'Blond_Hair', 'Male', 'Young'];
  const sign = (value: number) => (value === 1 ? ' 1' : '-1');
  const rows = IMAGES.map(({ y, z, split }, i) => ({
    y,
    z,
    split,
    file: `${String(i + 1).padStart(6, '0')}.jpg`,
  }));
  const txt = {
    attributes: [
      String(rows.length),
      ATTRIBUTES.join(' '),
      ...rows.map(({ file, y, z }) => `${file} -1 ${sign(y)} ${sign(z)}  1`),
      '',
    ].join('\n'),
    partition: rows.map(({ file, split }) => `${file} ${split}`).join('\n'),
  };
  const csv = {
    attributes: [
      `image_id,${ATTRIBUTES.join()}`,
      ...rows.map(({ file, y, z }) => `${file},-1,${2 * y - 1},${2 * z - 1},1`),
    ].join('\n'),
    partition: ['image_id,partition', ...rows.map(({ file, split }) => `${file},${split}`)].join('\n'),
  };

  it.each([
    ['txt and txt', txt.attributes, txt.partition],
    ['csv and csv', csv.attributes, csv.partition],
    ['csv and txt', csv.attributes, txt.partition],
  ])('comes from its tables: %s', (_, attributes, partition) => {
    const dataset = right(describeCeleba({ attributes, partition, folder: 'img_align_celeba' }));
    expect(dataset).toMatchObject({
      name: 'CelebA',
      classes: ['Not Blond_Hair', 'Blond_Hair'],
      subgroups: ['Not Male', 'Male'],
      table: { trainingCounts: [6, 2, 1, 3] },
    });
    expect(dataset.splits.train[0]!.image.file).toBe('img_align_celeba/000001.jpg');
    expect(counts(dataset, 'test')).toEqual([1, 0, 0, 2]);
  });

  it('may have names spelt otherwise in its tables, and whole floats', () => {
    const attributes = csv.attributes.replace('000001.jpg', './000001.jpg').replaceAll(',-1', ',-1.0');
    const partition = csv.partition.replace('000002.jpg,', ' 000002.jpg ,').replaceAll(/,(\d)$/gm, ',$1.0');
    expect(describeCeleba({ attributes, partition })).toEqual(describeCeleba(csv));
  });

  it('is undersampled in training only, the first images kept, and counts what is used', () => {
    const dataset = right(describeCeleba(txt, { limits: { y0z0: 4 } }));
    expect(dataset.name).toBe('CelebA-Undersampled');
    expect(dataset.table.trainingCounts).toEqual([4, 2, 1, 3]);
    expect(counts(dataset, 'validation')).toEqual([2, 2, 1, 1]);
    expect(dataset.splits.train.slice(0, 5).map(({ image }) => image.file)).toEqual([
      '000001.jpg',
      '000002.jpg',
      '000003.jpg',
      '000004.jpg',
      '000007.jpg',
    ]);
  });

  it('may count its groups before the limits, as published', () => {
    const dataset = right(describeCeleba(txt, { limits: { y0z0: 4 }, groupSizes: 'published' }));
    expect(dataset.table.trainingCounts).toEqual([6, 2, 1, 3]);
    expect(counts(dataset, 'train')).toEqual([4, 2, 1, 3]);
  });

  it('may take other attributes', () => {
    const swapped = right(describeCeleba(csv, { label: 'Male', subgroup: 'Blond_Hair' }));
    expect(swapped.table.trainingCounts).toEqual([6, 1, 2, 3]);
  });

  it.each<[string, typeof txt, CelebaOptions, Partial<Record<keyof DataError, unknown>>]>([
    [
      'an attribute that is missing',
      txt,
      { label: 'Blond' },
      { where: 'list_attr_celeba, line 2', expected: 'the attribute Blond' },
    ],
    ['a column that is missing', csv, { subgroup: 'male' }, { expected: 'the column "male"' }],
    [
      'a count that is wrong',
      { ...txt, attributes: txt.attributes.replace('21', '22') },
      {},
      { where: 'list_attr_celeba, line 1', found: '"22"' },
    ],
    [
      'a value that is none',
      { ...csv, attributes: csv.attributes.replace('000002.jpg,-1,-1', '000002.jpg,-1,3') },
      {},
      { where: 'list_attr_celeba, line 3', expected: '1 or -1 for Blond_Hair' },
    ],
    [
      'an image without split',
      { ...txt, partition: txt.partition.replace('000004.jpg', '999999.jpg') },
      {},
      { where: 'list_attr_celeba, line 6', expected: '000004.jpg in list_eval_partition' },
    ],
    [
      'a split that is none',
      { ...txt, partition: txt.partition.replace('000001.jpg 0', '000001.jpg 3') },
      {},
      { where: 'list_eval_partition, line 1', found: '"3"' },
    ],
    [
      'a line that is cut',
      { ...txt, attributes: txt.attributes.replace('000003.jpg -1', '000003.jpg') },
      {},
      { where: 'list_attr_celeba, line 5', expected: '5 words', found: '4' },
    ],
    [
      'a file outside the folder',
      {
        attributes: csv.attributes.replace('000001.jpg', '../a.jpg'),
        partition: csv.partition.replace('000001.jpg', '../a.jpg'),
      },
      {},
      { where: 'list_attr_celeba, line 2', found: expect.stringContaining('out of the folder') },
    ],
    [
      'an image that comes twice',
      { ...txt, attributes: txt.attributes.replace('000002.jpg', '000001.jpg') },
      {},
      { found: '000001.jpg again, after line 3' },
    ],
    [
      'an image that comes twice, spelt differently',
      { ...csv, attributes: csv.attributes.replace('000002.jpg', './000001.jpg') },
      {},
      { where: 'list_attr_celeba, line 3', found: '000001.jpg again, after line 2' },
    ],
    [
      'an image with two splits',
      { ...txt, partition: `${txt.partition}\n000001.jpg 2` },
      {},
      { where: 'list_eval_partition, line 22', found: '000001.jpg again, after line 1' },
    ],
    [
      'keeping nothing',
      txt,
      { limits: { y0z0: 0 } },
      { where: 'CelebA-Undersampled, limits', found: 'y0z0: 0' },
    ],
    ['limits of no group', txt, { limits: { y0z2: 3 } }, { found: 'y0z2: 3' }],
  ])('says what is wrong: %s', (_, tables, options, error) => {
    expect(left(describeCeleba(tables, options))).toMatchObject(error);
  });

  it('comes from its records, any two of forty attributes', () => {
    const { cases } = readFixture<{
      readonly what: string;
      readonly base64: string;
      readonly rows: readonly Readonly<Record<string, number>>[];
    }>('records');
    const { base64, rows: stored } = cases.find(({ what }) => what === 'celeba records')!;
    const records = right(decodeTfRecords(new Uint8Array(Buffer.from(base64, 'base64'))));
    const names = Object.keys(stored[0]!);
    expect(names.length).toBe(40);
    for (const name of names) {
      const read = records.map((record) =>
        right(celebaRecord(right(decodeExample(record)), 'r', { label: name, subgroup: 'Male' })),
      );
      expect(read).toEqual(stored.map((row) => ({ label: row[name], subgroup: row['Male'] })));
    }
  });

  it('is read with bounded memory for as many as 200,000 images', () => {
    const names = Array.from({ length: 40 }, (_, i) =>
      i === 9 ? 'Blond_Hair' : i === 20 ? 'Male' : `a${i}`,
    );
    const others = ' -1'.repeat(9);
    const values = [0, 1, 2, 3].map(
      (cell) => `${others} ${cell & 1 ? 1 : -1}${others} -1 ${cell & 2 ? 1 : -1}${others}${others} 1`,
    );
    const attributes = Array.from({ length: 200_000 }, (_, i) => `${i}.jpg${values[i % 4]}`);
    const partition = Array.from({ length: 200_000 }, (_, i) => `${i}.jpg ${Math.floor(i / 4) % 3}`);
    const before = process.memoryUsage().rss;
    const tables = {
      attributes: `200000\n${names.join(' ')}\n${attributes.join('\n')}`,
      partition: partition.join('\n'),
    };
    const dataset = right(describeCeleba(tables, { limits: CELEBA_UNDERSAMPLED }));
    expect(dataset.table.trainingCounts).toEqual([4054, 16667, 16667, 16667]);
    expect(process.memoryUsage().rss - before).toBeLessThan(6e8);
  }, 60_000);
});

describe('any data set', () => {
  it('holds every entry once, in the groups that occur, each with its number of training images', () => {
    const entry = fc.record({
      label: fc.nat(2),
      subgroup: fc.nat(2),
      split: fc.constantFrom('train' as const, 'validation' as const, 'test' as const),
    });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 40 }), (drawn) => {
        const entries = drawn.map((labels, image): LabelledEntry<number> => ({ ...labels, image }));
        const named = { name: 'n', classes: ['a', 'b', 'c'], subgroups: ['d', 'e', 'f'], required: [] };
        const { table, splits } = right(describeDataset({ ...named, entries }));
        const nameOf = (image: number) => `(Y=${drawn[image]!.label})(Z=${drawn[image]!.subgroup})`;
        // With single digits the order of the names is the order of y, then z.
        const occurring = [...new Set(drawn.map((_, image) => nameOf(image)))].sort();
        expect(table.names).toEqual(occurring);
        expect(table.trainingCounts).toEqual(
          occurring.map(
            (name) => drawn.filter(({ split }, image) => split === 'train' && nameOf(image) === name).length,
          ),
        );
        const all = SPLITS.flatMap((split) => splits[split].map((example) => ({ ...example, held: split })));
        expect(all.map(({ image }) => image).sort((a, b) => a - b)).toEqual(drawn.map((_, i) => i));
        for (const { image, group, held, label, subgroup } of all) {
          expect(table.names[group]).toBe(nameOf(image));
          expect({ label, subgroup, split: held }).toEqual(drawn[image]);
        }
      }),
      { seed: 9, numRuns: 100 },
    );
  });

  it('refuses entries outside its names', () => {
    const entry = { image: 0, label: 2, subgroup: 0, split: 'train' } as const;
    const error = left(
      describeDataset({ name: 'n', classes: ['a', 'b'], subgroups: ['c'], entries: [entry] }),
    );
    expect(error).toMatchObject({ where: 'n, entry 0', found: '2 and 0' });
  });
});
