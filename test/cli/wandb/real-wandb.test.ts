/** The command `wandb` against the real package, offline: every value of the log is read back from its file. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { wandbCommand } from '../../../src/cli/wandb/wandb.ts';
import {
  classifierRecords,
  linesOfRecords,
  writeClassifierRun,
  writeTranslationRun,
} from '../../support/run-folders.ts';
import { killTree } from '../../support/process-tree.ts';

const python = process.env['MODEL_PATCHING_WANDB_PYTHON'] ?? 'python3';
const there = spawnSync(python, ['-c', 'import wandb.proto.wandb_internal_pb2, PIL']).status === 0;
if (!there)
  console.log(
    `What is sent to Weights & Biases is not read back: ${python} lacks wandb or pillow; MODEL_PATCHING_WANDB_PYTHON names another one.`,
  );

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const READER = fileURLToPath(new URL('../../fixtures/wandb/read_offline_run.py', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'real-wandb-'));
beforeEach(() => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(scratch, { recursive: true }));

const wandb = (run: string, ...args: readonly string[]) =>
  wandbCommand().parseAsync([run, '--python', python, ...args], { from: 'user' });

interface Record {
  readonly kind: string;
  readonly step?: number;
  readonly values?: Readonly<{ [name: string]: unknown }>;
  readonly [field: string]: unknown;
}

/** The records of each offline file of a run, in the order of their making. */
function offlineFiles(run: string): readonly (readonly Record[])[] {
  const folder = join(run, 'wandb');
  return readdirSync(folder)
    .filter((name) => name.startsWith('offline-run-'))
    .sort()
    .map((name) => {
      const file = readdirSync(join(folder, name)).find((each) => each.endsWith('.wandb'))!;
      const { status, stdout, stderr } = spawnSync(python, [READER, join(folder, name, file)], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(stderr);
      return stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record);
    });
}
const rowsOf = (records: readonly Record[]) => records.filter(({ kind }) => kind === 'history');

/** All numbers of a record of the log, but those that are not compared: intervals, counts, epochs, and means of nothing. */
function numbersOf(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    ['step', 'interval', 'count', 'groupCounts', 'epoch'].includes(key) ? [] : numbersOf(inner),
  );
}

describe.skipIf(!there)('the real wandb, offline', () => {
  it('has every value of the log once, over as many calls as it took', async () => {
    const run = join(scratch, 'camel');
    writeClassifierRun(run, 40, false);
    await wandb(run);
    await wandb(run);
    appendFileSync(join(run, 'metrics.jsonl'), linesOfRecords(classifierRecords(60).slice(60)));
    await wandb(run);
    writeClassifierRun(run, 60, true);
    await wandb(run);
    await wandb(run);
    const files = offlineFiles(run);
    expect(files.map((records) => rowsOf(records).length)).toEqual([39, 20, 1]);
    const rows = files.flatMap(rowsOf);
    expect(rows.map(({ step }) => step)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    const ids = files.map((records) => records.find(({ kind }) => kind === 'run')!['id']);
    expect(new Set(ids).size).toBe(1);
    let compared = 0;
    for (const record of classifierRecords(60)) {
      const { values } = rows[record.step - 1]!;
      expect(values!['_step']).toBe(record.step);
      const sent = new Set(Object.values(values!));
      for (const number of numbersOf(record)) {
        expect(sent, `${record.step}: ${number}`).toContain(number);
        compared += 1;
      }
    }
    // 10 of each training record; 4 accuracies, 4 losses, the worst group, and 3 summaries of 30 evaluations.
    expect(compared).toBe(60 * 10 + 30 * 12);
    expect(rows[6]!.values).toMatchObject({ 'train/loss': 1 / 9, 'train/consistency': 1 });
  });

  it('has every step once all of it was killed and begun again', async () => {
    const run = join(scratch, 'killed');
    writeClassifierRun(run, 20, false);
    const program = spawn(process.execPath, [
      ...['--conditions=source', '--import', 'tsx', MAIN, 'wandb', run],
      ...['--python', python, '--follow', '--every', '0.1'],
    ]);
    const ended = once(program, 'exit');
    while (!existsSync(join(run, 'wandb/latest-run')) && program.exitCode === null) await setTimeout(50);
    // Time for the first looks, after which all but the last step is with wandb.
    await setTimeout(2000);
    killTree(program.pid!);
    await ended;
    writeClassifierRun(run, 30, false);
    await wandb(run);
    const steps = offlineFiles(run).flatMap((records) => rowsOf(records).map(({ step }) => step));
    expect(new Set(steps)).toEqual(new Set(Array.from({ length: 29 }, (_, i) => i + 1)));
  });

  it('has settings, group, job type, pictures, tables and checkpoint', async () => {
    const run = join(scratch, 'seed-3-stage-1');
    writeTranslationRun(run);
    writeFileSync(join(run, 'checkpoints/step-000000002.safetensors'), 'weights');
    await wandb(run, '--project', 'digits', '--published-names');
    const [records] = offlineFiles(run);
    const { settings } = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')) as { settings: object };
    expect(records!.find(({ kind }) => kind === 'run')).toMatchObject({
      project: 'digits',
      group: 'stage-1',
      jobType: 'mnist-correlation',
      config: settings,
    });
    const last = rowsOf(records!).at(-1)!.values!;
    expect(last).toMatchObject({ 'real_x._type': 'image-file', 'real_x.width': 4, 'real_x.height': 2 });
    expect(last).toMatchObject({ 'selected/gate._type': 'table-file', 'selected/gate.nrows': 5 });
    const model = records!.find(({ kind, type }) => kind === 'artifact' && type === 'model');
    expect(model!['files']).toEqual({ 'step-000000002.safetensors': 7 });
  });
});
