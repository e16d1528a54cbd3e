import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { TINY } from '../support/tiny-study.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'camel-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const camel = (...args: readonly string[]): Promise<{ code: number; err: string }> =>
  new Promise((done) => {
    const command = [
      '--conditions=source',
      '--import',
      'tsx',
      join(root, 'src/cli/main.ts'),
      'camel',
      ...args,
    ];
    execFile(process.execPath, command, { cwd: root, env: { ...process.env, DATA: '' } }, (error, _, err) =>
      done({ code: error === null ? 0 : Number(error.code), err }),
    );
  });

describe('npm run camel', () => {
  it('runs the study of its preset with the digits of the checkout', async () => {
    const out = join(scratch, 'out');
    const settings = TINY.flatMap((each) => ['--set', each]);
    const { code, err } = await camel(
      ...[
        '--preset',
        'smoke',
        '--out',
        out,
        '--seed',
        '3',
        '--methods',
        'erm',
        '--backend',
        'wasm',
        ...settings,
      ],
    );
    expect(code, err).toBe(0);
    const { format, name, seeds } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as {
      format: number;
      name: string;
      seeds: readonly { seed: number; methods: object }[];
    };
    expect({ format, name }).toEqual({ format: 2, name: 'mnist-correlation-smoke' });
    expect(seeds.map(({ seed, methods }) => [seed, Object.keys(methods)])).toEqual([[3, ['erm']]]);
  });

  it('refuses a preset that there is not', async () => {
    const { code, err } = await camel('--preset', 'fast');
    expect(code).toBe(2);
    expect(err).toMatch(/^model-patching: [^\n]*'fast'[^\n]*smoke, quick, paper[^\n]*\n$/);
  });
});
