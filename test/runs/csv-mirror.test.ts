import { appendFile, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { csvMirror } from '../../src/runs/csv-mirror.ts';
import type { LogView } from '../../src/runs/log-mirrors.ts';
import type { MetricsRecord } from '../../src/runs/run-log.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'csv-mirror-'));
});
afterAll(() => rm(root, { recursive: true }));

/** Every step trains, every third is evaluated too. */
const VIEW: LogView<number> = {
  settings: {},
  entriesOf: ({ step }) =>
    Promise.resolve([
      { kind: 'scalars', step, values: { 'train/loss/a': 1 / step, 'counts/train/a': 2 } },
      ...(step % 3 === 0 ? [{ kind: 'scalars', step, values: { 'validation/loss/a': step } } as const] : []),
    ]),
  conclusion: (loss) => [{ kind: 'scalars', step: 9, values: { 'test/loss/a': loss } }],
};
const mirrorIn = (folder: string) => csvMirror(folder, VIEW, { stepsPerEpoch: 4 });
const records = (from: number, to: number): readonly MetricsRecord[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => ({ step: from + i }));

async function written(steps: number): Promise<string> {
  const folder = await mkdtemp(join(root, 'run-'));
  const mirror = mirrorIn(folder);
  expect([await mirror.isMissing(), await mirror.agree([])]).toEqual([true, []]);
  await mirror.add(records(1, steps));
  return folder;
}

async function tables(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  );
}

it('the tables have one header and a row for each step or evaluation', async () => {
  const folder = await written(7);
  await mirrorIn(folder).conclude(0.5);
  const { 'train.csv': train, 'val.csv': validation, ...others } = await tables(folder);
  const [header, ...rows] = train!.trimEnd().split('\n');
  expect(header).toMatch(/^epoch,batch,avg_loss_group:0,processed_data_count_group:0,/);
  expect(rows.map((row) => row.split(',').slice(0, 2).join(' '))).toEqual([
    '0 0',
    '0 1',
    '0 2',
    '0 3',
    '1 0',
    '1 1',
    '1 2',
  ]);
  expect(validation!.trimEnd().split('\n')).toEqual([
    'epoch,batch,avg_loss_group:0,avg_acc_group:0,processed_data_count_group:0,avg_per_sample_loss,avg_acc',
    '0,2,3,,,,',
    '1,1,6,,,,',
  ]);
  expect(Object.keys(others)).toEqual(['test.csv']);
});

it('every table that a run has in the end is missed when it is gone', async () => {
  const folder = await written(7);
  const groups = { train: ['a'], validation: ['a'], test: ['a'] };
  const mirror = csvMirror(folder, VIEW, { stepsPerEpoch: 4, groups });
  expect(await mirror.isMissing()).toBe(true);
  await mirror.agree(records(1, 7));
  await mirror.conclude(0.5);
  expect(await mirror.isMissing()).toBe(false);
  await rm(join(folder, 'val.csv'));
  expect(await mirror.isMissing()).toBe(true);
});

it('tables that are cut back and gone on with are those of a run that never stopped', async () => {
  const whole = await tables(await written(9));
  const seed = Date.now() & 0x7fffffff;
  console.log(`seed of the kills: ${seed}`);
  await fc.assert(
    fc.asyncProperty(fc.nat(8), fc.nat(8), fc.nat(40), async (reached, checkpoint, torn) => {
      const folder = await written(reached);
      if (reached > 0 && torn % 2 === 0)
        await appendFile(join(folder, 'train.csv'), '1,2,0.5'.slice(0, torn));
      else if (reached > 0) {
        const size = (await readFile(join(folder, 'train.csv'))).length;
        await truncate(join(folder, 'train.csv'), Math.max(0, size - torn));
      }
      const kept = Math.min(reached, checkpoint);
      const mirror = mirrorIn(folder);
      expect(await mirror.agree(records(1, kept))).toEqual([]);
      await mirror.add(records(kept + 1, 9));
      expect(await tables(folder)).toEqual(whole);
    }),
    { seed, numRuns: 40 },
  );
});

it('a table with a damaged row is written anew from there, and one of another header is set aside', async () => {
  const folder = await written(9);
  const whole = await tables(folder);
  const path = join(folder, 'train.csv');
  await writeFile(path, whole['train.csv']!.replace('0,2,', '0,7,'));
  expect(await mirrorIn(folder).agree(records(1, 9))).toEqual([
    expect.stringMatching(/train\.csv: damaged from byte \d+ on; it is written anew from metrics\.jsonl/),
  ]);
  expect(await tables(folder)).toEqual(whole);
  await writeFile(path, 'a,b\n1,2\n');
  expect(await mirrorIn(folder).agree(records(1, 9))).toEqual([
    expect.stringContaining('its header is another'),
  ]);
  expect(await tables(folder)).toEqual({ ...whole, 'damaged.train.csv': 'a,b\n1,2\n' });
});
