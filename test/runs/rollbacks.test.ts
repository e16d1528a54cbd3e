import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { afterAll, expect, it } from 'vitest';
import { openRun } from '../../src/runs/run-directory.ts';
import { rateFactorAt, rollbacksIn } from '../../src/runs/rollbacks.ts';

const scratch = mkdtempSync(join(tmpdir(), 'rollbacks-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const newFolder = (): string => mkdtempSync(join(scratch, 'run-'));

it('halves the rates from the step of each on', () => {
  const rollbacks = [40, 20, 40].map((to) => ({ from: 60, to, found: '' }));
  expect([0, 19, 20, 39, 40, 99].map((index) => rateFactorAt(rollbacks, index))).toEqual([
    1, 1, 0.5, 0.5, 0.125, 0.125,
  ]);
});

it('are there for who opens the folder again, and leave no file where there are none', async () => {
  const folder = newFolder();
  const open = async () => {
    const found = await rollbacksIn(folder);
    if (E.isLeft(found)) throw new Error(found.left.found);
    return found.right;
  };
  const first = await open();
  expect(first.all()).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
  const [one, other] = [
    { from: 9, to: 4, found: 'NaN' },
    { from: 7, to: 4, found: 'Infinity' },
  ];
  await first.note(one!);
  await first.note(other!);
  expect((await open()).all()).toEqual([one, other]);
});

it.each(['{', '[{ "from": 3 }]', '[{ "from": 3, "to": -1, "found": "" }]'])(
  'are refused by a run if their file holds %s',
  async (text) => {
    const folder = newFolder();
    writeFileSync(join(folder, 'rollbacks.json'), text);
    const opened = await openRun(folder, {});
    if (E.isRight(opened)) throw new Error('a refusal expected');
    expect(opened.left.where).toContain('rollbacks.json');
  },
);
