/**
 * The ```typescript blocks of guides, which need data of the reader, on drawn data in their place. Those of the page on
 * browsers are held by `test/bundlers`.
 */
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { makeSampleData } from '../../src/cli/sample-data/sample-data.ts';
import { blocksOf } from './blocks.ts';
import { pagesUnder } from './pages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const cache = join(root, 'node_modules/.cache/model-patching-fragments');
const scratch = mkdtempSync(join(tmpdir(), 'fragments-'));
const home = process.cwd();

const fragments = pagesUnder(join(root, 'docs/guide'))
  .filter((file) => basename(file) !== 'browsers.md')
  .flatMap((file) =>
    blocksOf(readFileSync(file, 'utf8'))
      .filter(({ language }) => language === 'typescript')
      .map(({ code }, i) => ({ name: `${basename(file, '.md')}-${i + 1}`, code })),
  );

beforeAll(async () => {
  mkdirSync(cache, { recursive: true });
  process.chdir(scratch);
  await makeSampleData('data', { share: 0.2, scale: 0.12, only: ['waterbirds', 'skin-lesions'] });
  renameSync('data/skin-lesions', 'data/lesions');
});
afterAll(() => {
  process.chdir(home);
  for (const folder of [scratch, cache]) rmSync(folder, { recursive: true, force: true });
});

it('there are some', () => expect(fragments.length).toBeGreaterThan(1));

it.each(fragments)('$name runs', async ({ name, code }) => {
  const file = join(cache, `${name}.ts`);
  writeFileSync(file, code);
  const logged = vi.spyOn(console, 'log').mockReturnValue();
  await import(/* @vite-ignore */ file);
  // Three groups, since no malignant lesion has a bandage.
  if (name === 'tables-1')
    expect(logged.mock.calls[0]![0]).toEqual(['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)']);
  logged.mockRestore();
});
