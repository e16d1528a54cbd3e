import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { askedUse } from '../../src/system/standard-error.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'standard-error-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PROGRAM = `
  import { ProgramError, runProgram } from '#/system/program.ts';
  import { startProgress } from '#/system/progress.ts';
  import { askedUse, errorLine, sayLine, takeOverStandardError, useStandardError } from '#/system/standard-error.ts';
  const use = askedUse(process.argv.slice(2));
  useStandardError(use);
  if (use.quiet || use.form === 'json') takeOverStandardError();
  await runProgram('count', async () => {
    sayLine('begins');
    const progress = startProgress('steps', 2);
    progress.update(2, 'worst group 50.0 %');
    progress.stop();
    console.warn('a %d', 1, { deep: 1 });
    process.emitWarning('old', 'DeprecationWarning');
    await new Promise((done) => setTimeout(done, 20));
    process.stdout.write('result');
    if (process.argv.includes('crash')) await new Promise(() => setTimeout(() => { throw new Error('two\\nlines'); }));
    errorLine('a.yaml: a fault');
    throw new ProgramError('b.yaml: another', 2);
  });`;

/** What a program writes that makes progress, says, warns and fails. */
function run(...args: readonly string[]) {
  const file = join(folder, 'program.mts');
  writeFileSync(file, PROGRAM.replaceAll('#', join(root, 'src')));
  const command = ['--conditions=source', '--import', 'tsx', file, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8' });
  return { status, stdout, lines: stderr.split('\n').slice(0, -1) };
}

describe('a program’s stderr', () => {
  it('json: every line is an event, also warnings of Node and of libraries, and what ends the program', () => {
    const { status, stdout, lines } = run('--progress', 'json');
    expect([status, stdout]).toEqual([2, 'result']);
    const pace = { rate: expect.any(Number) as number, secondsLeft: 0 };
    const work = { label: 'steps', total: 2 };
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { event: 'message', text: 'begins' },
      { event: 'start', ...work, done: 0 },
      { event: 'progress', ...work, done: 2, ...pace, note: 'worst group 50.0 %' },
      { event: 'end', ...work, done: 2, seconds: expect.any(Number) as number, note: 'worst group 50.0 %' },
      { event: 'warning', text: 'a 1 { deep: 1 }' },
      { event: 'warning', text: 'DeprecationWarning: old' },
      { event: 'error', text: 'a.yaml: a fault' },
      { event: 'error', text: 'b.yaml: another', program: 'count', exitCode: 2 },
    ]);
  });

  it('json: an error that nobody caught is one event too', () => {
    const { status, lines } = run('--progress=json', 'crash');
    expect(status).toBe(1);
    expect(JSON.parse(lines.at(-1)!)).toEqual({
      event: 'error',
      text: expect.stringContaining('Error: two\nlines\n') as string,
      program: 'model-patching',
      exitCode: 1,
    });
  });

  it('quiet: nothing but errors, in the form that was asked for', () => {
    expect(run('--quiet')).toEqual({
      status: 2,
      stdout: 'result',
      lines: ['a.yaml: a fault', 'count: b.yaml: another'],
    });
    expect(
      run('--quiet', '--progress', 'json').lines.map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([{ event: 'error' }, { event: 'error', exitCode: 2 }]);
  });

  it('plain: lines as ever', () => {
    const { lines } = run();
    expect(lines.slice(0, 2)).toEqual([
      'begins',
      expect.stringMatching(/^steps: 2\/2, \d+\/s, 0 s left, worst group 50\.0 %$/),
    ]);
    expect(lines.slice(-2)).toEqual(['a.yaml: a fault', 'count: b.yaml: another']);
  });
});

it.each([
  [[], { form: 'auto', quiet: false }],
  [['x', '--progress', 'json', '--quiet'], { form: 'json', quiet: true }],
  [['--progress=bar', '--progress', 'plain'], { form: 'plain', quiet: false }],
  [['--progress'], { form: 'auto', quiet: false }],
  [['--progress', 'loud'], { form: 'auto', quiet: false }],
])('%j asks for %j', (args, use) => {
  expect(askedUse(args)).toEqual(use);
});
