import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { afterAll, expect, it } from 'vitest';
import { findRuns } from '../../../src/cli/wandb/find-runs.ts';
import { lockFolder } from '../../../src/runs/run-lock.ts';
import { writeClassifierRun } from '../../support/run-folders.ts';

const folder = mkdtempSync(join(tmpdir(), 'find-runs-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('waits for runs that a program at work may begin, and for no others', async () => {
  const study = { format: 2, name: 'digits', seeds: [3], labels: {}, data: null, seconds: 1 };
  const there = { 'stage-1': {}, methods: { camel: {}, erm: {}, 'group-dro': {} } };
  const rest = { backend: { name: 'wasm', device: 'x' }, environment: {} };
  writeFileSync(join(folder, 'study.json'), JSON.stringify({ ...study, ...there, ...rest }));
  writeClassifierRun(join(folder, 'seed-3/camel'), 2, true);
  const found = { runs: [join(folder, 'seed-3/camel')], failed: new Set() };
  expect(await findRuns(folder)).toEqual(E.right({ ...found, toBegin: 0 }));
  const lock = await lockFolder(folder);
  if (E.isLeft(lock)) throw new Error('nobody else has it');
  expect(await findRuns(folder)).toEqual(E.right({ ...found, toBegin: 2 }));
  await lock.right();
  writeFileSync(join(folder, 'lock'), '999999999 1 of-a-process-that-is-gone\n');
  expect(await findRuns(folder)).toEqual(E.right({ ...found, toBegin: 0 }));
  expect(existsSync(join(folder, 'lock'))).toBe(false);
});
