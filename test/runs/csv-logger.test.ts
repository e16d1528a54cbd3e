import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { csvLogger } from '../../src/runs/csv-logger.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'csv-logger-'));
});
afterAll(() => rm(root, { recursive: true }));

const rowsOf = async (folder: string): Promise<readonly string[]> =>
  (await readFile(join(folder, 'train.csv'), 'utf8')).trimEnd().split('\n');

it('goes on with its tables, from the steps that are done, under one header', async () => {
  const folder = join(root, 'new', 'folder');
  const options = { groups: ['a'], stepsPerEpoch: 3 };
  const first = await csvLogger(folder, options);
  for (const step of [1, 2, 3, 4, 5]) await first.scalars(step, { 'train/loss/a': step, other: 1 });
  await first.text(5, 'note', 'left out');
  expect((await rowsOf(folder)).map((row) => row.split(',').slice(0, 3).join())).toEqual([
    'epoch,batch,avg_loss_group:0',
    '0,0,1',
    '0,1,2',
    '0,2,3',
    '1,0,4',
    '1,1,5',
  ]);
  await appendFile(join(folder, 'train.csv'), '1,2,');
  const second = await csvLogger(folder, { ...options, stepsDone: 4 });
  await second.scalars(5, { 'train/loss/a': 50 });
  expect((await rowsOf(folder)).slice(-2).map((row) => row.split(',').slice(0, 3).join())).toEqual([
    '1,0,4',
    '1,1,50',
  ]);
  expect(await rowsOf(folder)).toHaveLength(6);
});

it('counts the steps of the only epoch where none is given', async () => {
  const folder = join(root, 'endless');
  for (const stepsDone of [0, 1, 2]) {
    const logger = await csvLogger(folder, { stepsDone });
    await logger.scalars(stepsDone + 1, { 'train/loss/a': 1 });
  }
  expect((await rowsOf(folder)).slice(1).map((row) => row.slice(0, 4))).toEqual(['0,0,', '0,1,', '0,2,']);
});

it('keeps the groups of a first row, with empty cells for those that a batch lacks, and refuses others', async () => {
  const folder = join(root, 'lacking');
  const logger = await csvLogger(folder);
  const of = (step: number, groups: readonly string[]) =>
    logger.scalars(
      step,
      Object.fromEntries(
        groups.flatMap((group) => [
          [`train/loss/${group}`, step],
          [`counts/train/${group}`, 2],
        ]),
      ),
    );
  await of(1, ['a', 'b', 'c']);
  await of(2, ['a', 'c']);
  const [header, ...rows] = (await rowsOf(folder)).map((row) => row.split(','));
  expect(rows.map((row) => row.length)).toEqual([header!.length, header!.length]);
  const at = (group: number) => header!.indexOf(`avg_loss_group:${group}`);
  expect([0, 1, 2].map((group) => rows[1]![at(group)])).toEqual(['2', '', '2']);
  await expect(of(3, ['d'])).rejects.toThrow('expected a, b, c, received d');
  const again = await csvLogger(folder);
  await expect(again.scalars(3, { 'train/loss/a': 1 })).rejects.toThrow(
    'name all groups in the option groups',
  );
  expect(await rowsOf(folder)).toHaveLength(3);
});
