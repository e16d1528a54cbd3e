import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { augmentCommand } from '../../src/node/commands/augment.ts';
import { chainCommand } from '../../src/node/commands/chain.ts';
import { configCommand } from '../../src/node/commands/config.ts';
import { evaluateCommand } from '../../src/node/commands/evaluate.ts';
import { stageOneCommand } from '../../src/node/commands/stage-1.ts';
import { stageTwoCommand } from '../../src/node/commands/stage-2.ts';
import { makeSampleData } from '../../src/node/data/sample-data.ts';
import { chainOverrides, scratchOverrides } from '../../src/node/experiment/chain-overrides.ts';
import { chainReport } from '../../src/node/experiment/chain-report.ts';
import { experimentToRun } from '../../src/node/experiment/run-settings.ts';
import type { MethodResults } from '../../src/node/report/results.ts';
import { useBackend } from '../support/backend.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const guide = readFileSync(join(root, 'docs/programs.md'), 'utf8');
const scratch = mkdtempSync(join(tmpdir(), 'programs-'));
const home = process.cwd();

beforeAll(async () => {
  await useBackend('wasm');
  // The guide's paths are relative to the working folder.
  process.chdir(scratch);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  cpSync(join(root, 'examples/configs'), 'configs', { recursive: true });
  await makeSampleData('experiments/data', { share: 0.1, scale: 0.12 });
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
    // The sample's tenth has too few validation images for a gate.
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

const walkThrough = guide.slice(0, guide.indexOf('## Everything at once'));
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
      augment: /^translations: 32 of train\n\n(\S+\/)?runs\/lesions-stage-1\/translations\/[0-9a-f]{12}\n$/m,
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

const chain = (...args: readonly string[]): Promise<string> =>
  printed(chainCommand({ configs: 'configs', digits: join(root, 'examples/data') }), args);

const REPORT = (accuracies: readonly number[]): MethodResults => ({
  groups: accuracies.map((accuracy, g) => ({
    name: `g${g}`,
    count: 10,
    accuracy,
    interval: null,
    loss: null,
  })),
  worstGroup: { name: 'g0', accuracy: accuracies[0]! },
  average: null,
  groupAverage: 0.5,
  gap: 0,
  steps: 3,
  seconds: 7,
});

describe('npm run chain', () => {
  const options = [
    ...['celeba', '--root', 'DATA=experiments/data', '--out', 'chain', '--backend', 'wasm'],
    ...['--size', '16', '--steps', '2', '--stage1-steps', '2', '--width', '0.02'],
    ...['--set', 'stage-1.generator={ kind: unet, filters: [4, 8] }'],
    ...['--set', 'stage-1.discriminator.filters=[64, 64]', '--set', 'stage-1.training.batchSize=1'],
    ...['--set', 'stage-2.network={ kind: small-cnn, width: 0.1 }', '--set', 'stage-2.training.batchSize=8'],
  ];

  it('runs both stages, three methods and their tests, and for another seed only what is not there', async () => {
    const before = tf.memory().numTensors;
    await chain(...options);
    const log = 'chain/seed-1/celeba-camel/metrics.jsonl';
    const { mtimeMs } = statSync(log);
    const output = await chain(...options, '--seeds', '1,2');
    expect(statSync(log).mtimeMs).toBe(mtimeMs);
    expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
    const { seeds } = JSON.parse(readFileSync('chain/chain.json', 'utf8')) as {
      seeds: {
        stageOne: Record<string, { steps: number }>;
        translations: { count: number };
        methods: Record<string, MethodResults>;
      }[];
    };
    const [first, second] = seeds;
    expect(Object.keys(first!.stageOne)).toEqual(['celeba-stage-1-class-1', 'celeba-stage-1-class-0']);
    expect(first!.translations.count).toBe(2 * (3 + 7 + 7 + 1));
    expect(Object.keys(second!.methods)).toEqual(['erm', 'gdro', 'camel']);
    for (const { steps, groups } of Object.values(second!.methods)) {
      expect(steps).toBe(2);
      expect(groups.map(({ count }) => count)).toEqual([2, 2, 2, 2]);
    }
    const results = JSON.parse(readFileSync('chain/seed-2/celeba-gdro/results.json', 'utf8')) as {
      methods: { gdro: MethodResults };
    };
    expect(second!.methods['gdro']).toMatchObject(results.methods.gdro);
    expect(output).toContain(readFileSync('chain/chain.md', 'utf8'));
    expect(readFileSync('chain/chain.md', 'utf8')).toContain('Mean ± standard deviation, 2 seeds');
    expect(output).toContain('\nY: 0 Not Blond_Hair, 1 Blond_Hair; Z: 0 Not Male, 1 Male.\n');
  }, 120_000);

  it('in the folder of another chain is refused, and a test that is not whole is made again', async () => {
    await expect(chain(...options, '--steps', '3')).rejects.toThrow(
      /chain-settings\.json: expected a run of the same settings, found stage-2\.training\.steps: "2" there, "3" here; /,
    );
    await expect(chain(...options, '--null')).rejects.toThrow('null: false there, true here');
    const path = 'chain/seed-1/celeba-erm/evaluation-test.json';
    const whole = readFileSync(path, 'utf8');
    writeFileSync(path, '{ "report": { "groups": [] } }');
    await chain(...options);
    expect(readFileSync(path, 'utf8')).toBe(whole);
  }, 60_000);

  it('without the link does not take sample data with it', async () => {
    mkdirSync('linked/data/celeba', { recursive: true });
    const made = { sample: 'celeba', variant: 'spurious', seed: 0, share: 1, scale: 1 };
    writeFileSync('linked/data/celeba/sample.json', JSON.stringify(made));
    await expect(chain('celeba', '--null', '--out', 'linked', '--backend', 'wasm')).rejects.toThrow(
      /sample\.json: expected sample data of variant "null", found variant "spurious"; choose another --out/,
    );
    const more = ['--share', '2', '--out', 'linked', '--backend', 'wasm'];
    await expect(chain('celeba', ...more)).rejects.toThrow(
      /sample\.json: expected sample data of share 2, found share 1; choose another --out/,
    );
    expect(existsSync('linked/data/celeba-records')).toBe(false);
  });

  it('that was refused before any of its runs was begun may be mended in the same folder', async () => {
    const wrong = [...options, '--out', 'mended', '--root', 'DATA=nowhere'];
    await expect(chain(...wrong, '--width', '0.5')).rejects.toThrow('nowhere/celeba');
    await expect(chain(...wrong, '--width', '0.25')).rejects.toThrow('nowhere/celeba');
    expect(existsSync('mended'), 'nothing is left behind').toBe(false);
  });

  it.each([
    [['birds'], 'Allowed choices are waterbirds, celeba, mnist-correlation'],
    [['celeba', '--seeds', 'one'], "expected whole numbers such as 1,2,3, found 'one'"],
    [['celeba', '--steps', '0'], "expected a whole number above 0, found '0'"],
    [['celeba', '--width', '-1'], "expected a number above 0, found '-1'"],
    [['mnist-correlation', '--size', '32'], '--size: expected none for mnist-correlation'],
    [['celeba', '--set', 'training.batchSize=4'], 'expected stage-1.setting=value or stage-2.setting=value'],
    [['mnist-correlation', '--share', '2'], '--share: expected none without sample data, found 2'],
    [['celeba', '--root', 'DATA=nowhere', '--out', 'nothing', '--backend', 'wasm'], 'nowhere/celeba'],
  ])('refuses %j in one line', async (args, message) => {
    await expect(chain(...args)).rejects.toThrow(message);
    expect(existsSync('nothing/chain.json')).toBe(false);
  });

  it('begins with random weights, by one optimizer, where there are no others', async () => {
    const budget = { sample: true, null: false, share: 2, weights: false, set: [] };
    const { 'stage-2': scratchSettings } = chainOverrides('celeba', budget);
    expect(scratchSettings).toEqual(['data.limits={"y0z0":16}', 'network.weights={ kind: random }']);
    const { experiment } = await experimentToRun('stage-2/waterbirds/camel.yaml', 'stage-2', {
      folder: join(root, 'examples/configs'),
      roots: { DATA: '.', RUNS: '.', WEIGHTS: '.' },
    });
    expect(scratchOverrides(experiment)).toEqual([
      'optimizer={ kind: adam, learningRate: 0.001 }',
      'training.weightDecay=0.00001',
      'network.batchNormalizationMomentum=0.9',
      'method.consistency.weight=1',
    ]);
    expect(chainOverrides('celeba', { ...budget, sample: false, weights: true })['stage-2']).toEqual([]);
    expect(chainOverrides('waterbirds', { ...budget, steps: 10 })['stage-2']).toContain(
      'evaluation.every={ steps: 3 }',
    );
  });

  it('means and standard deviations', () => {
    const of = (seed: number, accuracies: readonly number[]) => ({
      seed,
      stageOne: {},
      translations: { count: 4, seconds: 1 },
      methods: { gdro: REPORT(accuracies) },
    });
    // 10, 20, 60 %: mean 30, variance (400 + 100 + 900) / 2 = 700.
    const report = chainReport(
      'Title',
      [of(1, [0.1, 1]), of(2, [0.2, 1]), of(3, [0.6, 1])],
      'Y: 0 cat, 1 dog',
    );
    expect(report.endsWith('|\n\nY: 0 cat, 1 dog.\n'), 'the legend follows the last table').toBe(true);
    const last = report
      .trim()
      .split('\n')
      .at(-3)!
      .split('|')
      .map((cell) => cell.trim());
    expect(last.slice(1, -1)).toEqual([
      ...['Group DRO', '30.0 ± 26.5', '–', '50.0 ± 0.0', '0.0 ± 0.0'],
      ...['30.0 ± 26.5', '100.0 ± 0.0'],
    ]);
  });
});
