/** The main job gives back its tensors and its locks however it ends, and adds what is asked for to what is there. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeJson } from '../../../src/config/decoding.ts';
import { ExperimentResultsCodec } from '../../../src/config/experiment-results.ts';
import { runCamel } from '../../../src/node/camel/experiment.ts';
import type { CamelSettings } from '../../../src/node/camel/settings.ts';
import { resultsTable } from '../../../src/node/camel/table.ts';
import type { ExperimentResults } from '../../../src/node/report/results.ts';
import { useBackend } from '../../support/backend.ts';
import { tiny } from './tiny-settings.ts';

const mnist = fileURLToPath(new URL('../../../examples/data/mnist', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'camel-endings-'));
const whole = join(scratch, 'whole');
const backend = { name: 'wasm', device: 'test', refused: [] } as const;
let results: ExperimentResults;

const run = (out: string, settings = tiny(), onQuestion: () => boolean = () => false) =>
  runCamel(settings, { data: mnist, out }, backend, { say: () => undefined, stopRequested: onQuestion });

beforeAll(async () => {
  await useBackend('wasm');
  results = await run(whole);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A copy of the finished experiment. */
function copy(): string {
  const out = join(mkdtempSync(join(scratch, 'copy-')), 'out');
  cpSync(whole, out, { recursive: true });
  return out;
}

function locksIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /(^|\/)lock$/.test(name),
  );
}

/** How a run ends; its tensors and locks are given back, and no half-written file is left. */
async function ending(work: Promise<unknown>, out: string): Promise<{ exitCode?: number; message: string }> {
  const error = await work.then(
    () => new Error('it came to its end'),
    (thrown: unknown) => thrown as Error,
  );
  expect(locksIn(out)).toEqual([]);
  expect(
    readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tmp')),
  ).toEqual([]);
  return error;
}

const inRun = (out: string, name: string, file: string): string => join(out, 'runs', name, file);

/** Puts a folder where a file is or will be, which then can neither be read nor written. */
function block(path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(join(path, 'in-the-way'), { recursive: true });
}

/** Flips a bit in the middle of a file. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
}

const LAST = 'checkpoints/step-000000004.safetensors';

describe('what is thrown leaves no tensor, lock or half-written file', () => {
  const settings = tiny();
  const diverging = { learningRate: 1e30, maximumGradientNorm: null };
  const { erm, gdro, camel } = settings.stage2.methods;
  const methods = {
    erm: { ...erm, ...diverging },
    gdro: { ...gdro, ...diverging },
    camel: { ...camel, ...diverging },
  };
  const stage2 = { ...settings.stage2, methods };

  it.each<readonly [string, Partial<CamelSettings>]>([
    ['the gate', { gate: { ...settings.gate, learningRate: 1e30 } }],
    [
      'stage 1',
      { stage1: { ...settings.stage1, generatorLearningRate: 1e30, discriminatorLearningRate: 1e30 } },
    ],
    ['erm', { methods: ['erm'], stage2 }],
    ['gdro', { methods: ['gdro'], stage2 }],
    ['camel', { methods: ['camel'], translations: 'true', stage2 }],
  ])('when a loss of %s is not finite', async (_, changed) => {
    const out = mkdtempSync(join(scratch, 'diverged-'));
    const tensors = tf.memory().numTensors;
    const { message } = await ending(run(out, { ...settings, ...changed }), out);
    expect(message).toMatch(/loss is not finite at step \d/);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it.each<readonly [string, (out: string) => void, RegExp]>([
    ['the gate', (out) => damage(inRun(out, 'stage1', 'gate-classifiers.safetensors')), /gate-classifiers/],
    [
      'the best checkpoint of stage 1',
      (out) => {
        damage(inRun(out, 'stage1', 'checkpoints/step-000000002.safetensors'));
        writeFileSync(inRun(out, 'stage1', 'best.json'), '{ "step": 2, "score": 9 }');
      },
      /step-000000002/,
    ],
    ['the newest checkpoint of stage 1', (out) => block(inRun(out, 'stage1', LAST)), /EISDIR/],
    [
      'the folder of translations',
      (out) => {
        rmSync(join(out, 'translations'), { recursive: true });
        writeFileSync(join(out, 'translations'), '');
      },
      /ENOTDIR|EEXIST/,
    ],
    ['the note of the best checkpoint', (out) => block(inRun(out, 'stage1', 'best.json')), /EISDIR/],
    ['the newest checkpoint of a method', (out) => block(inRun(out, 'gdro', LAST)), /EISDIR/],
    ['the log of a method', (out) => block(inRun(out, 'gdro', 'metrics.jsonl')), /EISDIR/],
    ['the results', (out) => block(join(out, 'results.json')), /EISDIR|ENOTEMPTY|EEXIST/],
  ])('when %s cannot be read or written', async (_, spoil, message) => {
    const out = copy();
    for (const name of ['stage1', 'gdro']) rmSync(inRun(out, name, 'run.json'));
    spoil(out);
    const tensors = tf.memory().numTensors;
    expect((await ending(run(out), out)).message).toMatch(message);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it.each([
    ['the gate while it is trained', 'gate-checkpoints/domain/step-000000005.safetensors'],
    ['the gate when it is trained', 'gate-classifiers.safetensors'],
    ['stage 1', 'checkpoints/step-000000002.safetensors'],
  ])('when a file of %s cannot be written', async (_, file) => {
    const out = mkdtempSync(join(scratch, 'blocked-'));
    const path = inRun(out, 'stage1', file);
    let asked = 0;
    const tensors = tf.memory().numTensors;
    const work = run(out, settings, () => {
      if (++asked === 1) block(path);
      return false;
    });
    expect((await ending(work, out)).message).toMatch(/EISDIR/);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('when a translation is damaged, and the cure that is named makes it whole', async () => {
    const out = copy();
    const folder = join(out, 'translations', '(Y=0)(Z=1)(A-F)');
    const shard = join(
      folder,
      readdirSync(folder).find((name) => name.endsWith('.tfrec'))!,
    );
    const before = readFileSync(shard);
    damage(shard);
    const tensors = tf.memory().numTensors;
    const { exitCode, message } = await ending(run(out), out);
    expect(exitCode).toBe(2);
    expect(message).toContain(`${shard}: `);
    const runFile = inRun(out, 'stage1', 'run.json');
    expect(message).toContain(`delete ${runFile}, and run again`);
    rmSync(runFile);
    await run(out);
    expect(readFileSync(shard).equals(before)).toBe(true);
    expect(tf.memory().numTensors).toBe(tensors);
  });
});

describe('methods added one by one', () => {
  const only = (...methods: CamelSettings['methods']): CamelSettings => ({ ...tiny(), methods });
  const bare = (found: unknown): unknown =>
    JSON.parse(JSON.stringify(found, (key, value: unknown) => (key === 'seconds' ? undefined : value)));
  const written = (out: string): unknown => {
    const path = join(out, 'results.json');
    const decoded = decodeJson(ExperimentResultsCodec, readFileSync(path, 'utf8'), path);
    if (E.isLeft(decoded)) throw new Error(JSON.stringify(decoded.left));
    return decoded.right;
  };
  const listed = (out: string): unknown =>
    (JSON.parse(readFileSync(join(out, 'experiment.json'), 'utf8')) as { methods: unknown }).methods;
  const pictures = (out: string): number =>
    readFileSync(join(out, 'report.html'), 'utf8').split('data:image/png').length;

  it('are all in the results, the table and the report, with stage 1, as if they had been asked for together', async () => {
    const out = join(scratch, 'added');
    await run(out, only('camel'));
    const { erm, camel } = results.methods;
    const both = await run(out, only('erm'));
    expect(bare(both)).toEqual(bare({ ...results, methods: { erm, camel } }));
    expect(Object.keys(both.methods)).toEqual(['erm', 'camel']);
    expect(written(out)).toEqual(JSON.parse(JSON.stringify(both)));
    expect(listed(out)).toEqual(['erm', 'camel']);
    expect(
      resultsTable(both)
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['method', 'erm', 'camel']);
    expect(pictures(out), 'translated images and curves of stage 1').toBe(pictures(whole));
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toMatch(/methods<\/\w+>\s*<\w+[^>]*>erm, camel</);

    const all = await run(out, only('gdro'));
    expect(bare(all)).toEqual(bare(results));
    expect(Object.keys(all.methods)).toEqual(['erm', 'gdro', 'camel']);
    expect(listed(out)).toEqual(['erm', 'gdro', 'camel']);
  });

  it('that are not done are in experiment.json only', async () => {
    const out = join(scratch, 'unfinished');
    await expect(run(out, only('gdro'), () => true)).rejects.toMatchObject({ exitCode: 75 });
    const { methods, stage1 } = await run(out, only('erm'));
    expect(bare({ methods, stage1 })).toEqual(bare({ methods: { erm: results.methods.erm }, stage1: null }));
    expect(listed(out)).toEqual(['erm', 'gdro']);
  });

  it.each(['erm', 'camel', 'stage1'] as const)(
    'are refused beside a run of %s that was begun with other settings, before anything is trained',
    async (name) => {
      const out = copy();
      const path = inRun(out, name, 'run.json');
      const { settings, ...others } = JSON.parse(readFileSync(path, 'utf8')) as { settings: object };
      writeFileSync(path, JSON.stringify({ ...others, settings: { ...settings, seed: 6 } }));
      rmSync(inRun(out, 'gdro', ''), { recursive: true });
      const { exitCode, message } = await ending(run(out, only('gdro')), out);
      expect(exitCode).toBe(2);
      expect(message).toBe(
        `${path}: expected a run of the same settings, found seed: 6 there, 5 here; use the settings of that run, or choose another folder`,
      );
      expect(existsSync(inRun(out, 'gdro', ''))).toBe(false);
    },
  );

  it('are refused beside an outcome that is none, by its place in the file', async () => {
    const out = copy();
    const path = inRun(out, 'erm', 'run.json');
    const file = JSON.parse(readFileSync(path, 'utf8')) as { outcome: object };
    writeFileSync(path, JSON.stringify({ ...file, outcome: { ...file.outcome, average: 'high' } }));
    const { exitCode, message } = await ending(run(out, only('camel')), out);
    expect(exitCode).toBe(2);
    expect(message).toMatch(
      /^\S+run\.json, outcome: average: expected a number from 0 to 1, or null, found "high"; delete \S+erm, and run again$/,
    );
  });
});
