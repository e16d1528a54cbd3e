/** The table, the configuration and the command of the guide "Your data", run as they stand there. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it, vi } from 'vitest';
import { configCommand } from '../../src/cli/config.ts';
import { drawnPng } from '../support/plain-png.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/guide/your-data.md', import.meta.url)), 'utf8');
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)![1]!;

const scratch = mkdtempSync(join(tmpdir(), 'your-data-'));
const home = process.cwd();
afterAll(() => {
  vi.restoreAllMocks();
  process.chdir(home);
  rmSync(scratch, { recursive: true, force: true });
});

it('the command of the page prints what the page says', async () => {
  process.chdir(scratch);
  mkdirSync('data/pets/images', { recursive: true });
  const [, ...rows] = block('csv').trim().split('\n');
  rows.forEach((row, i) =>
    writeFileSync(join('data/pets', row.split(',')[0]!), drawnPng(64, 64, [2, 8], { seed: i }).bytes),
  );
  writeFileSync('data/pets/metadata.csv', block('csv'));
  writeFileSync('pets.yaml', block('yaml'));
  const [, ...args] = block('sh').replace('npm run config --', 'config').trim().split(' ');
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await configCommand().exitOverride().parseAsync(args, { from: 'user' });
  const printed = written.mock.calls.map(([text]) => String(text)).join('');
  written.mockRestore();
  expect(printed).toBe(block('text'));
});
