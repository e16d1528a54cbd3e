import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeSmallMnist } from '../support/small-mnist.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'stage-2-program-'));
beforeAll(() => writeSmallMnist(join(scratch, 'mnist')));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end; `onError` sees what it has written to stderr so far. */
function run(program: string, options: readonly string[], onError?: (err: string, kill: () => void) => void) {
  return new Promise<Ended>((resolve) => {
    const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', program, ...options], {
      cwd: root,
      env: { ...process.env, MODEL_PATCHING_BACKEND: 'wasm' },
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (out += data.toString()));
    child.stderr.on('data', (data: Buffer) => {
      err += data.toString();
      onError?.(err, () => child.kill('SIGINT'));
    });
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

const small = [
  '--config=examples/configs/stage-2/mnist-correlation/erm.yaml',
  `--root=DATA=${scratch}`,
  '--set=data.sizes={ kind: counts, y0z0: 40, y0z1: 8, y1z0: 8, y1z1: 40 }',
  '--set=data.testImages=5',
  '--set=network.width=0.1',
  '--set=training.batchSize=8',
  '--set=training.epochBatchSize=24',
];

it('trains, stops at Ctrl-C with exit code 75, goes on to the end, and is evaluated', async () => {
  const out = join(scratch, 'run');
  const options = [...small, '--set=training.epochs=40', `--out=${out}`];
  let killed = false;
  const stopped = await run('src/cli/main.ts', ['stage2', ...options], (err, kill) => {
    if (killed || !err.includes('erm: ')) return;
    killed = true;
    kill();
  });
  expect([stopped.code, stopped.out]).toEqual([75, '']);
  expect(stopped.err.split('\n')[0]).toMatch(/^backend: wasm/);
  expect(stopped.err).toMatch(/model-patching: stopped; run the same command again to go on\n$/);
  const { code, out: table, err } = await run('src/cli/main.ts', ['stage2', ...options]);
  expect(err).toMatch(/erm: goes on from step \d+/);
  expect([code, table.split('\n')[0]]).toEqual([
    0,
    expect.stringMatching(/^method +worst group +average/) as string,
  ]);
  expect(table).toMatch(/^erm .* 80 +\d+$/m);
  const evaluated = await run('src/cli/main.ts', ['evaluate', `--run=${out}`, '--split=test', '--json']);
  expect(evaluated.code).toBe(0);
  const { groups } = JSON.parse(evaluated.out) as { groups: unknown };
  const results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as {
    result: { groups: unknown };
  };
  expect(groups).toEqual(results.result.groups);
});

it.each([
  ['no configuration', [], "required option '--config <file>' not specified; npm run stage2 -- --help"],
  [
    'a mistyped one',
    ['--confg', 'x'],
    "model-patching: unknown option '--confg' (Did you mean --config?); npm run",
  ],
  ['no number', [...small, '--skip-damaged=x'], "argument 'x' is invalid"],
  ['an empty folder name', [...small, '--out='], "argument '' is invalid"],
  ['an unknown setting', [...small, '--set=training.epoch=3'], 'did you mean "epochs"'],
  ['an unknown backend', [...small, '--backend=abacus'], 'expected one of tensorflow-gpu'],
])('%s is one line and exit code 2', async (_, options, message) => {
  const { code, out, err } = await run('src/cli/main.ts', [
    'stage2',
    ...(options.length === 0 ? ['--set=seed=1'] : options),
  ]);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(message);
  expect(
    err
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('backend:')),
  ).toHaveLength(1);
});
