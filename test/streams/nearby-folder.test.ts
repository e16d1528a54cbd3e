import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDataset, type DatasetSettings } from '../../src/streams/open-dataset.ts';

const base = mkdtempSync(join(tmpdir(), 'nearby-'));
const birds = join(base, 'data', 'waterbirds', 'waterbird_complete95_forest2water2');

const write = (path: string, text = ''): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

beforeAll(() => {
  write(
    join(birds, 'metadata.csv'),
    'img_id,img_filename,y,split,place,place_filename\n1,001.Gull/a.jpg,1,0,1,p\n',
  );
  write(join(birds, '001.Gull', 'a.jpg'));
  write(join(base, 'data', 'celeba', 'Anno', 'list_attr_celeba.txt'), '0\n');
  mkdirSync(join(base, 'empty', 'deep', 'inside'), { recursive: true });
});
afterAll(() => rmSync(base, { recursive: true }));

const cureOf = async (settings: DatasetSettings): Promise<string> => {
  const opened = await openDataset(settings);
  if (E.isRight(opened)) throw new Error('a refusal expected');
  return opened.left.cure;
};

describe('a folder that is given wrong is refused with the right one', () => {
  it.each([
    ['one too high', join(birds, '..')],
    ['two too high', join(birds, '..', '..')],
    ['one too low', join(birds, '001.Gull')],
    ['of another name', `${birds}_v1.0`],
  ])('%s', async (_, root) => {
    expect(await cureOf({ kind: 'waterbirds', root })).toContain(
      `give ${birds}, which holds the table, or give`,
    );
  });

  it('of CelebA, from the folder of its tables', async () => {
    const root = join(base, 'data', 'celeba', 'Anno', 'missing');
    expect(await cureOf({ kind: 'celeba', root })).toContain(`give ${join(base, 'data', 'celeba')}`);
  });

  it('of CelebA, from the folder of one of its tables, and of a file', async () => {
    const celeba = join(base, 'data', 'celeba');
    const opened = await openDataset({ kind: 'celeba', root: join(celeba, 'Anno') });
    expect(opened).toMatchObject({ left: { cure: expect.stringContaining(`give ${celeba}, which`) } });
    const table = await openDataset({ kind: 'waterbirds', root: join(birds, 'metadata.csv') });
    expect(table).toMatchObject({
      left: { found: 'a file', cure: expect.stringContaining(`give ${birds}, which`) },
    });
  });

  it('that holds another table names it', async () => {
    expect(await cureOf({ kind: 'folder', root: birds, table: 'labels.csv' })).toBe(
      'set data.table to metadata.csv, or give the folder of the data set',
    );
  });

  it('of a table of one’s own', async () => {
    const settings = { kind: 'folder', root: join(birds, '..'), table: 'metadata.csv' } as const;
    expect(await cureOf(settings)).toContain(`give ${birds}, which holds the table, or give`);
  });
});

it('leaves a refusal as it is where there is no table nearby, or where it is for another reason', async () => {
  const nowhere = { kind: 'folder', root: join(base, 'empty', 'deep', 'inside'), table: 'none.csv' } as const;
  expect(await cureOf(nowhere)).toContain('docs/guide/data-sets.md');
  expect(await cureOf({ kind: 'folder', root: birds })).not.toContain('which holds the table');
});
