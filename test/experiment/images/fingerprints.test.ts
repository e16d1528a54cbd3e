import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
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
  const dataset = { classes: ['a'], subgroups: ['b'], splits: { train, validation: [], test: [] } };
  await expect(picturesFingerprint(root, dataset, () => true)).rejects.toMatchObject({ exitCode: 75 });
  const { listing } = await picturesFingerprint(root, dataset, () => false);
  expect(new Set(listing.images.map(({ content }) => content)).size).toBe(200);
});
