/** Sample data are whole: what an ended program left of a pair of folders is completed, or refused. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeSampleData } from '../../../src/cli/sample-data/sample-data.ts';

const root = await mkdtemp(join(tmpdir(), 'sample-data-'));
afterAll(() => rm(root, { recursive: true, force: true }));

it('the missing half of a pair is made again, byte by byte, and never beside one of another seed', async () => {
  const small = { share: 0.01, scale: 0.05 };
  const records = join(root, 'waterbirds-records');
  const shard = join(records, '00-10240.tfrec');
  expect(await makeSampleData(root, small)).toHaveLength(5);
  expect(await makeSampleData(root, small)).toEqual([]);
  await expect(makeSampleData(root, { ...small, share: 2 })).rejects.toMatchObject({ exitCode: 2 });
  const before = await readFile(shard);
  await rm(records, { recursive: true });
  await expect(makeSampleData(root, { ...small, seed: 1 })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(
      /waterbirds: expected sample data made with the same options, found others; .* move it away$/,
    ) as string,
  });
  expect(await makeSampleData(root, small)).toEqual([records]);
  expect((await readFile(shard)).equals(before)).toBe(true);
});

it('only some of the data sets, with as many pictures as wanted', async () => {
  const own = join(root, 'only');
  const twice = { share: 0.2, scale: 0.05, only: ['waterbirds'] } as const;
  expect(await makeSampleData(own, twice)).toEqual(
    ['waterbirds', 'waterbirds-records'].map((name) => join(own, name)),
  );
  const table = await readFile(join(own, 'waterbirds/metadata.csv'), 'utf8');
  // 14 + 2 + 2 + 14 for training, four times 2 and 3 for validation and test
  expect(table.trim().split('\n')).toHaveLength(1 + 32 + 8 + 12);
});
