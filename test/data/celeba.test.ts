import { describe, expect, it } from 'vitest';
import {
  CELEBA_UNDERSAMPLED,
  celebaRecord,
  describeCeleba,
  type CelebaOptions,
} from '../../src/data/celeba.ts';
import type { DataError } from '../../src/data/data-error.ts';
import { decodeExample } from '../../src/data/example.ts';
import { decodeTfRecords } from '../../src/data/tfrecord.ts';
import { readFixture } from '../support/fixture.ts';
import { counts, IMAGES, left, right } from './described.ts';

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

  /** As pandas writes a table with its row numbers. */
  const indexed = (table: string): string =>
    table
      .split('\n')
      .map((line, i) => `${i === 0 ? '' : i - 1},${line}`)
      .join('\n');

  it.each([
    ['txt and txt', txt.attributes, txt.partition],
    ['csv and csv', csv.attributes, csv.partition],
    ['csv and txt', csv.attributes, txt.partition],
    ['csv with an index, and csv', indexed(csv.attributes), indexed(csv.partition)],
    ['csv whose index are the names', csv.attributes.slice(8), csv.partition.slice(8)],
    [
      'csv with semicolons, and tabs',
      csv.attributes.replaceAll(',', ';'),
      csv.partition.replaceAll(',', '\t'),
    ],
    ['csv whose index are the names, from R', `""${csv.attributes.slice(8)}`, csv.partition],
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
