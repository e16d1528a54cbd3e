import { describe, expect, it } from 'vitest';
import { decodeExample } from '../../src/data/example.ts';
import { decodeTfRecords } from '../../src/data/tfrecord.ts';
import { describeWaterbirds, waterbirdsRecord } from '../../src/data/waterbirds.ts';
import { readFixture } from '../support/fixture.ts';
import { IMAGES, left, right } from './described.ts';

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
