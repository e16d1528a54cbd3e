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

it('more runs may begin, and results are none, only while a program is at work on the study', async () => {
  const study = { format: 2, name: 'digits', seeds: [3], labels: {}, data: null, seconds: 1 };
  const there = { 'stage-1': {}, methods: { camel: {}, erm: {}, 'group-dro': {} } };
  const rest = { backend: { name: 'wasm', device: 'x' }, environment: {} };
  writeFileSync(join(folder, 'study.json'), JSON.stringify({ ...study, ...there, ...rest }));
  writeClassifierRun(join(folder, 'seed-3/camel'), 2, true);
  const found = { runs: [join(folder, 'seed-3/camel')], failed: new Set() };
  const results = {
    ...{ format: 2, name: 'digits', backend: 'wasm', device: 'x', seconds: 1 },
    seeds: [],
    summary: {},
  };
  writeFileSync(join(folder, 'results.json'), JSON.stringify(results));
  expect(await findRuns(folder)).toEqual(E.right({ ...found, atWork: false, results }));
  const lock = await lockFolder(folder);
  if (E.isLeft(lock)) throw new Error('nobody else has it');
  expect(await findRuns(folder)).toEqual(E.right({ ...found, atWork: true, results: null }));
  await lock.right();
  writeFileSync(join(folder, 'lock'), '999999999 1 of-a-process-that-is-gone\n');
  expect(await findRuns(folder)).toEqual(E.right({ ...found, atWork: false, results }));
  expect(existsSync(join(folder, 'lock'))).toBe(false);
});
