import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  existsSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeJson } from '../../../src/config/decoding.ts';
import { StageTwoRunResultsCodec, type StageTwoRunResults } from '../../../src/config/study-results.ts';
import { evaluateRun } from '../../../src/experiment/stage-two/evaluate.ts';
import { groupReport } from '../../../src/metrics/group-report.ts';
import { groupReportTable, worstGroupNote } from '../../../src/experiment/stage-two/group-report-table.ts';
import { experimentToRun } from '../../../src/experiment/run-settings.ts';
import { runStageTwo, type RunStageTwoOptions } from '../../../src/experiment/stage-two/run-stage-two.ts';
import type { ObtainTranslations } from '../../../src/experiment/translations/translations.ts';
import { decodeSafetensors } from '../../../src/runs/safetensors.ts';
import { useBackend } from '../../support/backend.ts';
import { writeSmallMnist } from '../../support/small-mnist.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../../examples/${path}`, import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'stage-two-'));
const backend = { name: 'wasm', device: 'test' } as const;
const roots = { DATA: scratch, RUNS: join(scratch, 'runs') };
const tiny = [
  ...['y0z0=40', 'y0z1=8', 'y1z0=8', 'y1z1=40'].map((count) => `data.sizes.${count}`),
  'data.testImages=5',
  'network.width=0.1',
  'training.batchSize=8',
  'training.epochBatchSize=24',
  'training.epochs=2',
];

const config = (name: string): string => at(`configs/stage-2/mnist-correlation/${name}.yaml`);
const experiment = (file: string, overrides: readonly string[] = tiny) =>
  experimentToRun(file, 'stage-2', { overrides, roots });

type Options = Partial<RunStageTwoOptions> & {
  readonly overrides?: readonly string[];
  readonly every?: number;
};

/** Runs to the end, asking for a stop after every `every` questions whether to stop. */
async function run(
  file: string,
  out: string,
  { overrides = tiny, every = Infinity, ...options }: Options = {},
) {
  const said: string[] = [];
  const toRun = await experiment(file, overrides);
  for (let calls = 1; ; calls++) {
    let asked = 0;
    const context = { say: (line: string) => void said.push(line), stopRequested: () => ++asked >= every };
    try {
      const results = await runStageTwo(toRun, { out, backend, ...options }, context);
      return { results, calls, said };
    } catch (error) {
      if (!(error instanceof Error && 'exitCode' in error && error.exitCode === 75)) throw error;
    }
  }
}

const checkpoints = (out: string): readonly string[] => readdirSync(join(out, 'checkpoints')).sort();
const lastCheckpoint = (out: string): Buffer =>
  readFileSync(join(out, 'checkpoints', checkpoints(out).at(-1)!));
/** The first step's line; one with pictures may come before it. */
const firstTraining = (out: string): string | undefined =>
  readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .split('\n')
    .find((line) => line.includes('"kind":"training"'));
const withoutSeconds = (results: StageTwoRunResults): unknown =>
  JSON.parse(JSON.stringify(results, (key, value: unknown) => (key === 'seconds' ? undefined : value)));

/** Every image translated to itself and to its neighbour. */
const neighbours: ObtainTranslations = (_, images) => {
  const of = (split: 'train' | 'validation' | 'test') => {
    const all = images.examples(split).map(({ image }) => image);
    return { toSource: all, toTarget: [...all.slice(1), all[0]!] };
  };
  return Promise.resolve({
    splits: { train: of('train'), validation: of('validation'), test: of('test') },
    load: images.load,
    close: () => Promise.resolve(),
  });
};

beforeAll(async () => {
  await useBackend('wasm');
  await writeSmallMnist(join(scratch, 'mnist'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('training', () => {
  it.each(['erm', 'gdro', 'camel'])(
    '%s: a run that is stopped again and again ends with the same bits',
    async (name) => {
      const [whole, parts] = [join(scratch, name), join(scratch, `${name}-parts`)];
      const before = tf.memory().numTensors;
      const uninterrupted = await run(config(name), whole, { translationsFrom: neighbours });
      expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
      const stopped = await run(config(name), parts, { every: 1, translationsFrom: neighbours });
      expect(stopped.calls).toBe(4);
      expect(withoutSeconds(stopped.results)).toEqual(withoutSeconds(uninterrupted.results));
      expect(lastCheckpoint(parts).equals(lastCheckpoint(whole)), 'the same bits').toBe(true);
      const log = (out: string) => readFileSync(join(out, 'metrics.jsonl'), 'utf8');
      expect(log(parts)).toBe(log(whole));
      const kinds = log(whole)
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { kind: string }).kind);
      expect(kinds.filter((kind) => kind === 'evaluation')).toHaveLength(2);
      expect(kinds.filter((kind) => kind === 'training')).toHaveLength(4);
    },
  );

  const changed = (...more: readonly string[]) => ({ overrides: [...tiny, 'training.epochs=4', ...more] });
  const outcomeOf = (out: string) =>
    (
      JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as {
        outcome: { results: { steps: number }; selectedStep: number; course: Record<string, unknown> };
      }
    ).outcome;
  const parametersOf = (out: string) => {
    const file = decodeSafetensors(lastCheckpoint(out), out);
    if (E.isLeft(file)) throw new Error(file.left.found);
    return new Map(
      [...file.right.tensors].map(([name, { data }]) => [
        name,
        Array.from(new Float32Array(data.slice().buffer)),
      ]),
    );
  };

  it('takes the learning rate times the factor of its rollbacks', async () => {
    const [planted, halved, whole] = ['planted', 'halved', 'unhalved'].map((name) => join(scratch, name));
    // As a run leaves it that went back to its start: from there on it is one of half the rate.
    mkdirSync(planted!);
    writeFileSync(join(planted!, 'rollbacks.json'), '[{ "from": 3, "to": 0, "found": "a test" }]');
    const rate = (value: number) => changed(`optimizer.learningRate=${value}`);
    await run(config('gdro'), planted!, rate(0.01));
    await run(config('gdro'), halved!, rate(0.005));
    await run(config('gdro'), whole!, rate(0.01));
    expect(lastCheckpoint(planted!).equals(lastCheckpoint(halved!))).toBe(true);
    expect(lastCheckpoint(planted!).equals(lastCheckpoint(whole!))).toBe(false);
    const report = readFileSync(join(planted!, 'report.html'), 'utf8');
    expect(report).toContain('Rolled back from step 3 to step 0');
  });

  it('goes back and on by itself where its numbers overflow, and is the same when stopped on its way', async () => {
    // Weights grow by 2.9 a step by the decay alone (1 − 0.39 · 10), and fall with half the rate.
    const overrides = changed(
      'training.epochs=20',
      'training.weightDecay=10',
      'training.maximumGradientNorm=null',
      'optimizer={ kind: sgd, learningRate: 0.39, momentum: 0, nesterov: false }',
      'checkpoints.every={ steps: 10 }',
      'evaluation.every={ steps: 20 }',
      'training.steps=60',
      'training.onNan={ kind: rollback, times: 2 }',
    );
    const [whole, parts] = [join(scratch, 'diverged'), join(scratch, 'diverged-parts')];
    const { said } = await run(config('erm'), whole, overrides);
    expect(said.join('\n')).toContain('with half the learning rate (rollback 1 of at most 2)');
    await run(config('erm'), parts, { ...overrides, every: 7 });
    expect(lastCheckpoint(parts).equals(lastCheckpoint(whole))).toBe(true);
    const log = (out: string) => readFileSync(join(out, 'metrics.jsonl'), 'utf8');
    expect(log(parts)).toBe(log(whole));
    expect(outcomeOf(whole).course.rollbacks).toHaveLength(1);
    const stop = changed(...overrides.overrides.slice(tiny.length + 1), 'training.onNan={ kind: stop }');
    await expect(run(config('erm'), join(scratch, 'diverged-stop'), stop)).rejects.toThrow('is not finite');
  });

  it('ends when its score does not rise, at the same step when stopped on its way, and says so', async () => {
    const overrides = changed(
      'evaluation.select=worst-group',
      'evaluation.every={ steps: 1 }',
      // No score rises by more than 1.
      'training.stopEarly={ kind: patience, evaluations: 3, minimumGain: 1.5 }',
    );
    const [whole, parts] = [join(scratch, 'early'), join(scratch, 'early-parts')];
    await run(config('erm'), whole, overrides);
    await run(config('erm'), parts, { ...overrides, every: 1 });
    for (const out of [whole, parts]) {
      const { results, course } = outcomeOf(out);
      expect(results.steps).toBe(4);
      expect(course).toMatchObject({
        chosen: 'the best worst group on validation images',
        stoppedEarly: 'at step 4 of 8: no better worst group by more than 1.5 since step 1',
      });
    }
    expect(lastCheckpoint(parts).equals(lastCheckpoint(whole))).toBe(true);
    const report = readFileSync(join(whole, 'report.html'), 'utf8');
    expect(report).toContain(
      `Step ${outcomeOf(whole).selectedStep}: the best worst group on validation images.`,
    );
    expect(report).toContain('Training stopped early at step 4 of 8');
  });

  it('accumulates gradients to those of the larger batch', async () => {
    const [large, parts] = [join(scratch, 'large'), join(scratch, 'accumulated')];
    const perceptron = 'network={ kind: multilayer-perceptron, hidden: [6] }';
    const withoutWidth = tiny.filter((line) => !line.startsWith('network'));
    const more = (...lines: readonly string[]) => ({ overrides: [...withoutWidth, perceptron, ...lines] });
    await run(config('erm'), large, more('training.batchSize=8'));
    await run(config('erm'), parts, more('training.batchSize=2', 'training.accumulate=4'));
    const [one, other] = [parametersOf(large), parametersOf(parts)];
    expect([...other.keys()]).toEqual([...one.keys()]);
    for (const [name, values] of one) {
      const largest = Math.max(1e-3, ...values.map(Math.abs));
      values.forEach((value, i) =>
        expect(Math.abs(other.get(name)![i]! - value), name).toBeLessThan(1e-4 * largest),
      );
    }
  });

  it('leaves results that its codec reads, and does not train a finished run again', async () => {
    const out = join(scratch, 'erm');
    const text = readFileSync(join(out, 'results.json'), 'utf8');
    const decoded = decodeJson(StageTwoRunResultsCodec, text, 'results.json');
    if (E.isLeft(decoded)) throw new Error(JSON.stringify(decoded.left));
    expect(decoded.right).toMatchObject({ name: 'mnist-correlation-erm', backend: 'wasm', seed: 1 });
    expect(decoded.right.method).toBe('erm');
    expect(decoded.right.result.groups.map(({ count }) => count)).toEqual([5, 5, 5, 5]);
    const again = await run(config('erm'), out, { every: 1 });
    expect(again.calls, 'a stop is never asked about').toBe(1);
    expect(text).toContain(JSON.stringify(again.results.result.average));
    const report = readFileSync(join(out, 'report.html'), 'utf8');
    expect(report).toContain(`<data value="${again.results.result.average!}">`);
  });

  it('writes the results of a run that was killed between its end and their file', async () => {
    const out = join(scratch, 'killed');
    const overrides = [...tiny, 'training.epochs=1'];
    await run(config('erm'), out, { overrides });
    const text = readFileSync(join(out, 'results.json'), 'utf8');
    rmSync(join(out, 'results.json'));
    rmSync(join(out, 'report.html'));
    await run(config('erm'), out, { overrides, every: 1 });
    expect(readFileSync(join(out, 'results.json'), 'utf8')).toBe(text);
    expect(existsSync(join(out, 'report.html'))).toBe(true);
  });

  it('adds up the time of a run that was stopped', async () => {
    const out = join(scratch, 'timed');
    const toRun = await experiment(config('erm'));
    const stopping = { say: () => undefined, stopRequested: () => true };
    await expect(runStageTwo(toRun, { out, backend }, stopping)).rejects.toMatchObject({ exitCode: 75 });
    const kept = JSON.parse(readFileSync(join(out, 'elapsed.json'), 'utf8')) as { seconds: number };
    expect(kept.seconds).toBeGreaterThan(0);
    writeFileSync(join(out, 'elapsed.json'), '{ "seconds": 1000 }');
    const { results } = await run(config('erm'), out);
    expect(Math.floor(results.result.seconds / 100)).toBe(10);
  });

  it('ends with exit code 1 when a loss is not finite, and names the last good checkpoint', async () => {
    const before = tf.memory().numTensors;
    const overrides = [...tiny, 'optimizer.learningRate=1e30'];
    await expect(run(config('erm'), join(scratch, 'infinite'), { overrides })).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(
        /^erm: loss is not finite at step \d+: .*last good checkpoint/,
      ) as string,
    });
    expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
  });

  it.each(['erm', 'gdro', 'camel'])('%s: evaluates groups that it is not trained on', async (name) => {
    const out = join(scratch, `${name}-aligned`);
    const overrides = [...tiny.slice(4), 'data.sizes={ kind: correlation, probability: 1, images: 40 }'];
    const { results, said } = await run(config(name), out, { overrides, translationsFrom: neighbours });
    expect(said.filter((line) => line.endsWith('not trained on'))).toEqual([
      '(Y=0)(Z=1): no training images; it is evaluated, not trained on',
      '(Y=1)(Z=0): no training images; it is evaluated, not trained on',
    ]);
    const { result } = results;
    expect(result.groups.map(({ count }) => count)).toEqual([5, 5, 5, 5]);
    expect(result.worstGroup!.accuracy).toBe(Math.min(...result.groups.map(({ accuracy }) => accuracy!)));
    const losses = firstTraining(out);
    const { groupCounts } = JSON.parse(losses!) as { groupCounts: readonly number[] };
    expect(groupCounts).toHaveLength(2);
    expect(groupCounts[0]! + groupCounts[1]!).toBe(8);
    const context = { say: () => undefined, stopRequested: () => false };
    expect((await evaluateRun({ run: out, split: 'test' }, context)).report.groups).toEqual(result.groups);
  });

  it('CAMEL trains on translations of the groups that are trained on, and evaluates those of all', async () => {
    const out = join(scratch, 'camel-aligned-both');
    const overrides = [
      ...tiny.slice(4),
      'data.sizes={ kind: correlation, probability: 1, images: 40 }',
      'method.trainOn=both',
      'method.translations.evaluationSplits=true',
      'evaluation.translated=true',
    ];
    const { results } = await run(config('camel'), out, { overrides, translationsFrom: neighbours });
    expect(results.result.groups).toHaveLength(12);
    const losses = firstTraining(out);
    // Four of each of two groups, and as many of either translation.
    expect((JSON.parse(losses!) as { groupCounts: unknown }).groupCounts).toEqual([4, 4, 4, 4, 4, 4]);
  });

  it('keeps as many checkpoints as it is told to', async () => {
    const out = join(scratch, 'kept');
    await run(config('erm'), out, { overrides: [...tiny, 'checkpoints.keep=null', 'training.epochs=3'] });
    expect(checkpoints(out)).toHaveLength(3);
  });

  it('CAMEL trains on translations, and counts them as groups where it is asked to', async () => {
    const out = join(scratch, 'camel-both');
    const overrides = [
      ...tiny,
      'method.trainOn=both',
      'method.translations.evaluationSplits=true',
      'evaluation.translated=true',
      'evaluation.metrics=[auroc, confusion-matrix, recall, invariance-penalty]',
    ];
    const { results } = await run(config('camel'), out, { overrides, translationsFrom: neighbours });
    expect(results.result.groups.map(({ name }) => name).slice(0, 3)).toEqual([
      '(Y=0)(Z=0)',
      '(Y=0)(Z=0)(A-F)',
      '(Y=0)(Z=0)(A-G)',
    ]);
    const { metrics } = results.result as unknown as { metrics: { groups: object[]; all: object } };
    expect(Object.keys(metrics.all)).toEqual(['auroc', 'confusion-matrix', 'recall', 'invariance-penalty']);
    expect(metrics.groups).toHaveLength(12);
    const losses = firstTraining(out);
    expect((JSON.parse(losses!) as { consistency: number }).consistency).toBeGreaterThan(0);
  });
});

describe('evaluation', () => {
  const context = { say: () => undefined, stopRequested: () => false };
  it('gives the report of the test split again, with the checkpoint that was selected', async () => {
    const out = join(scratch, 'gdro');
    const before = tf.memory().numTensors;
    const { report, step, damaged } = await evaluateRun({ run: out, split: 'test' }, context);
    expect(tf.memory().numTensors).toBe(before);
    const { results } = await run(config('gdro'), out);
    expect(results.result).toMatchObject(report);
    const best = JSON.parse(readFileSync(join(out, 'best.json'), 'utf8')) as { step: number };
    expect([step, damaged]).toEqual([best.step, []]);
    const validation = await evaluateRun({ run: out, split: 'validation' }, context);
    expect(validation.report.groups.map(({ count }) => count)).toEqual([20, 4, 4, 20]);
  });

  it('stops when asked to, and gives every tensor back', async () => {
    const before = tf.memory().numTensors;
    const stopping = { ...context, stopRequested: () => true };
    const stopped = evaluateRun({ run: join(scratch, 'gdro'), split: 'test' }, stopping);
    await expect(stopped).rejects.toMatchObject({ exitCode: 75 });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes the best checkpoint so far of a run that is not finished', async () => {
    const out = join(scratch, 'unfinished');
    const toRun = await experiment(config('erm'));
    let asked = 0;
    const stopping = { say: () => undefined, stopRequested: () => ++asked >= 3 };
    await expect(runStageTwo(toRun, { out, backend }, stopping)).rejects.toMatchObject({ exitCode: 75 });
    const files = checkpoints(out);
    expect(files).toHaveLength(2);
    expect((await evaluateRun({ run: out, split: 'train' }, context)).step).toBe(2);
    expect(checkpoints(out), 'nothing is changed').toEqual(files);
  });

  it('prints why summaries are missing', () => {
    const report = groupReport({
      predictions: [0, 1],
      labels: [0, 1],
      groups: [0, 2],
      table: { names: ['a', 'b', 'c'], classOf: [0, 0, 1], trainingCounts: [3, 1, 4] },
    });
    expect(groupReportTable(report).split('\n').slice(-2)).toEqual([
      'worst group –; average 100.0; group average –; gap within a class –',
      '– worst group, group average, gap: no images of b; the average is of the other groups',
    ]);
    expect(worstGroupNote(report)).toBe('worst group – (no images of b)');
    expect(worstGroupNote({ ...report, worstGroup: { name: 'a', accuracy: 0.25 } })).toBe(
      'worst group 25.0 %',
    );
  });

  it('prints a table', () => {
    const report = {
      groups: [
        { name: 'cats', count: 10, accuracy: 0.5, interval: [0.2366, 0.7634], loss: 0.25 },
        { name: 'dogs', count: 0, accuracy: null, interval: null, loss: null },
      ],
      worstGroup: { name: 'cats', accuracy: 0.5 },
      average: null,
      groupAverage: 0.5,
      gap: 0,
    } as const;
    expect(groupReportTable(report).split('\n')).toEqual([
      'group  images  accuracy  95 % interval  cross-entropy',
      'cats       10      50.0    23.7 – 76.3          0.250',
      'dogs        0         –              –              –',
      '',
      'worst group 50.0 cats; average –; group average 50.0; gap within a class 0.0',
    ]);
  });
});

describe('bad input', () => {
  const failure = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'nothing',
      (error: unknown) => {
        expect(error).toMatchObject({ exitCode: 2 });
        return (error as Error).message;
      },
    );
  it('a folder of data that is not there leaves no run folder behind', async () => {
    const out = join(scratch, 'missing');
    const toRun = await experimentToRun(config('erm'), 'stage-2', {
      overrides: tiny,
      roots: { DATA: join(scratch, 'nowhere') },
    });
    const context = { say: () => undefined, stopRequested: () => false };
    expect(await failure(runStageTwo(toRun, { out, backend }, context))).toMatch(
      /MNIST folder .*no such folder/,
    );
    expect(existsSync(out)).toBe(false);
  });
  it('weights that are not there leave no run folder behind either', async () => {
    const out = join(scratch, 'weightless');
    const overrides = [
      ...tiny.filter((each) => !each.startsWith('network')),
      'network={ kind: resnet50, width: 0.02, weights: { kind: file, path: nowhere.h5 } }',
    ];
    expect(await failure(run(config('erm'), out, { overrides }))).toMatch(
      /nowhere\.h5: expected a file of weights/,
    );
    expect(existsSync(out)).toBe(false);
  });
  it('a configuration of the other stage', async () => {
    const file = at('configs/stage-1/mnist-correlation/all-classes.yaml');
    expect(await failure(experiment(file, []))).toMatch(
      /expected a stage-2 experiment, found stage-1; npm run stage1/,
    );
  });
  it('other settings, or other data, in the same folder are named', async () => {
    const out = join(scratch, 'erm');
    expect(await failure(run(config('erm'), out, { overrides: [...tiny, 'seed=3'] }))).toMatch(
      /seed: 1 there, 3 here/,
    );
    expect(
      await failure(run(config('erm'), out, { overrides: [...tiny, 'data.corruption=dottedLine'] })),
    ).toMatch(/data\.corruption: "zigzag" there, "dottedLine" here/);
  });
  it('sizes that leave no training images', async () => {
    const overrides = [...tiny.slice(4), 'data.sizes={ kind: balanced, images: 1 }'];
    const out = join(scratch, 'empty');
    expect(await failure(run(config('erm'), out, { overrides }))).toMatch(
      /: data\.sizes: expected training images of two classes, found none; set data\.sizes\.images to 2 or more/,
    );
    expect(existsSync(out)).toBe(false);
  });
  it('translated evaluation images that nobody made', async () => {
    const onlyTrain: ObtainTranslations = async (...given) => {
      const { splits, ...rest } = await neighbours(...given);
      return { ...rest, splits: { train: splits.train } };
    };
    const overrides = [...tiny, 'method.translations.evaluationSplits=true', 'evaluation.translated=true'];
    const before = tf.memory().numTensors;
    const message = await failure(
      run(config('camel'), join(scratch, 'untranslated'), { overrides, translationsFrom: onlyTrain }),
    );
    expect(message).toMatch(/evaluation\.translated: .*evaluationSplits/);
    expect(tf.memory().numTensors, 'network and state are given back').toBe(before);
  });
  it('a folder to evaluate that is no run, or none of stage 2', async () => {
    const context = { say: () => undefined, stopRequested: () => false };
    const evaluate = (folder: string) => failure(evaluateRun({ run: folder, split: 'test' }, context));
    expect(await evaluate(join(scratch, 'nowhere'))).toMatch(/run\.json: expected .* found no such file/);
    const folder = join(scratch, 'other');
    mkdirSync(folder);
    const file = { format: 2, settingsHash: '', settings: { kind: 'stage-1' }, outcome: { bestStep: 3 } };
    writeFileSync(join(folder, 'run.json'), JSON.stringify(file));
    expect(await evaluate(folder)).toMatch(
      /expected a run of a stage-2 experiment, found one of stage-1; give /,
    );
    writeFileSync(join(folder, 'run.json'), readFileSync(join(scratch, 'erm', 'run.json')));
    const before = tf.memory().numTensors;
    expect(await evaluate(folder)).toMatch(/checkpoints/);
    expect(tf.memory().numTensors, 'the network is given back').toBe(before);
  });
});
