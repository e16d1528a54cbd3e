/** The package as it is published, unpacked elsewhere: its program finds what it needs inside it, wherever it is run. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeSmallMnist } from '../support/small-mnist.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'package-'));
const unpacked = join(scratch, 'package');
// Beside the package, not above it, as with npx.
const working = join(scratch, 'working');
const execute = promisify(execFile);

beforeAll(async () => {
  mkdirSync(working);
  const { stdout } = await execute(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch],
    {
      cwd: root,
      maxBuffer: 2 ** 24,
    },
  );
  const [packed] = JSON.parse(stdout) as readonly { readonly filename: string }[];
  await execute('tar', ['xzf', join(scratch, packed!.filename), '-C', scratch]);
  symlinkSync(join(root, 'node_modules'), join(unpacked, 'node_modules'));
  await writeSmallMnist(join(scratch, 'mnist'));
}, 60_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs the package's program from its sources. */
const program = (...args: readonly string[]) =>
  execute(
    process.execPath,
    [
      '--conditions=source',
      '--import',
      pathToFileURL(join(root, 'node_modules/tsx/dist/loader.mjs')).href,
      join(unpacked, 'src/cli/main.ts'),
      ...args,
    ],
    { cwd: working },
  );

describe('the published package', () => {
  it('holds program and configurations, neither digits nor tests', () => {
    const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as {
      bin: Readonly<Record<string, string>>;
    };
    expect(manifest.bin['model-patching']).toBe('dist/cli/main.js');
    for (const path of [
      'examples/configs/stage-1/celeba/blond.yaml',
      'examples/configs/stage-2/waterbirds/camel.yaml',
      'examples/configs/base/mnist-correlation.yaml',
      'examples/configs/template-stage-2.yaml',
      'docs/guide/programs.md',
      'python/wandb_bridge.py',
    ])
      expect(existsSync(join(unpacked, path)), path).toBe(true);
    for (const path of ['test', 'experiments', 'examples/data'])
      expect(existsSync(join(unpacked, path)), path).toBe(false);
  });

  it('runs a study from another folder', async () => {
    const { stdout } = await program('--help');
    for (const command of [
      'stage1',
      'augment',
      'stage2',
      'evaluate',
      'study',
      'camel',
      'make-sample-data',
      'config',
    ])
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    const settings = [
      'data.sizes={ kind: counts, y0z0: 12, y0z1: 12, y1z0: 12, y1z1: 12 }',
      'data.testImages=5',
      'stage-1.0.gate={ kind: none }',
      'stage-1.0.training={ steps: 1, batchSize: 4 }',
      'stage-1.0.translation={ source: { images: null }, target: { images: null } }',
      'stage-2.training={ steps: 2, batchSize: 8 }',
    ].flatMap((setting) => ['--set', setting]);
    const options = [
      '--preset',
      'smoke',
      '--root',
      `DATA=${scratch}`,
      '--out',
      'digits',
      '--backend',
      'wasm',
    ];
    const ran = await program('camel', ...options, ...settings);
    for (const method of ['erm', 'group-dro', 'camel'])
      expect(ran.stdout).toMatch(new RegExp(`^${method} +1 `, 'm'));
    expect(existsSync(join(working, 'digits/results.json'))).toBe(true);
  }, 120_000);

  it('refuses digits without digits in one line', async () => {
    await expect(program('camel', '--root', 'DATA=nowhere', '--backend', 'wasm')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /\nmodel-patching: .*nowhere\/mnist: expected a folder with train-images-idx3-ubyte.*found no such folder.*\n$/,
      ) as string,
    });
  }, 60_000);

  it('draws sample data, and refuses in one line what it cannot draw', async () => {
    const draw = (...options: readonly string[]) => program('make-sample-data', '--out', 'data', ...options);
    const refused = (message: RegExp) => ({ code: 2, stderr: expect.stringMatching(message) as string });
    const birds = ['--only', 'waterbirds', '--scale', '0.05', '--share'];
    await draw(...birds, '0.02');
    expect(existsSync(join(working, 'data/waterbirds/metadata.csv'))).toBe(true);
    expect(existsSync(join(working, 'data/celeba'))).toBe(false);
    await expect(draw(...birds, '0.03')).rejects.toMatchObject(
      refused(/^model-patching: data\/waterbirds: expected sample data made with the same options.*\n$/),
    );
    await expect(draw('--scale', '2')).rejects.toMatchObject(
      refused(/^model-patching: .* above 0 and at most 1, found '2'.*\n$/),
    );
    await expect(draw(...birds, '101')).rejects.toMatchObject(
      refused(/^model-patching: .* above 0 and at most 100, found '101'.*\n$/),
    );
    await expect(draw('--only', 'fishes')).rejects.toMatchObject(
      refused(/^model-patching: .*Allowed choices are waterbirds, celeba, skin-lesions.*\n$/),
    );
  }, 60_000);
});
