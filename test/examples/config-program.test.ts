import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { formatDataError } from '../../src/data/data-error.ts';
import { configCommand } from '../../src/cli/config.ts';
import { readExperiment, stageOneResults } from '../../src/experiment/experiment-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
const config = (...args: string[]): Promise<Outcome> =>
  new Promise((done) => {
    const command = ['--conditions=source', '--import', 'tsx', 'src/cli/main.ts', 'config', ...args];
    const env = { ...process.env, DATA: '', RUNS: '', WEIGHTS: '' };
    execFile(process.execPath, command, { cwd: root, env }, (error, out, err) =>
      done({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

let folder: string;
const at = (name: string): string => join(folder, name);
const ERM =
  'version: 1\nkind: stage-2\ndata: { kind: waterbirds }\nnetwork: { kind: resnet50 }\nmethod: { kind: erm }\n';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'configs-'));
  await writeFile(at('erm.yaml'), ERM);
  await writeFile(at('wrong.yaml'), `${ERM}sede: 1\ntraining: { epochs: 0 }\n`);
  await writeFile(at('huge.yaml'), `${ERM}#${'x'.repeat(3_000_000)}`);
  await writeFile(at('latin.yaml'), Buffer.from([0x61, 0x3a, 0xe9, 0x0a]));
  await mkdir(at('inside'));
  await symlink(at('erm.yaml'), at('inside/link.yaml'));
  await writeFile(at('inside/linked.yaml'), 'extends: link.yaml\nseed: 1\n');
  await mkdir(at('run'));
  await writeFile(at('run/run.json'), '{}');
  await mkdir(at('records'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('npm run config', () => {
  it('check says what is right, and every fault of every file in a line, exit code 2', async () => {
    const { code, out, err } = await config('check', at('erm.yaml'), at('wrong.yaml'), at('none.yaml'));
    expect(code).toBe(2);
    expect(out).toBe(
      `${at('erm.yaml')}: right: stage-2, erm with resnet50 on waterbirds, 100 epochs, batch 16, seed 0\n  roots: \${DATA} (not set)\n`,
    );
    expect(err.split('\n')).toEqual([
      `${at('wrong.yaml')}:6:1: sede: expected no such key, found unknown key "sede", did you mean "seed"?; remove or rename it`,
      `${at('wrong.yaml')}:7:21: training.epochs: expected an integer above 0, found 0; correct it`,
      `${at('none.yaml')}: expected a configuration file, found none; name a file that there is`,
      'model-patching: 3 faults in 2 of 3 files',
      '',
    ]);
  });

  it('check says of a file without what every experiment has that others may extend it', async () => {
    const base = 'examples/configs/base/waterbirds.yaml';
    const { code, err } = await config('check', base, at('wrong.yaml'));
    expect(code).toBe(2);
    expect(err.split('\n').slice(-3)).toEqual([
      `hint: ${base}: perhaps no experiment but what others extend; if so, check those that extend it`,
      'model-patching: 3 faults in 2 of 2 files',
      '',
    ]);
  });

  it('refuses a mistyped command in a line', async () => {
    const { code, out, err } = await config('chekc', 'x');
    expect([code, out]).toEqual([2, '']);
    expect(err).toBe(
      "model-patching: unknown command 'chekc' (Did you mean check?); npm run config -- --help lists the options\n",
    );
  });
});

describe('the command in this process', () => {
  const outcome = async (...args: string[]): Promise<string> => {
    const written: string[] = [];
    const spy = vi
      .spyOn(process.stdout, 'write')
      .mockImplementation((text) => written.push(String(text)) > 0);
    try {
      await configCommand().parseAsync(args, { from: 'user' });
      return written.join('');
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      spy.mockRestore();
    }
  };

  it.each([
    [['show'], "error: missing required argument 'file'"],
    [['check', 'x', '--sett', 'a=1'], "error: unknown option '--sett'\n(Did you mean --set?)"],
    [['check', 'x', '--root', 'data=/x'], '--root data=/x: expected NAME=folder, the name in capitals'],
    [['check', 'x', '--stage1', 'nothing'], '--stage1 nothing: expected id=path of a run or folder'],
    [['template', 'stage-3'], "error: command-argument value 'stage-3' is invalid"],
  ])('refuses %j', async (args, expected) => {
    expect(await outcome(...args)).toContain(expected);
  });

  it('template prints a configuration that is right', async () => {
    expect((await outcome('template', 'stage-1')).length).toBeGreaterThan(10_000);
    await writeFile(at('study.yaml'), await outcome('template', 'study'));
    expect(await outcome('check', at('study.yaml'))).toContain(
      'study.yaml: right: study of erm, group-dro, camel on mnist-correlation, seeds 0\n',
    );
  });

  it('show prints what show prints of it', async () => {
    const shown = await outcome(
      'show',
      'examples/configs/stage-2/celeba/camel.yaml',
      '--set',
      'training.epochs=5',
    );
    expect(shown).toMatch(/^version: 1\nkind: stage-2\nname: celeba-camel\nseed: 1\n/);
    expect(shown).toContain('  epochs: 5\n');
    await writeFile(at('again.yaml'), shown);
    expect(await outcome('show', at('again.yaml'))).toBe(shown);
  });
});

describe('readExperiment', () => {
  it('puts in roots, from options before the environment', async () => {
    process.env['MODEL_PATCHING_TEST_ROOT'] = '/environment';
    await writeFile(
      at('rooted.yaml'),
      ERM.replace('waterbirds', "waterbirds, root: '${MODEL_PATCHING_TEST_ROOT}/w'"),
    );
    const rootOf = async (options = {}): Promise<string> => {
      const read = await readExperiment(at('rooted.yaml'), options);
      if (E.isLeft(read)) throw new Error(formatDataError(read.left));
      return read.right.data.root;
    };
    expect(await rootOf()).toBe('/environment/w');
    expect(await rootOf({ roots: { MODEL_PATCHING_TEST_ROOT: '/option' } })).toBe('/option/w');
    delete process.env['MODEL_PATCHING_TEST_ROOT'];
    await expect(rootOf()).rejects.toThrow('set the environment variable MODEL_PATCHING_TEST_ROOT');
  });

  it.each([
    ['wrong.yaml', /sede: .*; remove or rename it \(and 1 more: npm run config -- check .*wrong\.yaml\)$/],
    [
      'huge.yaml',
      /expected a configuration of at most 64000 bytes, found 30\d+; point at a configuration file/,
    ],
    ['latin.yaml', /expected text in UTF-8, found other bytes/],
    ['inside', /expected a configuration file, found a folder or device/],
    ['none/x.yaml', /expected a configuration file, found none/],
    ['inside/linked.yaml', /link\.yaml: expected a file below .*inside, found a link out of it/],
  ])('%s is one line', async (file, expected) => {
    const read = await readExperiment(at(file));
    if (E.isRight(read)) throw new Error('expected a fault');
    expect(formatDataError(read.left)).toMatch(expected);
    expect(formatDataError(read.left)).not.toContain('\n');
  });

  it('tells a run from a folder of translated images', async () => {
    const results = await stageOneResults([
      `a=${at('run')}`,
      `b=${at('records')}`,
      'c=runs/none',
      'd=${RUNS}/d',
    ]);
    if (E.isLeft(results)) throw new Error(formatDataError(results.left));
    expect(results.right).toMatchObject({
      a: { kind: 'run' },
      b: { kind: 'folder' },
      c: { kind: 'run', path: 'runs/none' },
      d: { kind: 'run', path: '${RUNS}/d' },
    });
    // Settings hold no absolute path.
    expect(results.right['a']!.path.startsWith('/')).toBe(false);
  });
});
