import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'camel-program-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function camel(...options: string[]): { code: number | null; out: string; err: string } {
  const env = { ...process.env, MODEL_PATCHING_BACKEND: 'wasm' };
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', 'examples/camel.ts', ...options],
    { cwd: root, env, encoding: 'utf8' },
  );
  return { code: status, out: stdout, err: stderr };
}

it('--help explains every option', () => {
  const { code, out } = camel('--help');
  expect(code).toBe(0);
  for (const option of [
    'preset',
    'methods',
    'seed',
    'out',
    'backend',
    'data',
    'steps',
    'stage1-steps',
    'width',
    'translations',
    'splits',
    'rate-factor',
    'learning-rate',
    'weight-decay',
    'consistency-weight',
  ])
    expect(out).toContain(`--${option}`);
});

const file = join(scratch, 'a-file');
writeFileSync(file, '');
const shortMnist = mkdtempSync(join(scratch, 'mnist-'));
for (const name of [
  'train-images-idx3-ubyte.gz',
  'train-labels-idx1-ubyte.gz',
  't10k-images-idx3-ubyte.gz',
  't10k-labels-idx1-ubyte.gz',
]) {
  const bytes = readFileSync(join(root, 'examples/data/mnist', name));
  writeFileSync(join(shortMnist, name), name.startsWith('t10k-images') ? bytes.subarray(0, 1000) : bytes);
}

it.each([
  ['an unknown option', ['--widht', '1'], "unknown option '--widht' (Did you mean --width?)"],
  ['an argument', ['quick'], "expected options only, found 'quick'"],
  ['a width of 0', ['--width', '0'], '--width: expected a factor above 0'],
  ['a seed that is no integer', ['--seed', 'one'], '--seed: expected a whole number'],
  ['an unknown method', ['--methods', 'erm,mixup'], '--methods: expected some of erm, gdro, camel'],
  [
    'an unknown backend',
    ['--backend', 'cuda'],
    "backend: expected one of tensorflow-gpu, webgpu, tensorflow, wasm, cpu, found 'cuda'",
  ],
  ['a missing data folder', ['--data', join(scratch, 'nowhere')], 'no such folder'],
  ['a truncated data file', ['--data', shortMnist], 't10k-images-idx3-ubyte.gz'],
  ['a file in place of the folder', ['--out', file], file],
  ['no name of a folder', ['--out='], "--out: expected a folder, found ''"],
  ['a folder below a file', ['--out', join(file, 'x')], file],
] as const)('%s: one clear line, exit code 2, nothing written', (_, options, line) => {
  const out = join(scratch, 'out');
  const { code, err } = camel(
    '--preset',
    'smoke',
    ...(options[0].startsWith('--out') ? [] : ['--out', out]),
    ...options,
  );
  expect(err).toContain(line);
  expect(err.split('\n').filter((text) => text.startsWith('camel: '))).toHaveLength(1);
  expect(err, 'the plan comes after what may be wrong').not.toContain('preset smoke:');
  expect(err).not.toMatch(/^\s+at /m);
  expect(code).toBe(2);
  expect(existsSync(out)).toBe(false);
});
