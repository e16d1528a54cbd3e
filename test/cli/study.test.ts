/** The commands that know studies, as programs: their exit codes and lines. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { studyCommand } from '../../src/cli/study.ts';
import { writeSmallMnist } from '../support/small-mnist.ts';
import { STUDY, TINY } from '../support/tiny-study.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'study-command-'));
const out = join(scratch, 'out');
const command = (args: readonly string[]) =>
  ['--conditions=source', '--import', 'tsx', 'src/cli/main.ts', ...args] as const;
const env = { ...process.env, DATA: '', RUNS: '' };

const program = (...args: readonly string[]): Promise<{ code: number; out: string; err: string }> =>
  new Promise((done) => {
    execFile(process.execPath, command(args), { cwd: root, env }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), out: stdout, err: stderr }),
    );
  });

const asked = [
  ...['--root', `DATA=${scratch}`, '--out', out, '--seeds', '1', '--methods', 'erm,group-dro'],
  ...[...TINY, 'methods.erm.optimizer.learningRate=1e30'].flatMap((each) => ['--set', each]),
];
const study = (name: string, ...args: readonly string[]) => program('study', name, STUDY, ...asked, ...args);
const lastLine = (text: string): string => text.trim().split('\n').at(-1)!;

beforeAll(async () => {
  await writeSmallMnist(join(scratch, 'mnist'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('npm run study', () => {
  it('plan lists the runs and makes nothing', async () => {
    const { code, out: text } = await study('plan');
    expect([code, text.split('\n')]).toEqual([
      0,
      [
        `mnist-correlation-smoke in ${out}`,
        'seed 1  erm        4 steps  not begun',
        'seed 1  group-dro  4 steps  not begun',
        '0 of 2 runs done, 8 steps left',
        '',
      ],
    ]);
    expect(readdirSync(scratch)).toEqual(['mnist']);
  });

  it('plan and status say what run would refuse of the data, and list the runs all the same', async () => {
    const epochs = ['--set', 'stage-2.training.epochs=2', '--root', `DATA=${scratch}/nowhere`];
    for (const name of ['plan', 'status']) {
      const { code, out: text, err } = await study(name, ...epochs);
      expect([code, err]).toEqual([0, '']);
      const lines = text.trim().split('\n');
      expect(lines.slice(1, 4)).toEqual([
        'seed 1  erm        ? steps  not begun',
        'seed 1  group-dro  ? steps  not begun',
        '0 of 2 runs done, 0 steps left, and those of the epochs, which the data tell',
      ]);
      expect(lines.slice(4)).toEqual([
        expect.stringMatching(/^run would refuse this: [^\n]*nowhere\/mnist[^\n]*: expected [^\n]*$/),
      ]);
    }
  });

  it('run ends with 1 when a run has failed, with a table of the others', async () => {
    const { code, out: table, err } = await study('run', '--backend', 'wasm', '--on-nan', 'rollback');
    expect(code).toBe(1);
    // Half of a rate without measure is one too: it goes back as often as it may, and says each time why.
    expect(
      err.match(/^erm: .* is not finite .*; back to step 0, .* \(rollback [123] of at most 3\)$/gm),
    ).toHaveLength(3);
    expect(err).toMatch(/^seed-1\/erm: .* after 3 rollbacks; the last good checkpoint is /m);
    expect(lastLine(err)).toBe(
      'model-patching: 1 of the runs failed: seed-1/erm; the same command tries only these again',
    );
    expect(table).toMatch(/^method +seeds +worst group +average +group average +gap\ngroup-dro +1 /);
  });

  it('status says which, with exit code 0, and of a folder that is none too', async () => {
    const { code, out: text } = await study('status');
    expect(code).toBe(0);
    expect(text).toMatch(/\nseed 1 {2}erm +4 steps {2}failed: erm: loss is not finite at step \d+: /);
    expect(text).toMatch(
      /\nseed 1 {2}group-dro +4 steps {2}done in \d+ s\n1 of 2 runs done, 4 steps left\n$/,
    );
    writeFileSync(join(scratch, 'file'), '');
    const none = await study('status', '--out', join(scratch, 'file'));
    expect([none.code, none.err]).toEqual([0, '']);
    expect(none.out).toMatch(/^[^\n]*: expected a file or folder that can be used, found [^\n]*\n$/);
  });

  it('run refuses options in a line', async () => {
    const { code, err, out: text } = await study('run', '--seeds', '1,x');
    expect([code, text, err]).toEqual([
      2,
      '',
      "model-patching: option '--seeds <list>' argument '1,x' is invalid. expected an integer, found 'x'; npm run study -- --help lists the options\n",
    ]);
  });

  it.each([
    [['--seed', '1'], '--seed and --seeds: expected one of them, found both; leave one out'],
    [['--seeds', '1,1'], "expected each once, found '1' twice"],
    [['--seeds', '1,0.5'], "expected an integer, found '0.5'"],
    [['--methods', 'erm,'], "expected names with commas between, found 'erm,'"],
    [
      ['--methods', 'emr'],
      `--methods emr: expected methods of ${STUDY}: erm, group-dro, camel, found none of this name; correct it`,
    ],
    [['--root', 'data=/x'], '--root data=/x: expected NAME=folder, the name in capitals'],
  ])('run %j is bad input', async (args, message) => {
    const parsed = studyCommand().parseAsync(['run', STUDY, ...asked, ...args], { from: 'user' });
    await expect(parsed).rejects.toThrow(message);
  });

  it('run says what has changed since it was begun, plan says the same, and the folder stays as it is', async () => {
    const before = readFileSync(join(out, 'study.json'), 'utf8');
    const changed = ['--set', 'stage-2.training.steps=5'];
    const { code, err } = await study('run', '--backend', 'wasm', ...changed);
    expect(code).toBe(2);
    expect(lastLine(err)).toContain('methods.group-dro.training.steps: 4 there, 5 here');
    const planned = await study('plan', ...changed);
    expect([planned.code, lastLine(planned.out)]).toEqual([
      0,
      lastLine(err).replace('model-patching: ', 'run would refuse this: '),
    ]);
    expect(readFileSync(join(out, 'study.json'), 'utf8')).toBe(before);
  });

  it('run ends with 75 when it is stopped, and goes on when it is called again', async () => {
    const long = ['--out', join(scratch, 'stopped'), '--methods', 'group-dro'];
    const steps = ['--set', 'stage-2.training.steps=3000', '--set', 'stage-2.evaluation.every.steps=3000'];
    const args = ['study', 'run', STUDY, ...asked, ...long, ...steps, '--backend', 'wasm'];
    const child = spawn(process.execPath, command(args), { cwd: root, env });
    let err = '';
    const ended = new Promise<number | null>((done) => child.on('close', done));
    child.stderr.on('data', (text: Buffer) => {
      const begun = (said: string): boolean => said.includes('group-dro: 1/');
      if (!begun(err) && begun(`${err}${text.toString()}`)) child.kill('SIGTERM');
      err += text.toString();
    });
    expect(await ended, err).toBe(75);
    const { out: text } = await program('study', 'status', STUDY, ...asked, ...long, ...steps);
    expect(text).toMatch(/\nseed 1 {2}group-dro {2}3000 steps {2}step \d+ of 3000\n/);
    expect(readdirSync(join(scratch, 'stopped')).sort()).toEqual([
      'report.html',
      'results.json',
      'seed-1',
      'study.json',
    ]);
  });
});

describe('the other commands', () => {
  it('config check says what a study is, or every fault, and config show prints it', async () => {
    const right = await program('config', 'check', STUDY, '--root', `DATA=${scratch}/none`);
    expect([right.code, right.out.split('\n').slice(0, 3)]).toEqual([
      0,
      [
        `${STUDY}: right: study of erm, group-dro, camel on mnist-correlation, seeds 0`,
        '  stage-1: stage-1, CycleGAN for all classes on mnist-correlation, 12 steps, batch 8',
        '  erm: stage-2, erm with small-cnn on mnist-correlation, 20 steps, batch 40',
      ],
    ]);
    const wrong = await program('config', 'check', STUDY, '--set', 'sede=1', '--set', 'stage-2.seeed=1');
    expect([wrong.code, lastLine(wrong.err)]).toEqual([2, 'model-patching: 1 fault in 1 of 1 files']);
    const shown = await program('config', 'show', STUDY);
    writeFileSync(join(scratch, 'shown.yaml'), shown.out);
    expect((await program('config', 'show', join(scratch, 'shown.yaml'))).out).toBe(shown.out);
  });

  it('stage2 of a study says which command runs it', async () => {
    const { code, err } = await program('stage2', '--config', STUDY, '--out', join(scratch, 'none'));
    expect([code, err]).toEqual([
      2,
      `model-patching: ${STUDY}:3:7: kind: expected an experiment of one stage, found "study"; run it with study run, or check it with config check\n`,
    ]);
  });
});
