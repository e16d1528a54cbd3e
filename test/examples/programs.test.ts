import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { augmentCommand } from '../../src/cli/augment.ts';
import { configCommand } from '../../src/cli/config.ts';
import { evaluateCommand } from '../../src/cli/evaluate.ts';
import { stageOneCommand } from '../../src/cli/stage-1.ts';
import { stageTwoCommand } from '../../src/cli/stage-2.ts';
import { makeSampleData } from '../../src/cli/sample-data/sample-data.ts';
import { useBackend } from '../support/backend.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const guide = readFileSync(join(root, 'docs/guide/programs.md'), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'programs-'));
const home = process.cwd();

beforeAll(async () => {
  await useBackend('wasm');
  // The guide's paths are relative to the working folder.
  process.chdir(scratch);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  cpSync(join(root, 'examples/configs'), 'configs', { recursive: true });
  await makeSampleData('experiments/data', { share: 0.4, scale: 0.12, only: ['skin-lesions', 'waterbirds'] });
});
afterAll(() => {
  vi.restoreAllMocks();
  process.chdir(home);
  rmSync(scratch, { recursive: true, force: true });
});

/** What a command prints. */
async function printed(command: Command, args: readonly string[]): Promise<string> {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await command.exitOverride().parseAsync(args, { from: 'user' });
    return written.mock.calls.map(([text]) => String(text)).join('');
  } finally {
    written.mockRestore();
  }
}

const IMAGE = 'data.image={ height: 16, width: 16 }';
const SMALL = {
  stage1: [
    IMAGE,
    'generator={ kind: unet, filters: [4, 8] }',
    'discriminator.filters=[4, 8]',
    'pool.capacity=8',
    'training.batchSize=2',
    'training.steps=2',
    // A gate would take longer than all the rest.
    'gate={ kind: none }',
  ],
  stage2: [IMAGE, 'network.width=0.1', 'training.batchSize=6', 'training.steps=2'],
} as const;
const small = (settings: readonly string[]): readonly string[] => [
  ...settings.flatMap((setting) => ['--set', setting]),
  '--backend',
  'wasm',
];

/** How each program of the guide is run here. */
const PROGRAMS: Readonly<Record<string, (args: readonly string[]) => Promise<string>>> = {
  'make-sample-data': async ([, folder]) => {
    expect(existsSync(join(folder!, 'skin-lesions/metadata.csv'))).toBe(true);
    return Promise.resolve('');
  },
  config: (args) => printed(configCommand(), args),
  stage1: (args) => printed(stageOneCommand(), [...args, ...small(SMALL.stage1)]),
  augment: (args) => printed(augmentCommand(), [...args, ...small(SMALL.stage2)]),
  stage2: (args) => printed(stageTwoCommand(), [...args, ...small(SMALL.stage2)]),
  evaluate: (args) => printed(evaluateCommand(), [...args, '--backend', 'wasm']),
};

const walkThrough = guide.slice(0, guide.indexOf('## Small, to see it run'));
const files = [...walkThrough.matchAll(/```yaml\n# (\S+)\n([^]*?)```/g)];
const commands = [...walkThrough.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, lines]) =>
  lines!.trim().split('\n'),
);

describe('the guide to the programs', () => {
  beforeAll(() => {
    for (const [, file, text] of files) {
      mkdirSync(dirname(file!), { recursive: true });
      writeFileSync(file!, text!);
    }
  });

  it('shows its five files and ten commands', () => {
    expect([files.length, commands.length]).toEqual([5, 10]);
    const [header] = readFileSync('experiments/data/skin-lesions/metadata.csv', 'utf8').split('\n');
    expect(guide).toContain(`\`\`\`csv\n${header}\n`);
  });

  it.each(commands)('%s', async (line) => {
    const before = tf.memory().numTensors;
    const [program, args] = /^npm run (\S+) -- (.+)$/.exec(line)!.slice(1) as [string, string];
    const output = await PROGRAMS[program]!(args.split(' '));
    expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
    const expected: Readonly<Record<string, RegExp>> = {
      config: /lesions\/camel\.yaml: right: stage-2, camel|consistency:/,
      stage1: /^stage 1: 2 steps in/,
      augment: /^translations: 128 of train\n\n(\S+\/)?runs\/lesions-stage-1\/translations\/[0-9a-f]{12}\n$/m,
      stage2:
        /\(Y=0\)\(Z=0\).*\(Y=0\)\(Z=1\).*\(Y=1\)\(Z=0\)[^]*\n\nY: 0 benign, 1 malignant; Z: 0 without, 1 with\n/,
      evaluate:
        /(lesions-camel, validation images[^]*\nY: 0 benign, 1 malignant; Z: 0 without, 1 with\n$|"name": "lesions-erm",\n {2}"split": "test")/,
    };
    if (program in expected) expect(output).toMatch(expected[program]!);
  });
});

it('augment does not ask for the weights of a classifier, which it has no use for', async () => {
  const roots = ['--root', 'DATA=experiments/data', '--root', 'RUNS=nowhere'];
  vi.stubEnv('WEIGHTS', '');
  const config = ['--config', 'configs/stage-2/waterbirds/camel.yaml', '--backend', 'wasm'];
  await expect(printed(augmentCommand(), [...config, ...roots])).rejects.toThrow(
    /^nowhere\/waterbirds-stage-1/,
  );
  await expect(printed(stageTwoCommand(), [...config, ...roots])).rejects.toThrow(/the root WEIGHTS/);
  vi.unstubAllEnvs();
});
