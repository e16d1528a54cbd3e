/** Every program that trains gives the signals back to Node however it ends. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { augmentCommand } from '../../src/cli/augment.ts';
import { camelCommand } from '../../src/cli/camel.ts';
import { evaluateCommand } from '../../src/cli/evaluate.ts';
import { stageOneCommand } from '../../src/cli/stage-1.ts';
import { studyCommand } from '../../src/cli/study.ts';
import { stageTwoCommand } from '../../src/cli/stage-2.ts';
import { useBackend } from '../support/backend.ts';
import { writeSmallMnist } from '../support/small-mnist.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const configs = join(root, 'examples/configs');
const scratch = mkdtempSync(join(tmpdir(), 'signals-'));
const data = join(scratch, 'data');
const made = join(scratch, 'made');

const SIZES = ['data.sizes={ kind: counts, y0z0: 16, y0z1: 8, y1z0: 8, y1z1: 16 }', 'data.testImages=3'];
const STAGE1 = [
  ...SIZES,
  'generator={ kind: unet, filters: [4, 8] }',
  ...['discriminator.filters=[4, 8]', 'pool.capacity=8', 'gate={ kind: none }'],
  ...['training.batchSize=4', 'training.steps=2'],
];
const STAGE2 = [
  ...SIZES,
  ...['network.width=0.1', 'training.batchSize=8', 'training.epochBatchSize=8', 'training.steps=2'],
];
const set = (settings: readonly string[]): string[] => settings.flatMap((setting) => ['--set', setting]);
const configured = (file: string, from: string, settings: readonly string[]): string[] => [
  ...['--config', join(configs, file), '--backend', 'wasm', '--root', `DATA=${from}`, ...set(settings)],
];

const run = async (command: Command, args: readonly string[]): Promise<void> =>
  void (await command.exitOverride().parseAsync(args, { from: 'user' }));

const STUDY = [
  ...SIZES,
  ...STAGE1.slice(SIZES.length).map((setting) => `stage-1.0.${setting}`),
  'stage-1.0.translation={ source: { images: null }, target: { images: null } }',
  ...STAGE2.slice(SIZES.length).map((setting) => `stage-2.${setting}`),
];
const study = (from: string, out: string): string[] => [
  ...['--root', `DATA=${from}`, '--backend', 'wasm', '--out', out, ...set(STUDY)],
];

interface Program {
  /** In a folder that holds a run of stage 1 and one of stage 2, on the data of another one. */
  readonly run: (folder: string, from: string) => Promise<void>;
  /** A file that it reads or writes in that folder. */
  readonly file: string;
}

const RUN = 'mnist-correlation-stage-1';
const PROGRAMS: Readonly<Record<string, Program>> = {
  stage1: {
    run: (folder, from) =>
      run(stageOneCommand(), [
        ...configured('stage-1/mnist-correlation/all-classes.yaml', from, STAGE1),
        ...['--out', join(folder, 'new')],
      ]),
    file: 'new/run.json',
  },
  augment: {
    run: (folder, from) =>
      run(augmentCommand(), [
        ...configured('stage-2/mnist-correlation/camel.yaml', from, SIZES),
        ...['--root', `RUNS=${folder}`],
      ]),
    file: `${RUN}/checkpoints/step-000000002.safetensors`,
  },
  stage2: {
    run: (folder, from) =>
      run(stageTwoCommand(), [
        ...configured('stage-2/mnist-correlation/erm.yaml', from, STAGE2),
        ...['--out', join(folder, 'new')],
      ]),
    file: 'new/run.json',
  },
  evaluate: {
    run: (folder, from) =>
      run(evaluateCommand(), [
        ...['--run', join(folder, 'erm'), '--root', `DATA=${from}`, '--backend', 'wasm'],
      ]),
    file: 'erm/run.json',
  },
  study: {
    run: (folder, from) =>
      run(studyCommand(), [
        ...['run', 'examples/studies/mnist-correlation/smoke.yaml', ...study(from, join(folder, 'study'))],
      ]),
    file: 'study/study.json',
  },
  camel: {
    run: (folder, from) =>
      run(camelCommand(), [
        ...['--preset', 'smoke', '--methods', 'erm', ...study(from, join(folder, 'camel'))],
      ]),
    file: 'camel/study.json',
  },
};

beforeAll(async () => {
  await useBackend('wasm');
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  mkdirSync(data);
  await writeSmallMnist(join(data, 'mnist'));
  for (const [name, folder] of [
    ['stage1', RUN],
    ['stage2', 'erm'],
  ] as const) {
    await PROGRAMS[name]!.run(join(scratch, name), data);
    cpSync(join(scratch, name, 'new'), join(made, folder), { recursive: true });
  }
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(scratch, { recursive: true, force: true });
});

/** Signals that are asked for while work is done. */
async function listening(work: () => Promise<void>): Promise<{ during: boolean; error: unknown }> {
  const counts = (): readonly number[] =>
    ['SIGINT', 'SIGTERM', 'SIGUSR2'].map((signal) => process.listenerCount(signal));
  const before = counts();
  const on = vi.spyOn(process, 'on');
  const error = await work().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  const signals = on.mock.calls.map(([event]) => String(event)).filter((event) => event.startsWith('SIG'));
  on.mockRestore();
  expect(counts(), 'listeners left behind').toEqual(before);
  return { during: signals.join() === 'SIGINT,SIGTERM,SIGUSR2', error };
}

describe.each(Object.entries(PROGRAMS))(
  '%s listens to signals while it works, and no longer',
  (_, program) => {
    const fresh = (): string => {
      const folder = mkdtempSync(join(scratch, 'case-'));
      cpSync(made, folder, { recursive: true });
      return folder;
    };

    it('when it comes to its end', async () => {
      expect(await listening(() => program.run(fresh(), data))).toEqual({ during: true, error: null });
    });
    it('when it refuses its input', async () => {
      const { error } = await listening(() => program.run(fresh(), join(scratch, 'nowhere')));
      expect(error).toMatchObject({ exitCode: 2 });
    });
    it('when it is stopped', async () => {
      const { on } = process;
      const { error } = await listening(() => {
        // The signal comes as soon as somebody listens.
        vi.mocked(process.on).mockImplementation(((event: string, listener: (signal: string) => void) => {
          on.call(process, event, listener);
          if (event === 'SIGTERM') listener(event);
          return process;
        }) as typeof process.on);
        return program.run(fresh(), data);
      });
      expect(error).toMatchObject({ exitCode: 75 });
    });
    it('when a file cannot be read', async () => {
      const folder = fresh();
      rmSync(join(folder, program.file), { force: true });
      mkdirSync(join(folder, program.file), { recursive: true });
      const { during, error } = await listening(() => program.run(folder, data));
      expect([during, error === null]).toEqual([true, false]);
    });
  },
);
