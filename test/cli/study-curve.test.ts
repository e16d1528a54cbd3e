import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { studyCommand } from '../../src/cli/study.ts';
import { erm, seedsOf } from '../report/example-input.ts';
import { summarizeSeeds } from '../../src/report/summary.ts';

const scratch = mkdtempSync(join(tmpdir(), 'study-curve-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const file = join(scratch, 'curve.svg');
const run = (...points: readonly string[]) =>
  studyCommand().parseAsync(['curve', file, ...points], { from: 'user' });

describe('study curve', () => {
  it('draws what the folders of studies hold', async () => {
    const seeds = seedsOf({ erm });
    const results = { format: 2, name: 's', backend: 'wasm', device: 'CPU', seconds: 1, seeds };
    mkdirSync(join(scratch, 'ten'));
    writeFileSync(
      join(scratch, 'ten', 'results.json'),
      JSON.stringify({ ...results, summary: summarizeSeeds(seeds, ['erm']) }),
    );
    await run(`10=${join(scratch, 'ten')}`, `20.5=${join(scratch, 'ten')}`);
    expect(readFileSync(file, 'utf8').match(/<circle/g)).toHaveLength(2);
  });

  it('refuses a folder without results, and what is no number with a folder', async () => {
    await expect(run(`10=${join(scratch, 'nothing')}`)).rejects.toThrow(/no such file; run the study/);
    mkdirSync(join(scratch, 'none'));
    writeFileSync(join(scratch, 'none', 'results.json'), '"none"');
    await expect(run(`10=${join(scratch, 'none')}`)).rejects.toThrow(
      'results.json: expected the results of a study, format 2, found ',
    );
    await expect(run('0=x')).rejects.toThrow(/expected a number above 0 and a folder/);
    await expect(run('x')).rejects.toThrow(/found 'x'/);
  });
});
