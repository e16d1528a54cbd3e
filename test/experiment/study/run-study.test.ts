/** Studies from their file to `results.json`: what fails, what goes on, what is kept, and what is refused. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeJson } from '../../../src/config/decoding.ts';
import {
  StudyResultsCodec,
  type MethodResult,
  type StudyResults,
} from '../../../src/config/study-results.ts';
import { formatDataError } from '../../../src/data/data-error.ts';
import { lockFolder } from '../../../src/runs/run-lock.ts';
import { readStudy } from '../../../src/experiment/study/read-study.ts';
import { runStudy, type RunStudyOptions } from '../../../src/experiment/study/run-study.ts';
import { untilDone } from '../../same-bits/until-done.ts';
import { useBackend } from '../../support/backend.ts';
import { writeSmallMnist } from '../../support/small-mnist.ts';
import { STUDY, TINY } from '../../support/tiny-study.ts';

const scratch = mkdtempSync(join(tmpdir(), 'study-'));
const at = (name: string): string => join(scratch, name);
const backend = { name: 'wasm', device: 'test' } as const;

interface Asked extends Partial<Pick<RunStudyOptions, 'seeds' | 'methods'>> {
  readonly set?: readonly string[];
  readonly stopEvery?: number;
}

async function run(out: string, { set = [], seeds = [1], methods = null, stopEvery }: Asked = {}) {
  const read = await readStudy(STUDY, [...TINY, ...set]);
  if (E.isLeft(read)) throw new Error(read.left.map(formatDataError).join('\n'));
  const options = { out, file: STUDY, roots: { DATA: scratch }, seeds, methods, backend };
  return untilDone((context) => runStudy(read.right, options, context), stopEvery);
}

const text = (...path: readonly string[]): string => readFileSync(join(...path), 'utf8');
const written = (out: string): StudyResults => {
  const decoded = decodeJson(StudyResultsCodec, text(out, 'results.json'), 'results.json');
  if (E.isLeft(decoded)) throw new Error(JSON.stringify(decoded.left));
  return decoded.right;
};
const resultOf = ({ seeds }: StudyResults, method: string, seed = 0): MethodResult => {
  const result = seeds[seed]!.methods[method]!;
  if ('failed' in result) throw new Error(result.failed);
  return result;
};
const isChance = (key: string): boolean => key === 'seconds' || key === 'elapsed';
const withoutSeconds = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, each: unknown) => (isChance(key) ? undefined : each)));
const listeners = (): readonly number[] => ['SIGINT', 'SIGTERM'].map((each) => process.listenerCount(each));
const isRoot = process.getuid?.() === 0;

/** What a study leaves behind in the program. */
async function leavingNothing<A>(work: () => Promise<A>): Promise<A> {
  const before = [tf.memory().numTensors, ...listeners()];
  try {
    return await work();
  } finally {
    expect([tf.memory().numTensors, ...listeners()], 'tensors and listeners left behind').toEqual(before);
  }
}

/** Runs two methods on data that are gone once a certain line has been said. */
async function withoutDataAfter(line: string, set: readonly string[] = []): Promise<StudyResults> {
  const root = mkdtempSync(at('data-'));
  await writeSmallMnist(join(root, 'mnist'));
  const read = await readStudy(STUDY, [...TINY, ...set]);
  if (E.isLeft(read)) throw new Error(read.left.map(formatDataError).join('\n'));
  const say = (said: string): void => {
    if (said === line) rmSync(join(root, 'mnist'), { recursive: true });
  };
  const asked = { out: join(root, 'out'), roots: { DATA: root }, seeds: [1], methods: ['erm', 'group-dro'] };
  const context = { say, stopRequested: () => false };
  return leavingNothing(() => runStudy(read.right, { ...asked, file: STUDY, backend }, context));
}

beforeAll(async () => {
  await useBackend('wasm');
  await writeSmallMnist(join(scratch, 'mnist'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('a study', () => {
  it('runs stage 1 and every method, and writes what each came to', async () => {
    const results = await leavingNothing(() => run(at('whole')));
    expect(written(at('whole'))).toEqual(results);
    expect(results).toMatchObject({
      format: 2,
      name: 'mnist-correlation-smoke',
      backend: 'wasm',
      device: 'test',
    });
    const [seed, ...others] = results.seeds;
    expect([seed!.seed, others]).toEqual([1, []]);
    expect(seed!.stage1).toMatchObject([{ name: 'stage-1', steps: 4 }]);
    expect(Object.keys(seed!.methods)).toEqual(['erm', 'group-dro', 'camel']);
    for (const method of ['erm', 'group-dro', 'camel']) {
      const { groups, worstGroup, average, groupAverage, gap, steps } = resultOf(results, method);
      const accuracies = groups.map(({ accuracy }) => accuracy!);
      const mean = accuracies.reduce((sum, each) => sum + each) / 4;
      expect(groups.map(({ count }) => count)).toEqual([5, 5, 5, 5]);
      expect(steps).toBe(4);
      expect(worstGroup!.accuracy).toBe(Math.min(...accuracies));
      expect(groupAverage).toBeCloseTo(mean, 12);
      // The average weighs groups by their training images, 24, 6, 6 and 24.
      const [even, evenZigzag, odd, oddZigzag] = accuracies as [number, number, number, number];
      expect(average).toBeCloseTo(0.4 * even + 0.1 * evenZigzag + 0.1 * odd + 0.4 * oddZigzag, 12);
      expect(gap).toBeCloseTo(Math.max(Math.abs(even - evenZigzag), Math.abs(odd - oddZigzag)), 12);
      expect(results.summary[method]).toMatchObject({ seeds: 1, average: { mean: average, sd: null } });
    }
    expect(readdirSync(at('whole/seed-1')).sort()).toEqual(['camel', 'erm', 'group-dro', 'stage-1']);
    expect(existsSync(at('whole/lock'))).toBe(false);
    for (const name of ['erm', 'camel'])
      expect(text(at(`whole/seed-1/${name}`), 'report.html'), name).toContain('odd zigzag');
  });

  it('stopped again and again, comes to the same', async () => {
    await leavingNothing(() => run(at('stopped'), { stopEvery: 4 }));
    expect(withoutSeconds(written(at('stopped')))).toEqual(withoutSeconds(written(at('whole'))));
    for (const name of ['stage-1', 'erm', 'group-dro', 'camel']) {
      const [whole, stopped] = ['whole', 'stopped'].map((folder) => {
        const checkpoints = at(`${folder}/seed-1/${name}/checkpoints`);
        return readFileSync(join(checkpoints, 'step-000000004.safetensors'));
      });
      expect(stopped!.equals(whole!), `${name}: the same bits`).toBe(true);
    }
  });

  it('opens its data once for all its runs', async () => {
    const results = await withoutDataAfter('seed-1/erm');
    expect(resultOf(results, 'erm').steps + resultOf(results, 'group-dro').steps).toBe(8);
  });

  it('that is stopped ends with exit code 75 and results of what is done', async () => {
    const read = await readStudy(STUDY, TINY);
    if (E.isLeft(read)) throw new Error('the study');
    const options = {
      out: at('halted'),
      file: STUDY,
      roots: { DATA: scratch },
      seeds: [1],
      methods: ['group-dro', 'erm'],
      backend,
    };
    let asked = 0;
    const context = { say: () => undefined, stopRequested: () => ++asked > 3 };
    const halted = leavingNothing(() => runStudy(read.right, options, context));
    await expect(halted).rejects.toMatchObject({ exitCode: 75 });
    expect(Object.keys(written(at('halted')).seeds[0]!.methods)).toEqual(['erm']);
    expect(existsSync(at('halted/lock'))).toBe(false);
  });

  it('that is done is not done again', async () => {
    const log = text(at('whole/seed-1/erm/metrics.jsonl'));
    const before = written(at('whole')).seeds;
    expect((await run(at('whole'))).seeds).toEqual(before);
    expect(text(at('whole/seed-1/erm/metrics.jsonl'))).toBe(log);
  });

  it('takes further methods and seeds, and keeps those of before', async () => {
    const out = at('added');
    const first = await run(out, { methods: ['erm'] });
    expect(Object.keys(first.seeds[0]!.methods)).toEqual(['erm']);
    expect(existsSync(join(out, 'seed-1/stage-1'))).toBe(false);
    const second = await run(out, { methods: ['group-dro'], seeds: [2, 1] });
    expect(second.seeds.map(({ seed, methods }) => [seed, Object.keys(methods)])).toEqual([
      [1, ['erm', 'group-dro']],
      [2, ['group-dro']],
    ]);
    expect(second.seeds[0]!.methods['erm']).toEqual(first.seeds[0]!.methods['erm']);
    const [one, two] = [0, 1].map((seed) => resultOf(second, 'group-dro', seed).average!);
    expect(second.summary['group-dro']!.seeds).toBe(2);
    expect(second.summary['group-dro']!.average.mean).toBeCloseTo((one! + two!) / 2, 12);
    expect(second.summary['group-dro']!.average.sd).toBeCloseTo(Math.abs(one! - two!) / Math.SQRT2, 12);
    const third = await run(out, {
      set: ['methods.bound={ method: { kind: camel, translations: true } }'],
      methods: ['bound'],
    });
    expect(Object.keys(third.seeds[0]!.methods)).toEqual(['erm', 'group-dro', 'bound']);
    expect(third.seeds[0]!.stage1).toEqual([]);
  });
});

describe('a run that fails', () => {
  const infinite = 'methods.erm.optimizer.learningRate=1e30';

  it('does not keep the others from theirs, and is the only one that is tried again', async () => {
    const out = at('infinite');
    const asked = { set: [infinite], methods: ['erm', 'group-dro'] };
    const results = await leavingNothing(() => run(out, asked));
    expect(results.seeds[0]!.methods['erm']).toEqual({
      failed: expect.stringMatching(
        /^erm: loss is not finite at step \d+: [^\n]*last good checkpoint[^\n]*$/,
      ) as string,
    });
    expect(Object.keys(results.summary)).toEqual(['group-dro']);
    const log = text(out, 'seed-1/group-dro/metrics.jsonl');
    const again = await run(out, asked);
    expect(text(out, 'seed-1/group-dro/metrics.jsonl')).toBe(log);
    expect(again.seeds).toEqual(results.seeds);
    // A call that does not ask for it leaves it as it was.
    expect((await run(out, { set: [infinite], methods: ['group-dro'] })).seeds).toEqual(results.seeds);
  });

  it('in stage 1 leaves CAMEL not run, and ERM done', async () => {
    const set = [
      'stage-1.0.optimizer={ generators: { learningRate: 1e30 }, discriminators: { learningRate: 1e30 } }',
    ];
    const results = await leavingNothing(() => run(at('stage-1'), { set, methods: ['erm', 'camel'] }));
    const [seed] = results.seeds;
    expect(seed!.stage1).toEqual([
      { name: 'stage-1', failed: expect.stringContaining('not finite') as string },
    ]);
    expect(seed!.methods['camel']).toEqual({ failed: 'not run: stage-1 failed' });
    expect(resultOf(results, 'erm').steps).toBe(4);
    expect(existsSync(at('stage-1/seed-1/camel'))).toBe(false);
  });

  it('has the data opened anew for the next one', async () => {
    const results = await withoutDataAfter('seed-1/erm', [infinite]);
    expect(results.seeds[0]!.methods).toMatchObject({
      erm: { failed: expect.stringContaining('not finite') as string },
      'group-dro': { failed: expect.stringContaining('MNIST folder') as string },
    });
  });

  it('since a file is in its way says so in a line, and is done once it is gone', async () => {
    const out = at('in-the-way');
    mkdirSync(join(out, 'seed-1'), { recursive: true });
    writeFileSync(join(out, 'seed-1/erm'), '');
    const asked = { methods: ['erm', 'group-dro'] };
    const { failed } = (await run(out, asked)).seeds[0]!.methods['erm'] as { failed: string };
    expect(failed).toMatch(/^\/[^\n]*: expected a file or folder that can be used, found [^\n]*$/);
    rmSync(join(out, 'seed-1/erm'));
    expect(resultOf(await run(out, asked), 'erm').steps).toBe(4);
  });
});

describe('bad input leaves the folder as it was', () => {
  const refusal = async (out: string, asked: Asked = {}): Promise<unknown> =>
    leavingNothing(() => run(out, { methods: ['erm'], ...asked })).then(
      () => 'no refusal',
      (error: unknown) => {
        const { message, exitCode } = error as { message: string; exitCode?: number };
        return [exitCode, message.replaceAll(scratch, '')];
      },
    );

  it('a study that has changed, by the names of its settings', async () => {
    const out = at('added');
    const before = [text(out, 'study.json'), text(out, 'results.json')];
    const refused = async (...set: readonly string[]) => {
      const [code, message] = (await refusal(out, { set })) as [number, string];
      expect(code).toBe(2);
      expect(message).toMatch(
        /^\/added\/study\.json: expected the study as it was begun, to which methods and seeds may be added, found /,
      );
      return /found (.*);/.exec(message)![1];
    };
    expect(await refused('stage-2.training.steps=5')).toBe(
      'methods.erm.training.steps: 4 there, 5 here; methods.group-dro.training.steps: 4 there, 5 here; methods.camel.training.steps: 4 there, 5 here',
    );
    expect(await refused('data.corruption=dottedLine')).toContain(
      'data.corruption: "zigzag" there, "dottedLine" here',
    );
    expect(await refused('name=other')).toBe('name: "mnist-correlation-smoke" there, "other" here');
    expect(await refused('stage-1.0.training.steps=9')).toBe(
      'stage-1.stage-1.training.steps: 4 there, 9 here',
    );
    expect([text(out, 'study.json'), text(out, 'results.json')]).toEqual(before);
  });

  it('a folder in which another program is at work', async () => {
    const out = at('locked');
    const lock = await lockFolder(out);
    if (E.isLeft(lock)) throw new Error('the lock');
    expect(await refusal(out)).toEqual([
      2,
      `/locked: expected a study that no other program is at work on, found process ${process.pid} at work on it; wait for it, stop it, or choose another folder`,
    ]);
    expect(readdirSync(out)).toEqual(['lock']);
    await lock.right();
  });

  it.each(['experiment.json', 'chain.json'])('a folder of an earlier version, with %s', async (name) => {
    const out = at(name);
    mkdirSync(out);
    writeFileSync(join(out, name), '{}');
    expect(await refusal(out)).toEqual([
      2,
      `/${name}/${name}: expected the folder of a study, found one that an earlier version made; choose another folder`,
    ]);
    expect(readdirSync(out)).toEqual([name]);
  });

  it('a damaged study.json', async () => {
    const out = at('damaged');
    mkdirSync(out);
    writeFileSync(join(out, 'study.json'), '{"format": 2,');
    expect(await refusal(out)).toEqual([
      2,
      '/damaged/study.json: expected the settings of a study, format 2, found "{\\"format\\": 2,"; restore the file, or choose another folder',
    ]);
  });

  it('data that are not there, or do not suffice for one of the experiments', async () => {
    const read = await readStudy(STUDY, TINY);
    if (E.isLeft(read)) throw new Error('the study');
    const options = { out: at('none'), file: STUDY, seeds: [1], methods: null, backend };
    const context = { say: () => undefined, stopRequested: () => false };
    const missing = runStudy(read.right, { ...options, roots: { DATA: at('nowhere') } }, context);
    await expect(missing).rejects.toMatchObject({ exitCode: 2 });
    const unset = runStudy(read.right, { ...options, roots: {} }, context);
    await expect(unset).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('${DATA}') as string,
    });
    const [code] = (await refusal(at('none'), { set: ['methods.erm.data.testImages=90'] })) as [
      number,
      string,
    ];
    expect(code).toBe(2);
    expect(existsSync(at('none'))).toBe(false);
  });

  it('data that have changed since its runs, which keep their results', { timeout: 60_000 }, async () => {
    const out = at('changed');
    await run(out, { methods: ['erm'] });
    const before = text(out, 'results.json');
    const labels = join(scratch, 'mnist', 'train-labels-idx1-ubyte');
    const whole = readFileSync(labels);
    const changed = Buffer.from(whole);
    changed[changed.length - 1] = (changed.at(-1)! + 2) % 10;
    writeFileSync(labels, changed);
    try {
      await expect(run(out, { methods: ['erm'] })).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(/found changed data: 1 label \(first: train 399\)/) as string,
      });
      // Another method would stand beside one that has learnt from other data.
      await expect(run(out, { methods: ['group-dro'] })).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(/erm\/run\.json: .*found changed data: 1 label/) as string,
      });
      // So would another seed.
      await expect(run(out, { methods: ['erm'], seeds: [2] })).rejects.toMatchObject({
        message: expect.stringMatching(/erm\/run\.json: .*found changed data: 1 label/) as string,
      });
      rmSync(join(out, 'seed-1', 'erm'), { recursive: true });
      await expect(run(out, { methods: ['group-dro'] })).rejects.toMatchObject({
        message: expect.stringMatching(
          /study\.json: expected the data that this study was begun with/,
        ) as string,
      });
    } finally {
      writeFileSync(labels, whole);
    }
    expect(text(out, 'results.json')).toBe(before);
    expect(resultOf(await run(out, { methods: ['erm'] }), 'erm').steps).toBe(4);
  });

  it('a folder that cannot be written', async ({ skip }) => {
    writeFileSync(at('file'), '');
    await expect(run(at('file'), { methods: ['erm'] })).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(run('/proc/study', { methods: ['erm'] })).rejects.toHaveProperty('code');
    skip(isRoot, 'root may write into every folder');
    mkdirSync(at('closed'));
    chmodSync(at('closed'), 0o500);
    await expect(run(at('closed'), { methods: ['erm'] })).rejects.toMatchObject({ code: 'EACCES' });
  });
});
