/** The command `wandb` against a double of the package, which writes down what it is told. */
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { wandbCommand } from '../../../src/cli/wandb/wandb.ts';
import { ProgramError } from '../../../src/system/program.ts';
import {
  classifierRecords,
  linesOfRecords,
  reportOf,
  writeClassifierRun,
  writeGallery,
  writeTranslationRun,
} from '../../support/run-folders.ts';
import { killTree } from '../../support/process-tree.ts';

const MAIN = [
  '--conditions=source',
  '--import',
  'tsx',
  fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url)),
];
const DOUBLE = fileURLToPath(new URL('../../fixtures/wandb/fake', import.meta.url));
const there = spawnSync('python3', ['--version']).status === 0;
if (!there) console.log('npm run wandb is not tested: no python3 is on the path.');

let scratch = '';
let run = '';
let told = '';
let said = '';
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'wandb-command-'));
  run = join(scratch, 'run');
  [told, said] = ['', ''];
  vi.stubEnv('PYTHONPATH', DOUBLE);
  vi.stubEnv('FAKE_WANDB', join(scratch, 'calls'));
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((told += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((said += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(scratch, { recursive: true, force: true });
});

type Call = Readonly<Record<string, unknown>> & { readonly call: string };

/** What the double has been told. */
function callsSoFar(): readonly Call[] {
  const file = join(scratch, 'calls');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Call);
}

/** What it has been told since the last time. */
function calls(): readonly Call[] {
  const all = callsSoFar();
  rmSync(join(scratch, 'calls'), { force: true });
  return all;
}
const logged = (all: readonly Call[]) => all.filter(({ call }) => call === 'log');
const stepsIn = (all: readonly Call[]) => logged(all).map(({ step }) => step);

/** One call of the program. */
const wandb = (...args: readonly string[]) =>
  wandbCommand()
    .exitOverride()
    .parseAsync([run, ...args], { from: 'user' });

/** Its refusal. */
const refusal = async (...args: readonly string[]): Promise<readonly [number, string]> => {
  const error = await wandb(...args).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProgramError)) throw error ?? new Error('a refusal expected');
  return [error.exitCode, error.message];
};

const settingsOf = (folder: string): Readonly<Record<string, unknown>> =>
  (JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { settings: Record<string, unknown> })
    .settings;

describe.skipIf(!there)('npm run wandb', () => {
  it('tells settings, group and job type as the published system has them, rows, table and checkpoint', async () => {
    writeClassifierRun(run, 4, true);
    await wandb('--project', 'birds', '--entity', 'us');
    const [init, ...others] = calls();
    expect(init).toMatchObject({
      call: 'init',
      project: 'birds',
      entity: 'us',
      name: 'seed-3/camel',
      group: 'stage-2',
      job_type: 'mnist-correlation',
      tags: ['camel'],
      mode: 'offline',
      resume: 'allow',
      dir: run,
      reporting: 'false',
      config: settingsOf(run),
    });
    expect(stepsIn(others)).toEqual([1, 2, 3, 4]);
    expect(logged(others)[1]!['values']).toEqual({
      'train/loss': 1 / 4,
      'train/consistency': 2 / 7,
      'train/gradient_norm': 0.6,
      'train/loss/even · clean': 2.1,
      'train/loss/even · zigzag': 2.2,
      'train/loss/odd · zigzag': 2.4,
      'train/adversary_weight/even · clean': 0.75,
      'train/adversary_weight/even · zigzag': 0.25,
      'train/adversary_weight/odd · clean': 0.5,
      'train/adversary_weight/odd · zigzag': 0.5,
      'counts/train/even · clean': 2,
      'counts/train/even · zigzag': 2,
      'counts/train/odd · clean': 0,
      'counts/train/odd · zigzag': 2,
      'validation/accuracy/even · clean': 0.02,
      'validation/accuracy/even · zigzag': 0.5,
      'validation/accuracy/odd · clean': 0.5,
      'validation/accuracy/odd · zigzag': 1,
      'validation/loss/even · clean': 0.99,
      'validation/loss/even · zigzag': 0.75,
      'validation/loss/odd · clean': 0.75,
      'validation/loss/odd · zigzag': 0.5,
      'counts/validation/even · clean': 10,
      'counts/validation/even · zigzag': 20,
      'counts/validation/odd · clean': 30,
      'counts/validation/odd · zigzag': 40,
      'validation/worst_group_accuracy': 0.02,
      'validation/accuracy': 0.625,
      'validation/group_average_accuracy': 0.5,
      'validation/gap': 0.25,
    });
    expect(logged(others).at(-1)!['values']).toMatchObject({
      'test/worst_group_accuracy': 0.25,
      'test/accuracy/odd · clean': 0.75,
      selected_step: 2,
      seconds: 3.5,
      'test/groups': {
        columns: ['group', 'name', 'images', 'accuracy', 'low', 'high', 'loss'],
        data: expect.arrayContaining([['(Y=0)(Z=1)', 'even · zigzag', 20, 0.5, 0, 1, 0.75]]) as unknown,
      },
    });
    expect(others.filter(({ call }) => call !== 'log')).toEqual([
      {
        call: 'artifact',
        id: init!['id'],
        aliases: ['step-2', 'selected'],
        name: `model-${String(init!['id'])}`,
        type: 'model',
        metadata: { step: 2, format: 'safetensors' },
        file: 'step-000000002.safetensors',
      },
      { call: 'finish', id: init!['id'], exit: 0 },
    ]);
    expect(told).toBe(
      `seed-3/camel: 4 steps, 1 checkpoint → ${run}/wandb/fake-run\n\nwandb sync ${run}/wandb/fake-run\n`,
    );
  });

  it('adds only what is new, and nothing twice', async () => {
    writeClassifierRun(run, 3, false);
    await wandb();
    const first = calls();
    // The last step is held back until the log is past it.
    expect(stepsIn(first)).toEqual([1, 2]);
    expect(told).toContain('; not at its end yet, the same command adds the rest\n');
    await wandb();
    expect(calls()).toEqual([]);
    expect(told).toContain('seed-3/camel: nothing new; not at its end yet');
    appendFileSync(join(run, 'metrics.jsonl'), linesOfRecords(classifierRecords(6).slice(4)));
    await wandb();
    const second = calls();
    expect(stepsIn(second)).toEqual([3, 4, 5]);
    expect(second[0]!['id']).toBe(first[0]!['id']);
    writeClassifierRun(run, 6, true);
    await wandb('--checkpoints', 'all');
    const third = calls();
    expect(stepsIn(third)).toEqual([6]);
    expect(third.filter(({ call }) => call === 'artifact').map(({ file }) => file)).toHaveLength(2);
    await wandb();
    expect(calls()).toEqual([]);
    const steps = [first, second, third].flatMap(stepsIn);
    expect([...new Set(steps)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('goes on after a log that was cut back, and says so only if it has other values then', async () => {
    writeClassifierRun(run, 5, false);
    await wandb();
    expect(stepsIn(calls())).toEqual([1, 2, 3, 4]);
    writeClassifierRun(run, 2, false);
    await wandb();
    expect([calls(), said]).toEqual([[], '']);
    writeClassifierRun(run, 6, false);
    await wandb();
    expect([stepsIn(calls()), said]).toEqual([[5], '']);
    const halved = classifierRecords(8).map((record) => ({ ...record, loss: 7 }));
    writeFileSync(join(run, 'metrics.jsonl'), linesOfRecords(halved));
    await wandb();
    expect(stepsIn(calls())).toEqual([6, 7]);
    expect(said).toMatch(/^seed-3\/camel: the log has other values up to step 5 than were sent, [^\n]*\n$/);
  });

  it('sends translations whole, or in rows by the published names', async () => {
    writeTranslationRun(run);
    await wandb('--group', 'mine', '--job-type', 'theirs');
    const own = calls();
    expect(own[0]).toMatchObject({ group: 'mine', job_type: 'theirs' });
    expect(logged(own)[1]!['values']).toMatchObject({
      translations: { image: [4, 12] },
      'train/discriminator_source': 0.7,
      'gate/flip_rate/to_target': 0.5,
      'selected/flip_rate/to_source': 0.75,
      'gate/score': 0.4,
    });
    expect(logged(own)[1]!['values']).not.toHaveProperty('train/penalty_target');
    await wandb('--project', 'published', '--published-names');
    const [init, first, second] = calls();
    expect(init!['id']).not.toBe(own[0]!['id']);
    expect(first!['values']).toEqual({
      'training_metrics/gen_g_loss': 0.5,
      'training_metrics/gen_f_loss': 0.625,
      'training_metrics/cycle_loss_x': 9,
      'training_metrics/cycle_loss_y': 8,
      steps: 1,
    });
    for (const name of ['real_x', 'fake_y', 'cycled_x', 'real_y', 'fake_x', 'cycled_y'])
      expect(second!['values']).toHaveProperty(name, { image: [4, 2] });
    await wandb('--project', 'third', '--no-images');
    expect(JSON.stringify(calls())).not.toContain('image"');
  });

  it('sends the picture of stage 2 whole, and none that the log does not name', async () => {
    writeClassifierRun(run, 4, true);
    const examples = { step: 2, kind: 'gallery', name: 'examples', file: 'gallery/step-000000002.png' };
    const [first, ...others] = classifierRecords(4);
    writeFileSync(join(run, 'metrics.jsonl'), linesOfRecords([first!, examples, ...others]));
    writeGallery(run, 2);
    // As a rollback leaves it of steps that were abandoned.
    writeGallery(run, 3);
    for (const args of [[], ['--project', 'published', '--published-names']]) {
      await wandb(...args);
      const rows = logged(calls()).map(({ values }) => values as Readonly<Record<string, object>>);
      const pictures = rows.flatMap((row) =>
        Object.entries(row).filter(([, value]) => 'image' in Object(value)),
      );
      expect(pictures).toEqual([['examples', { image: [4, 12] }]]);
    }
    expect(told).toContain('seed-3/camel: 4 steps, 1 picture, 1 checkpoint');
  });

  it('online, skips what the server has, and keeps the id of what was written offline', async () => {
    writeClassifierRun(run, 5, false);
    await wandb();
    const [offline] = calls();
    vi.stubEnv('FAKE_WANDB_STEP', '3');
    await wandb('--mode', 'online');
    const online = calls();
    expect(online[0]).toMatchObject({ id: offline!['id'], mode: 'online', reporting: null });
    expect(stepsIn(online)).toEqual([3, 4]);
    expect(told).toContain(`→ https://w.b/${String(offline!['id'])}; not at its end`);
  });

  it('replays every run of a study, and its comparison once for all results', async () => {
    const study = { format: 2, name: 'digits', seeds: [3], labels: { y0z0: 'even/clean' }, data: null };
    const there = { 'stage-1': { 'stage-1': {} }, methods: { camel: {}, erm: {} } };
    const rest = { backend: { name: 'wasm', device: 'x' }, environment: {}, seconds: 1 };
    mkdirSync(run);
    writeFileSync(join(run, 'study.json'), JSON.stringify({ ...study, ...there, ...rest }));
    writeTranslationRun(join(run, 'seed-3/stage-1'));
    writeClassifierRun(join(run, 'seed-3/camel'), 2, true);
    writeStudyResults(0.25);
    // It ends although nobody has begun erm.
    await wandb('--follow', '--every', '0.01');
    const all = calls();
    const inits = all.filter(({ call }) => call === 'init');
    expect(inits.map(({ name, tags }) => [name, tags])).toEqual([
      ['digits/seed-3/stage-1', ['digits', 'stage-1']],
      ['digits/seed-3/camel', ['digits', 'camel']],
      ['digits/comparison', ['digits']],
    ]);
    expect(inits[2]).toMatchObject({ group: 'stage-2', job_type: 'comparison', dir: run });
    const [tested, comparison] = logged(all).slice(-2);
    expect(tested!['values']).toHaveProperty('test/accuracy/even/clean', 0.25);
    const columns = ['method', 'seed', 'worst group', 'average', 'group average', 'gap'];
    const data = [['camel', '3', 0.25, 0.625, 0.5, 0.25]];
    expect([comparison!['step'], comparison!['values']]).toEqual([0, { comparison: { columns, data } }]);
    expect(told).toContain(`comparison of the methods → ${run}/wandb/fake-run\n\nwandb sync `);
    await wandb();
    expect(calls()).toEqual([]);
    writeStudyResults(0.5);
    await wandb();
    expect(calls()).toMatchObject([{ call: 'init', id: inits[2]!['id'] }, { step: 1 }, { call: 'finish' }]);
  });

  it('--follow sends what comes until the run ends', async () => {
    writeClassifierRun(run, 2, false);
    const following = wandb('--follow', '--every', '0.05');
    while (!existsSync(join(scratch, 'calls'))) await setTimeout(20);
    writeClassifierRun(run, 4, false);
    await setTimeout(300);
    writeClassifierRun(run, 6, true);
    await following;
    expect(stepsIn(calls())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(told).not.toContain('not at its end');
  });

  it('sends again what wandb had in its memory when all was killed', async () => {
    writeClassifierRun(run, 5, false);
    const program = spawn(process.execPath, [...MAIN, 'wandb', run, '--follow', '--every', '0.05']);
    const ended = once(program, 'exit');
    while (!stepsIn(callsSoFar()).includes(3) && program.exitCode === null) await setTimeout(20);
    // Some more looks, so that it has noted what it will.
    await setTimeout(300);
    killTree(program.pid!);
    await ended;
    expect(stepsIn(calls())).toEqual([1, 2, 3]);
    writeClassifierRun(run, 8, false);
    await wandb();
    expect(stepsIn(calls())).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('--follow ends at a signal in good order', async () => {
    writeClassifierRun(run, 3, false);
    const following = refusal('--follow', '--every', '0.05');
    while (!existsSync(join(scratch, 'calls'))) await setTimeout(20);
    process.emit('SIGINT', 'SIGINT');
    expect(await following).toEqual([75, 'stopped; run the same command again to go on']);
    expect(calls().at(-1)).toMatchObject({ call: 'finish', exit: 0 });
    expect(existsSync(join(run, 'wandb/lock'))).toBe(false);
  });

  it('sends what is before a damaged line, and says where that is', async () => {
    writeClassifierRun(run, 3, true);
    appendFileSync(join(run, 'metrics.jsonl'), 'not a record\n');
    const [code, line] = await refusal();
    expect(code).toBe(2);
    expect(line).toMatch(/metrics\.jsonl, line 5: expected a record of metrics, found "not a record"; /);
    expect(stepsIn(calls())).toEqual([1, 2]);
  });

  it.each([
    [
      'no Python',
      ['--python', 'no-such-python'],
      /^Python: expected one with the package wandb, version 0.28.1 or later, found no program no-such-python; .*pip install --upgrade "wandb>=0.28.1" pillow/,
    ],
    ['a Python that is none', ['--python', 'false'], /found false without it \(no message\)/],
    [
      'no wandb',
      ['--python', 'python3'],
      /found python3 without it \(.*\); python3 -m pip install --upgrade "wandb>=0.28.1" pillow/,
    ],
  ])('says how to get %s', async (_, args, line) => {
    vi.stubEnv('PYTHONPATH', join(DOUBLE, '..', 'none'));
    if (args[1] === 'python3' && spawnSync('python3', ['-c', 'import wandb']).status === 0) return;
    writeClassifierRun(run, 3, false);
    const [code, said] = await refusal(...args);
    expect([code, said]).toEqual([2, expect.stringMatching(line)]);
  });

  it('refuses a wandb whose sync does not put files together, and takes later ones', async () => {
    writeClassifierRun(run, 3, false);
    for (const version of ['0.28.0', '0.9.9', 'x']) {
      vi.stubEnv('FAKE_WANDB_VERSION', version);
      expect(await refusal('--python', 'python3')).toEqual([
        2,
        `Python: expected one with the package wandb, version 0.28.1 or later, found python3 with wandb ${version}; python3 -m pip install --upgrade "wandb>=0.28.1" pillow gets it; --python names a Python that is not the first on the path`,
      ]);
    }
    for (const version of ['0.28.2', '0.100.0', '1.0.0rc1']) {
      vi.stubEnv('FAKE_WANDB_VERSION', version);
      await wandb('--project', version);
    }
  });

  it('quotes a folder with a space and an apostrophe', async () => {
    run = join(scratch, "my run's");
    writeClassifierRun(run, 3, false);
    await wandb();
    expect(told).toContain(`\nwandb sync '${scratch}/my run'\\''s/wandb/fake-run'\n`);
  });

  it('refuses in a line what is no run, a failing wandb, other names, and a run that is being sent', async () => {
    expect(await refusal()).toEqual([
      2,
      expect.stringContaining('run: expected the folder of a run or of a study, found no such folder'),
    ]);
    mkdirSync(run);
    expect((await refusal())[1]).toContain('found one with neither run.json nor study.json');
    writeFileSync(join(run, 'run.json'), '{}');
    expect((await refusal())[1]).toContain('expected the settings file of a run, format 2');
    writeClassifierRun(run, 3, false);
    vi.stubEnv('FAKE_WANDB_FAILS', '1');
    expect(await refusal()).toEqual([
      1,
      expect.stringContaining('wandb: expected to take what it was sent, found: no key is configured; '),
    ]);
    vi.stubEnv('FAKE_WANDB_FAILS', undefined);
    expect((await refusal('--published-names'))[1]).toMatch(
      /the own ones, found the others asked for; leave out --published-names, or/,
    );
    writeFileSync(join(run, 'wandb/lock'), `${process.pid} ${ownStart()} other\n`);
    expect((await refusal())[1]).toMatch(
      /expected a run that nobody else sends to W&B, found process \d+ at work on it/,
    );
    rmSync(join(run, 'wandb/lock'));
    writeFileSync(join(run, 'wandb/sent.json'), '{');
    expect((await refusal())[1]).toContain(
      'sent.json: expected what was sent to W&B, format 1, found "{"; delete ',
    );
  });
});

/** What a study of one method has come to. */
function writeStudyResults(worst: number): void {
  const camel = { ...reportOf([worst, 1, 1, 1]), steps: 2, seconds: 3.5, selectedStep: 2 };
  const none = { mean: null, sd: null };
  const summary = { camel: { seeds: 1, worstGroup: none, average: none, groupAverage: none, gap: none } };
  const seeds = [{ seed: 3, stage1: [], methods: { camel } }];
  const head = { format: 2, name: 'digits', backend: 'wasm', device: 'x', seconds: 1 };
  writeFileSync(join(run, 'results.json'), JSON.stringify({ ...head, seeds, summary }));
}

/** When this process started, as locks have it. */
function ownStart(): string {
  const text = readFileSync('/proc/self/stat', 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]!;
}
