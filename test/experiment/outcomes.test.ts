import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as t from 'io-ts';
import { afterAll, expect, it } from 'vitest';
import { outcomeReader } from '../../src/experiment/outcomes.ts';

const root = mkdtempSync(join(tmpdir(), 'outcomes-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const folderWith = (name: string, run: object): string => {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'run.json'),
    JSON.stringify({ format: 2, settingsHash: '', settings: {}, ...run }),
  );
  return folder;
};
const StepsCodec = t.type({ steps: t.number });

it('the outcome of a run is read once by a reader, and anew by another one', async () => {
  const folder = folderWith('changing', { outcome: { steps: 3 } });
  const read = outcomeReader();
  expect(await read(folder, StepsCodec)).toEqual({ steps: 3 });
  folderWith('changing', { outcome: { steps: 4 } });
  expect(await read(folder, StepsCodec)).toEqual({ steps: 3 });
  expect(await outcomeReader()(folder, StepsCodec)).toEqual({ steps: 4 });
});

it('a run without an end, or with another outcome than was asked for, has none', async () => {
  const read = outcomeReader();
  expect(await read(folderWith('begun', {}), StepsCodec)).toBeUndefined();
  expect(await read(join(root, 'nowhere'), StepsCodec)).toBeUndefined();
  const folder = folderWith('named', { outcome: { name: 'erm' } });
  expect(await read(folder, StepsCodec)).toBeUndefined();
  expect(await read(folder, t.type({ name: t.string }))).toEqual({ name: 'erm' });
});
