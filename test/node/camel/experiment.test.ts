import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCamel } from '../../../src/node/camel/experiment.ts';
import { describeBudget, type CamelSettings } from '../../../src/node/camel/settings.ts';
import type { ExperimentResults } from '../../../src/node/report/results.ts';
import { useBackend } from '../../support/backend.ts';
import { tiny } from './tiny-settings.ts';

const mnist = fileURLToPath(new URL('../../../examples/data/mnist', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'camel-'));
const backend = { name: 'wasm', device: 'test', refused: [] } as const;

/** What of an experiment was under way when it was stopped. */
function moment(out: string): string {
  const names = ['stage1', 'erm', 'gdro', 'camel'].filter((name) => existsSync(join(out, 'runs', name)));
  const inStage1 = (file: string): boolean => existsSync(join(out, 'runs/stage1', file));
  if (names.length > 1) return names.at(-1)!;
  if (!inStage1('gate-classifiers.safetensors')) return 'gate';
  return existsSync(join(out, 'translations')) ? 'translations' : 'stage1';
}

/** Runs to the end, asking for a stop after every `every` questions whether to stop; no tensor may be left at any. */
async function run(
  out: string,
  settings: CamelSettings,
  every = Infinity,
): Promise<{ results: ExperimentResults; calls: number; said: string[]; stops: ReadonlySet<string> }> {
  const said: string[] = [];
  const stops = new Set<string>();
  const tensors = tf.memory().numTensors;
  for (let calls = 1; ; calls++) {
    let asked = 0;
    const context = { say: (line: string) => void said.push(line), stopRequested: () => ++asked >= every };
    try {
      return {
        results: await runCamel(settings, { data: mnist, out }, backend, context),
        calls,
        said,
        stops,
      };
    } catch (error) {
      if (!(error instanceof Error && 'exitCode' in error && error.exitCode === 75)) throw error;
      stops.add(moment(out));
    } finally {
      expect(tf.memory().numTensors, `tensors left behind by call ${calls}`).toBe(tensors);
    }
  }
}

const lastCheckpoint = (out: string, name: string): Buffer => {
  const folder = join(out, 'runs', name, 'checkpoints');
  return readFileSync(join(folder, readdirSync(folder).sort().at(-1)!));
};
const withoutSeconds = (results: ExperimentResults): unknown =>
  JSON.parse(JSON.stringify(results, (key, value: unknown) => (key === 'seconds' ? undefined : value)));

beforeAll(() => useBackend('wasm'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

it('a run that is stopped again and again ends with the same bits, logs and results as one that is not', async () => {
  const [whole, parts] = [join(scratch, 'whole'), join(scratch, 'parts')];
  const uninterrupted = await run(whole, tiny());
  const stopped = await run(parts, tiny(), 3);
  expect(stopped.calls).toBeGreaterThan(4);
  expect([...stopped.stops]).toEqual(['gate', 'stage1', 'translations', 'erm', 'gdro', 'camel']);
  expect(uninterrupted.said.slice(0, 3)).toEqual(describeBudget(tiny()));
  expect(stopped.said).toContain('gate classifiers: domain goes on from step 3');
  expect(withoutSeconds(stopped.results)).toEqual(withoutSeconds(uninterrupted.results));
  for (const name of ['stage1', 'erm', 'gdro', 'camel']) {
    expect(lastCheckpoint(parts, name).equals(lastCheckpoint(whole, name)), `weights of ${name}`).toBe(true);
    expect(readFileSync(join(parts, 'runs', name, 'metrics.jsonl'), 'utf8')).toBe(
      readFileSync(join(whole, 'runs', name, 'metrics.jsonl'), 'utf8'),
    );
  }
  const [gate, same] = [whole, parts].map((out) =>
    readFileSync(join(out, 'runs', 'stage1', 'gate-classifiers.safetensors')),
  );
  expect(gate!.equals(same!), 'weights of the gate').toBe(true);
});

it('counts the seconds of a method over all the times that it was gone on with', async () => {
  const out = join(scratch, 'seconds');
  const settings: CamelSettings = { ...tiny(), methods: ['erm'] };
  const context = { say: () => undefined, stopRequested: () => true };
  await expect(runCamel(settings, { data: mnist, out }, backend, context)).rejects.toThrow('stopped');
  writeFileSync(join(out, 'runs', 'erm', 'elapsed.json'), '{ "seconds": 1000 }');
  const { results } = await run(out, settings);
  expect(results.methods['erm']!.seconds).toBeGreaterThan(1000);
  expect(results.methods['erm']!.seconds).toBeLessThan(1100);
});

it('writes every file that it promises, and a finished experiment is not run again', async () => {
  const out = join(scratch, 'whole');
  for (const file of [
    'experiment.json',
    'results.json',
    'report.html',
    ...['stage1', 'erm', 'gdro', 'camel'].map((name) => `runs/${name}/metrics.jsonl`),
  ]) {
    expect(readFileSync(join(out, file)).length, file).toBeGreaterThan(0);
  }
  expect(readdirSync(join(out, 'translations'))).toHaveLength(8);
  const again = await run(out, tiny(), 1);
  expect(again.calls, 'a stop is never asked about').toBe(1);
  expect(again.said).toEqual([`${out}: already done; nothing is trained again`]);
  const written = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as ExperimentResults;
  expect(written).toEqual(again.results);
  for (const result of Object.values(written.methods)) {
    expect(result.groups.map(({ count }) => count)).toEqual([10, 10, 10, 10]);
    expect(result.worstGroup!.accuracy).toBe(Math.min(...result.groups.map(({ accuracy }) => accuracy!)));
  }
});

it('another setting in the same folder is refused, and named', async () => {
  const settings = tiny();
  await expect(
    run(join(scratch, 'whole'), { ...settings, stage2: { ...settings.stage2, steps: 5 } }),
  ).rejects.toThrow(/stage2\.steps: 4 there, 5 here/);
});

it('true and identity translations need no stage 1', async () => {
  const settings = { ...tiny(), methods: ['camel'] as const };
  const [upper, lower] = [
    await run(join(scratch, 'true'), { ...settings, translations: 'true' }),
    await run(join(scratch, 'identity'), { ...settings, translations: 'identity' }),
  ];
  expect([upper.results.stage1, lower.results.stage1]).toEqual([null, null]);
  expect(
    lastCheckpoint(join(scratch, 'true'), 'camel').equals(lastCheckpoint(join(scratch, 'identity'), 'camel')),
  ).toBe(false);
});

it('published splits say which images are shared', async () => {
  const settings = tiny();
  const { said } = await run(join(scratch, 'published'), {
    ...settings,
    methods: ['erm'],
    data: {
      ...settings.data,
      splits: 'published',
      trainingCounts: [100, 100, 100, 100],
      validationCounts: [100, 100, 100, 100],
    },
  });
  expect(said.join('\n')).toMatch(
    /note: validation and stage1Target share \d+ images of MNIST's train split/,
  );
});

it('a loss that is not finite ends the run with step, parts and last checkpoint, exit code 1', async () => {
  const settings = tiny();
  const { erm } = settings.stage2.methods;
  const methods = {
    ...settings.stage2.methods,
    erm: { ...erm, learningRate: 1e30, maximumGradientNorm: null },
  };
  const failure = run(join(scratch, 'nan'), {
    ...settings,
    methods: ['erm'],
    stage2: { ...settings.stage2, steps: 6, methods },
  });
  await expect(failure).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(
      /^erm: loss is not finite at step \d: loss .*groupMeans .*; the last good checkpoint is /,
    ),
  });
});
