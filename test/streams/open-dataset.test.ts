import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DataError } from '../../src/data/data-error.ts';
import { SPLITS } from '../../src/data/dataset.ts';
import { sampleCelebaLimits, samplePlan, type SampleName } from '../../src/cli/sample-data/plan.ts';
import { groupBatches } from '../../src/group-batches.ts';
import { openBatchStream, storedOrder } from '../../src/streams/batch-stream.ts';
import { openDecodePool } from '../../src/streams/decode-pool.ts';
import { openDataset, type DatasetSettings } from '../../src/streams/open-dataset.ts';
import { makeSampleData } from '../../src/cli/sample-data/sample-data.ts';

const root = mkdtempSync(join(tmpdir(), 'open-dataset-'));
const samples = join(root, 'samples');
const nulls = join(root, 'null');
const SMALL = { share: 0.04, scale: 0.12 };
beforeAll(async () => {
  await makeSampleData(samples, { seed: 3, ...SMALL });
  await makeSampleData(nulls, { seed: 3, null: true, ...SMALL });
});
afterAll(() => rmSync(root, { recursive: true }));

const LESIONS = {
  kind: 'folder',
  columns: { y: 'diagnosis', z: 'bandage' },
  classes: ['benign', 'malignant'],
  subgroups: ['without', 'with'],
} as const;

async function open(settings: DatasetSettings) {
  const opened = await openDataset(settings);
  if (E.isLeft(opened)) throw new Error(JSON.stringify(opened.left));
  return opened.right;
}

async function failure(settings: DatasetSettings): Promise<DataError> {
  const opened = await openDataset(settings);
  if (E.isRight(opened)) throw new Error('expected an error');
  return opened.left;
}

const CASES: readonly (readonly [string, SampleName, (root: string) => DatasetSettings])[] = [
  ['Waterbirds, folder', 'waterbirds', (at) => ({ kind: 'waterbirds', root: join(at, 'waterbirds') })],
  [
    'Waterbirds, records',
    'waterbirds',
    (at) => ({ kind: 'waterbirds', root: join(at, 'waterbirds-records') }),
  ],
  ['CelebA, folder', 'celeba', (at) => ({ kind: 'celeba', root: join(at, 'celeba') })],
  ['CelebA, records', 'celeba', (at) => ({ kind: 'celeba', root: join(at, 'celeba-records') })],
  ['skin lesions', 'skin-lesions', (at) => ({ ...LESIONS, root: join(at, 'skin-lesions') })],
];

describe.each([
  ['spurious', samples, false],
  ['null', nulls, true],
])('the %s sample data', (_, at, isNull) => {
  it.each(CASES)('opens with the groups of its plan: %s', async (_name, sample, settings) => {
    const { dataset, close } = await open(settings(at));
    const plan = samplePlan(sample, { null: isNull, ...SMALL });
    for (const split of SPLITS) {
      const cells = [0, 0, 0, 0];
      for (const { label, subgroup } of dataset.splits[split]) cells[2 * label + subgroup]! += 1;
      expect(cells).toEqual(plan[split]);
    }
    expect(dataset.table.trainingCounts).toEqual(plan.train.filter((count) => count > 0));
    await close();
  });
});

describe('sample data', () => {
  it('is the same in the folder and in the records, and shows what its labels say', async () => {
    const pool = openDecodePool({ shape: [16, 16, 3], antialias: true, workers: 0 });
    const means = async (settings: DatasetSettings) => {
      const { dataset, close } = await open(settings);
      const examples = [...dataset.splits.train];
      const stream = openBatchStream({
        examples,
        shape: [16, 16, 3],
        load: pool.load,
        ...storedOrder(examples.length, examples.length),
      });
      const { images, groups } = await stream.batch(0);
      await close();
      return { pixels: [...images.pixels], groups: [...groups] };
    };
    const folder = await means({ kind: 'waterbirds', root: join(samples, 'waterbirds') });
    const records = await means({ kind: 'waterbirds', root: join(samples, 'waterbirds-records') });
    expect(records).toEqual(folder);
    await pool.close();
    // Water is bluer than a forest.
    const blueness = (z: number) => {
      const chosen = folder.groups.flatMap((group, i) => (group % 2 === z ? [i] : []));
      const sum = (i: number, channel: number) =>
        folder.pixels.slice(768 * i, 768 * (i + 1)).reduce((s, v, at) => s + (at % 3 === channel ? v : 0), 0);
      return chosen.map((i) => (sum(i, 2) - sum(i, 1)) / 256);
    };
    expect(Math.min(...blueness(1))).toBeGreaterThan(Math.max(...blueness(0)));
  });

  it('does not change with time or place, and is left alone where it is', async () => {
    const again = join(root, 'again');
    expect((await makeSampleData(again, { seed: 3, ...SMALL })).length).toBe(5);
    for (const file of [
      'waterbirds/metadata.csv',
      'celeba/img_align_celeba/000003.jpg',
      'skin-lesions/sample.json',
    ]) {
      expect(readFileSync(join(again, file)).equals(readFileSync(join(samples, file)))).toBe(true);
    }
    writeFileSync(join(again, 'waterbirds/metadata.csv'), 'mine');
    expect(await makeSampleData(again, { seed: 3, ...SMALL })).toEqual([]);
    expect(readFileSync(join(again, 'waterbirds/metadata.csv'), 'utf8')).toBe('mine');
  });

  it('undersamples CelebA, and learns subgroups when asked', async () => {
    const celeba = { kind: 'celeba', root: join(samples, 'celeba'), limits: { y0z0: 1 } } as const;
    const { dataset } = await open(celeba);
    const [, ...others] = samplePlan('celeba', SMALL).train;
    expect(dataset.table.trainingCounts).toEqual([1, ...others]);
    expect(sampleCelebaLimits(1)).toEqual({ y0z0: 8 });
    expect(sampleCelebaLimits(2.5)).toEqual({ y0z0: 20 });
    expect(samplePlan('celeba', { share: 2.5 }).train).toEqual([80, 180, 180, 20]);
    const { dataset: subgroups } = await open({ ...celeba, label: 'z' });
    expect(subgroups.classes).toEqual(['Not Male', 'Male']);
    expect(subgroups.table).toEqual(dataset.table);
    expect(subgroups.splits.test.every(({ label, subgroup }) => label === subgroup)).toBe(true);
  });

  it('streams decoded batches from worker threads', async () => {
    const { dataset, close } = await open({ ...LESIONS, root: join(samples, 'skin-lesions') });
    const pool = openDecodePool({ shape: [12, 10, 3], workers: 2 });
    const stream = openBatchStream({
      examples: dataset.splits.train,
      shape: [12, 10, 3],
      load: pool.load,
      indicesAt: groupBatches(
        dataset.splits.train.map(({ group }) => group),
        { batchSize: 6, seed: 1 },
      ),
    });
    for (let step = 0; step < 3; step++) {
      const { images, labels, groups } = await stream.batch(step);
      expect(images.shape).toEqual([6, 12, 10, 3]);
      expect([...groups]).toEqual([0, 0, 1, 1, 2, 2]);
      expect([...labels]).toEqual([0, 0, 0, 0, 1, 1]);
      expect(new Set(images.pixels).size).toBeGreaterThan(50);
    }
    stream.close();
    await pool.close();
    await close();
  });
});

describe('a data set that cannot be opened', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(root, 'case-'));
    cpSync(join(samples, 'waterbirds'), join(folder, 'waterbirds'), { recursive: true });
  });
  const birds = (): DatasetSettings => ({ kind: 'waterbirds', root: join(folder, 'waterbirds') });
  const table = () => join(folder, 'waterbirds', 'metadata.csv');

  it('reads tables of spreadsheets: UTF-16 with tabs, and semicolons with an index', async () => {
    const plain = (await open(birds())).dataset;
    const rows = readFileSync(table(), 'utf8').trim().split('\n');
    const tabs = rows.map((row) => row.replaceAll(',', '\t')).join('\r\n');
    writeFileSync(table(), `\ufeff${tabs}`, 'utf16le');
    expect((await open(birds())).dataset).toEqual(plain);
    writeFileSync(table(), Buffer.from(`\ufeff${tabs}`, 'utf16le').swap16());
    expect((await open(birds())).dataset).toEqual(plain);
    const indexed = rows.map((row, i) => `${i === 0 ? '' : i};${row.replaceAll(',', ';')}`);
    writeFileSync(table(), `sep=;\n${indexed.join('\n')}`);
    expect((await open(birds())).dataset).toEqual(plain);
  });

  it('refuses a table that is no UTF-8, with the line, and one that is no UTF-16', async () => {
    const expected = 'a table in UTF-8 or UTF-16';
    writeFileSync(table(), Buffer.from('img_filename,y,place,split\na,0,0,0\nB\u00e4r,0,0,0\n', 'latin1'));
    expect(await failure(birds())).toEqual({
      where: `${table()}, line 3`,
      expected,
      found: 'bytes that are no UTF-8',
      cure: 'save it as CSV UTF-8',
    });
    writeFileSync(table(), Uint8Array.of(0xff, 0xfe, 0x41));
    expect(await failure(birds())).toMatchObject({ where: table(), expected });
  });

  it('names the image that is missing, and how many more', async () => {
    const [, row] = readFileSync(table(), 'utf8').split('\n');
    const image = join(folder, 'waterbirds', row!.split(',')[1]!);
    rmSync(image);
    expect(await failure(birds())).toMatchObject({ where: image, found: 'no such file' });
    renameSync(join(image, '..'), join(folder, 'elsewhere'));
    expect((await failure(birds())).found).toMatch(/^no such file, and \d+ others likewise$/);
  });

  it('names the folder or table that is missing, and what was expected there', async () => {
    const none = await failure({ kind: 'waterbirds', root: join(folder, 'none') });
    expect(none).toMatchObject({ where: join(folder, 'none'), found: 'no such folder' });
    expect(none.cure).toContain('docs/guide/data-sets.md');
    renameSync(table(), `${table()}.old`);
    const forced = await failure({ ...birds(), layout: 'folder' } as DatasetSettings);
    expect(forced.expected).toContain('metadata.csv');
    expect(forced.found).toContain('metadata.csv.old');
    expect((await failure(birds())).expected).toContain('shards');
    const celeba = join(folder, 'celeba');
    cpSync(join(samples, 'celeba'), celeba, { recursive: true });
    for (const ending of ['txt', 'csv']) rmSync(join(celeba, `list_eval_partition.${ending}`));
    expect((await failure({ kind: 'celeba', root: celeba })).expected).toContain(
      'list_eval_partition.txt or',
    );
    const lesions = await failure({ ...LESIONS, root: join(samples, 'skin-lesions'), table: 'labels.csv' });
    expect(lesions.expected).toContain('labels.csv');
  });

  it('opens with training images alone, without the other splits and their folders', async () => {
    const [header, ...rows] = readFileSync(table(), 'utf8').trim().split('\n');
    const isTraining = (row: string) => row.split(',')[3] === '0';
    writeFileSync(table(), [header, ...rows.filter(isTraining)].join('\n'));
    const celeba = join(folder, 'celeba-records');
    cpSync(join(samples, 'celeba-records'), celeba, { recursive: true });
    for (const split of ['val', 'test']) rmSync(join(celeba, split), { recursive: true });
    const lesions = { ...LESIONS, root: join(samples, 'skin-lesions') };
    for (const [settings, sample] of [
      [birds(), 'waterbirds'],
      [{ kind: 'celeba', root: celeba }, 'celeba'],
      [{ ...lesions, leaveOut: { split: ['validation', 'test'] } }, 'skin-lesions'],
    ] as const) {
      const { dataset, close } = await open(settings);
      const trained = samplePlan(sample, SMALL).train.filter((count) => count > 0);
      expect(dataset.table.trainingCounts).toEqual(trained);
      expect([dataset.splits.validation, dataset.splits.test]).toEqual([[], []]);
      await close();
    }
    expect(await failure({ ...lesions, leaveOut: { split: 'test' }, required: SPLITS })).toMatchObject({
      found: 'none in test',
    });
    rmSync(join(celeba, 'train'), { recursive: true });
    expect((await failure({ kind: 'celeba', root: celeba })).where).toBe(join(celeba, 'train'));
  });

  it('takes an image for the same however its name is spelt', async () => {
    const lines = readFileSync(table(), 'utf8').trim().split('\n');
    const [id, image, ...rest] = lines[1]!.split(',');
    const windows = [id, `.\\${image!.replaceAll('/', '\\')} `, ...rest].join(',');
    const plain = (await open(birds())).dataset;
    writeFileSync(table(), [lines[0], windows, ...lines.slice(2)].join('\n'));
    expect((await open(birds())).dataset).toEqual(plain);
    writeFileSync(table(), [...lines, windows].join('\n'));
    expect((await failure(birds())).found).toMatch(/ again, after line 2$/);
  });

  it('does not read outside its folder', async () => {
    const text = readFileSync(table(), 'utf8').split('\n');
    text[1] = text[1]!.replace(/,[^,]+jpg/, ',../../../etc/passwd');
    writeFileSync(table(), text.join('\n'));
    expect(await failure(birds())).toMatchObject({
      where: `${table()}, line 2, column img_filename`,
      found: expect.stringContaining('leads out of the folder'),
    });
  });

  it('says which record is damaged', async () => {
    const records = join(folder, 'records');
    cpSync(join(samples, 'waterbirds-records'), records, { recursive: true });
    const shard = join(records, '00-10240.tfrec');
    const stored = readFileSync(shard);
    stored[500]! ^= 1;
    writeFileSync(shard, stored);
    expect((await failure({ kind: 'waterbirds', root: records })).where).toContain(`${shard}, byte `);
    const wrong = await failure({ kind: 'waterbirds', root: join(samples, 'celeba-records') });
    expect(wrong).toMatchObject({ expected: 'one int64' });
    expect(wrong.where).toMatch(/record 0, feature y$/);
  });

  it('skips one damaged image when it may, and tells which', async () => {
    const [, row] = readFileSync(table(), 'utf8').split('\n');
    const image = join(folder, 'waterbirds', row!.split(',')[1]!);
    writeFileSync(image, readFileSync(image).subarray(0, 400));
    const { dataset } = await open(birds());
    const pool = openDecodePool({ shape: [8, 8, 3], workers: 0 });
    const options = {
      examples: dataset.splits.train,
      shape: [8, 8, 3],
      load: pool.load,
      ...storedOrder(dataset.splits.train.length, 4),
    } as const;
    await expect(openBatchStream(options).batch(0)).rejects.toThrow(image);
    const stream = openBatchStream({ ...options, skipDamaged: 1 });
    const { indices } = await stream.batch(0);
    expect(dataset.splits.train[indices[0]!]!.group).toBe(dataset.splits.train[0]!.group);
    expect(indices[0]).not.toBe(0);
    expect(stream.damaged()).toMatchObject([{ where: image, expected: 'a whole JPEG image' }]);
  });
});

it('an image whose name is longer than any is missing, in a fault of one line', async () => {
  const folder = mkdtempSync(join(root, 'names-'));
  writeFileSync(join(folder, 'metadata.csv'), `filename,split,y,z\n${'x'.repeat(5000)}/a.jpg,train,0,0\n`);
  const opened = await openDataset({ kind: 'folder', root: folder });
  if (E.isRight(opened)) throw new Error('no such image expected');
  expect(opened.left.found).toContain('no such file');
  expect(opened.left.where.length).toBeLessThan(2100);
});
