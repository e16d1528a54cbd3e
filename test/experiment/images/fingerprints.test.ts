import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { DataCodec, type DataSettings } from '../../../src/config/schema/data-settings.ts';
import { listingChanges } from '../../../src/data/data-listing.ts';
import { openExperimentImages } from '../../../src/experiment/images/open-images.ts';
import { closing } from '../../../src/system/closing.ts';
import { once, picturesFingerprint } from '../../../src/experiment/images/fingerprints.ts';

const root = mkdtempSync(join(tmpdir(), 'fingerprints-'));
afterAll(() => rmSync(root, { recursive: true }));

it('what is made once is made again after it has failed', async () => {
  const made: number[] = [];
  const make = once((value: number) => {
    made.push(value);
    return value < 2 ? Promise.reject(new Error('too small')) : Promise.resolve(value);
  });
  await expect(make(1)).rejects.toThrow('too small');
  expect([await make(2), await make(3)]).toEqual([2, 2]);
  expect(made).toEqual([1, 2]);
});

it('a stop that is asked for ends the looking at images, which is then done anew', async () => {
  const train = Array.from({ length: 200 }, (_, i) => {
    const file = join(root, `${i}.png`);
    writeFileSync(file, `${i}`);
    return { image: { file }, split: 'train' as const, label: 0, subgroup: 0, group: 0 };
  });
  const table = { names: ['(Y=0)(Z=0)'], trainingCounts: [200], classOf: [0] };
  const dataset = { classes: ['a'], subgroups: ['b'], table, splits: { train, validation: [], test: [] } };
  await expect(picturesFingerprint(root, dataset, () => true)).rejects.toMatchObject({ exitCode: 75 });
  const { listing } = await picturesFingerprint(root, dataset, () => false);
  expect(new Set(listing.images.map(({ content }) => content)).size).toBe(200);
});

/** What has changed in the data of a folder after its table has been written anew; null if the digest is the same. */
async function changesAfter(
  folder: string,
  settings: object,
  write: () => void,
  rewrite: () => void,
): Promise<readonly string[] | null> {
  const decoded = DataCodec.decode({ ...settings, root: '${DATA}' });
  if (decoded._tag === 'Left') throw new Error('settings');
  const bound = async () =>
    closing(
      await openExperimentImages({ ...decoded.right, root: folder } as DataSettings, { workers: 0 }),
      (images) => images.fingerprint!(),
    );
  write();
  const before = await bound();
  rewrite();
  const after = await bound();
  return before.digest === after.digest ? null : listingChanges(before.listing, after.listing);
}

it('where subgroups are learnt, the classes of images are part of the fingerprint', async () => {
  const folder = join(root, 'birds');
  mkdirSync(folder);
  const rows = ['0,0', '0,1', '1,0', '1,1'].map((yz, i) => {
    writeFileSync(join(folder, `${i}.jpg`), `${i}`);
    return `${i}.jpg,${yz},0`;
  });
  const write = (of: readonly string[]) => () =>
    writeFileSync(join(folder, 'metadata.csv'), ['img_filename,y,place,split', ...of].join('\n'));
  const changed = rows.map((row) => row.replace('0.jpg,0', '0.jpg,1'));
  const settings = { kind: 'waterbirds' };
  expect(await changesAfter(folder, { ...settings, label: 'z' }, write(rows), write(changed))).toEqual([
    '1 group (first: 0.jpg)',
  ]);
  expect(await changesAfter(folder, settings, write(rows), write(changed))).toEqual([
    '1 label (first: 0.jpg)',
  ]);
});

it('training images that are counted and not used are part of the fingerprint', async () => {
  const folder = join(root, 'faces');
  mkdirSync(join(folder, 'img_align_celeba'), { recursive: true });
  const rows = ['-1 -1', '-1 -1', '-1 -1', '-1 1', '1 -1', '1 1'].map((yz, i) => {
    writeFileSync(join(folder, 'img_align_celeba', `${i}.jpg`), `${i}`);
    return `${i}.jpg ${yz}`;
  });
  writeFileSync(join(folder, 'list_eval_partition.txt'), rows.map((_, i) => `${i}.jpg 0`).join('\n'));
  const write = (of: readonly string[]) => () =>
    writeFileSync(
      join(folder, 'list_attr_celeba.txt'),
      [String(of.length), 'Blond_Hair Male', ...of].join('\n'),
    );
  const fewer = rows.filter((_, i) => i !== 1 && i !== 2);
  const settings = { kind: 'celeba', limits: { y0z0: 1 } };
  expect(
    await changesAfter(folder, { ...settings, groupSizes: 'published' }, write(rows), write(fewer)),
  ).toEqual(['training images of (Y=0)(Z=0) 3 there, 1 here']);
  expect(await changesAfter(folder, settings, write(rows), write(fewer))).toBeNull();
});
