/**
 * What people see of a run in their tools: every value of the log, by TensorBoard's own reader and by pandas where
 * Python has them (`MODEL_PATCHING_PYTHON`, else `python3`), and by a decoding of its own everywhere.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeEvents } from '../../../src/logs/event-file.ts';
import { loggerOf, type LogEntry } from '../../../src/logs/run-logger.ts';
import { experimentToRun } from '../../../src/experiment/run-settings.ts';
import { runStageOne } from '../../../src/experiment/stage-one/run-stage-one.ts';
import { runStageTwo, type RunStageTwoOptions } from '../../../src/experiment/stage-two/run-stage-two.ts';
import type { ObtainTranslations } from '../../../src/experiment/translations/translations.ts';
import { useBackend } from '../../support/backend.ts';
import { writeSmallMnist } from '../../support/small-mnist.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'run-logs-'));
const backend = { name: 'wasm', device: 'test' } as const;
const labels = { y0z0: 'even clean', y0z1: 'even zigzag', y1z0: 'odd clean', y1z1: 'odd zigzag' };
const GROUPS = Object.values(labels);
const STAGE_TWO = [
  'data.sizes={ kind: parts, training: { y0z0: 24, y0z1: 6, y1z0: 6, y1z1: 24 }, validation: { y0z0: 5, y0z1: 5, y1z0: 5, y1z1: 5 }, gate: { training: 10, heldOut: 4 } }',
  'data.testImages=5',
  'network.width=0.1',
  'training={ steps: 7, batchSize: 8, epochBatchSize: 15 }',
  'evaluation.every={ steps: 3 }',
  'checkpoints.every={ steps: 2 }',
];
const STAGE_ONE = [
  'data.sizes={ kind: parts, training: { y0z0: 24, y0z1: 6, y1z0: 6, y1z1: 24 }, validation: { y0z0: 5, y0z1: 5, y1z0: 5, y1z1: 5 }, gate: { training: 10, heldOut: 4 } }',
  'data.testImages=5',
  'training={ steps: 4, batchSize: 4 }',
  'generator.width=0.0625',
  'discriminator.width=0.0625',
  'checkpoints.every={ steps: 2 }',
  'gallery.every={ steps: 2 }',
  'gate={ kind: strict, every: { steps: 2 }, trainingImages: 3, heldOutImages: 2, domainSteps: 2, labelSteps: 2, width: 0.1, batchSize: 8 }',
];

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

/** Runs to the end, with a stop after every so many questions whether to stop. */
async function untilDone(work: (stopRequested: () => boolean) => Promise<unknown>, every: number) {
  for (;;) {
    let asked = 0;
    try {
      return await work(() => ++asked >= every);
    } catch (error) {
      if (!(error instanceof Error && 'exitCode' in error && error.exitCode === 75)) throw error;
    }
  }
}

const said: string[] = [];
const say = (line: string): void => void said.push(line);

interface StageTwoChanges extends Partial<RunStageTwoOptions> {
  readonly method?: 'camel' | 'erm';
  readonly overrides?: readonly string[];
}

async function stageTwo(
  out: string,
  every = Infinity,
  { method = 'camel', overrides = [], ...options }: StageTwoChanges = {},
) {
  const file = at(`examples/configs/stage-2/mnist-correlation/${method}.yaml`);
  const toRun = await experimentToRun(file, 'stage-2', {
    overrides: [...STAGE_TWO, ...overrides],
    roots: { DATA: scratch, RUNS: scratch },
  });
  const rest = { backend, labels, translationsFrom: neighbours, ...options };
  await untilDone((stopRequested) => runStageTwo(toRun, { out, ...rest }, { say, stopRequested }), every);
}

async function stageOne(out: string, every = Infinity) {
  const file = at('examples/configs/stage-1/mnist-correlation/all-classes.yaml');
  const toRun = await experimentToRun(file, 'stage-1', { overrides: STAGE_ONE, roots: { DATA: scratch } });
  await untilDone((stopRequested) => runStageOne(toRun, { out, backend }, { say, stopRequested }), every);
}

const eventFileOf = (out: string): string => {
  const files = readdirSync(out).filter((name) => name.startsWith('events.out.tfevents.'));
  expect(files).toHaveLength(1);
  return join(out, files[0]!);
};

function eventsOf(out: string) {
  const events = decodeEvents(readFileSync(eventFileOf(out)));
  if (E.isLeft(events)) throw new Error(JSON.stringify(events.left));
  return events.right.map(({ step, values }) => ({ step, values }));
}

const tables = (out: string): readonly string[] =>
  ['train.csv', 'val.csv', 'test.csv'].map((name) => readFileSync(join(out, name), 'utf8'));

type Json = Readonly<Record<string, unknown>>;
const logOf = (out: string): readonly (Json & { readonly step: number; readonly kind: string })[] =>
  readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Json & { readonly step: number; readonly kind: string });

/** All scalars by name: step and value of each. */
function scalarsOf(out: string): Readonly<Record<string, readonly (readonly [number, number])[]>> {
  const found: Record<string, (readonly [number, number])[]> = {};
  for (const { step, values } of eventsOf(out))
    for (const value of values)
      if (value.kind === 'scalar') (found[value.tag] ??= []).push([step, value.value]);
  return found;
}

const python = process.env['MODEL_PATCHING_PYTHON'] ?? 'python3';
function has(module: string): boolean {
  try {
    execFileSync(python, ['-c', `import ${module}`], { stdio: 'ignore' });
    return true;
  } catch {
    console.log(`Files written here are not read by ${module}: ${python} does not have it.`);
    return false;
  }
}

const [whole, parts] = [join(scratch, 'camel'), join(scratch, 'camel-parts')];
const [one, oneInParts] = [join(scratch, 'stage-1'), join(scratch, 'stage-1-parts')];
beforeAll(async () => {
  await useBackend('wasm');
  await writeSmallMnist(join(scratch, 'mnist'));
  await stageTwo(whole);
  await stageTwo(parts, 1);
  await stageOne(one);
  await stageOne(oneInParts, 3);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Report {
  readonly groups: readonly { readonly name: string; readonly accuracy: number; readonly loss: number }[];
  readonly worstGroup: { readonly accuracy: number };
}

describe('the event file of stage 2', () => {
  it('has each loss, group, weight and rate of the log, and the report on the test split', () => {
    const scalars = scalarsOf(whole);
    const training = logOf(whole).filter(({ kind }) => kind === 'training');
    expect(training).toHaveLength(7);
    const logged = (name: string, of: (record: Json) => unknown): void =>
      expect(scalars[name], name).toEqual(
        training.map((record) => [record.step, Math.fround(of(record) as number)]),
      );
    for (const [name, field] of [
      ['train/loss', 'loss'],
      ['train/robust', 'robust'],
      ['train/consistency', 'consistency'],
      ['train/decay', 'decay'],
      ['train/gradient_norm', 'gradientNorm'],
      ['train/learning_rate', 'learningRate'],
    ] as const)
      logged(name, (record) => record[field]);
    GROUPS.forEach((group, g) => {
      logged(`train/loss/${group}`, ({ groupMeans }) => (groupMeans as number[])[g]);
      logged(`train/adversary_weight/${group}`, ({ adversaryWeights }) => (adversaryWeights as number[])[g]);
    });
    const evaluations = logOf(whole).filter(({ kind }) => kind === 'evaluation');
    expect(evaluations.map(({ step }) => step)).toEqual([3, 6, 7]);
    const reports = evaluations.map(({ reports: each }) => (each as { validation: Report }).validation);
    GROUPS.forEach((group, g) => {
      expect(scalars[`validation/accuracy/${group}`]!.map(([, value]) => value)).toEqual(
        reports.map(({ groups }) => Math.fround(groups[g]!.accuracy)),
      );
      expect(scalars[`validation/loss/${group}`]!.map(([, value]) => value)).toEqual(
        reports.map(({ groups }) => Math.fround(groups[g]!.loss)),
      );
    });
    expect(scalars['validation/worst_group_accuracy']!.map(([, value]) => value)).toEqual(
      reports.map(({ worstGroup }) => Math.fround(worstGroup.accuracy)),
    );
    const { result } = JSON.parse(readFileSync(join(whole, 'results.json'), 'utf8')) as {
      readonly result: Report & { readonly selectedStep: number };
    };
    GROUPS.forEach((group, g) =>
      expect(scalars[`test/accuracy/${group}`]).toEqual([
        [result.selectedStep, Math.fround(result.groups[g]!.accuracy)],
      ]),
    );
  });

  it('has what the first step was given as a picture, the settings, and the table of results', () => {
    const values = eventsOf(whole).flatMap(({ values }) => values);
    const [picture] = values.filter(({ kind }) => kind === 'images');
    // A row of originals and one of each kind of translation, eight in a row.
    expect(picture).toMatchObject({ tag: 'examples', width: 8 * 28, height: 3 * 28 });
    const texts = Object.fromEntries(
      values.flatMap((value) => (value.kind === 'text' ? [[value.tag, value.texts.join()]] : [])),
    );
    expect(texts['configuration']).toContain('\nmethod:\n  kind: camel\n');
    expect(texts['results']).toMatch(/\n\| even zigzag \| 5 \| \d+\.\d % \| /);
  });

  it('and the tables are the same after any number of stops, and can be made anew of the log', async () => {
    expect(eventsOf(parts)).toEqual(eventsOf(whole));
    expect(readFileSync(eventFileOf(parts)).length).toBe(readFileSync(eventFileOf(whole)).length);
    expect(tables(parts)).toEqual(tables(whole));
    const [events, rows] = [eventsOf(whole), tables(whole)];
    rmSync(eventFileOf(whole));
    ['train.csv', 'val.csv', 'test.csv'].forEach((name) => rmSync(join(whole, name)));
    await stageTwo(whole);
    expect(eventsOf(whole)).toEqual(events);
    expect(tables(whole)).toEqual(rows);
  });

  it('that cannot be written keeps no training from its end, and is said in a line', async () => {
    const out = join(scratch, 'blocked');
    mkdirSync(join(out, 'train.csv', 'in-the-way'), { recursive: true });
    mkdirSync(join(out, 'events.out.tfevents.1.x'));
    said.length = 0;
    await stageTwo(out);
    expect(readFileSync(join(out, 'results.json'), 'utf8')).toContain('"worstGroup"');
    const goesOn = said.filter((line) => line.includes('the run goes on'));
    expect(goesOn.filter((line) => line.includes('tfevents'))).toHaveLength(1);
    expect(goesOn.filter((line) => line.includes('train.csv'))).toHaveLength(1);
  });
});

it('the event file of stage 1 has losses, rates, the gate and the translations, whether or not it was stopped', () => {
  expect(eventsOf(oneInParts)).toEqual(eventsOf(one));
  const scalars = scalarsOf(one);
  const training = logOf(one).filter(({ kind }) => kind === 'training');
  for (const [name, field] of [
    ['train/cycle_source', 'cycleSource'],
    ['train/generator_to_target', 'generatorToTarget'],
  ] as const)
    expect(scalars[name]).toEqual(training.map((each) => [each.step, Math.fround(each[field] as number)]));
  const gate = logOf(one).filter(({ kind }) => kind === 'evaluation');
  expect(scalars['gate/flip_rate/to_target']).toEqual(
    gate.map(({ step, flipRate }) => [step, Math.fround((flipRate as { toTarget: number }).toTarget)]),
  );
  expect(scalars['train/learning_rate/generators']).toHaveLength(4);
  const pictures = eventsOf(one).flatMap(({ step, values }) =>
    values.flatMap((value) =>
      value.kind === 'images' ? [[step, value.tag, value.images[0]!] as const] : [],
    ),
  );
  expect(pictures.map(([step, tag]) => [step, tag])).toEqual([
    [2, 'translations'],
    [4, 'translations'],
  ]);
  for (const [step, , png] of pictures)
    expect(Buffer.compare(png, readFileSync(join(one, 'gallery', `step-00000000${step}.png`)))).toBe(0);
});

it('a logger of the caller is told the same', async () => {
  const told: LogEntry[] = [];
  await stageTwo(join(scratch, 'told'), Infinity, { logger: loggerOf((entry) => void told.push(entry)) });
  expect(told.map(({ kind }) => kind)).toEqual([
    ...['settings', 'scalars', 'scalars', 'scalars', 'images', 'scalars'],
    ...['scalars', 'scalars', 'scalars', 'scalars', 'scalars', 'scalars', 'scalars', 'text'],
  ]);
});

it('a logger that fails is told later what it has missed, and its settings once', async () => {
  const told: string[] = [];
  let calls = 0;
  const logger = loggerOf((entry) => {
    if (++calls === 3) throw new Error('no network');
    told.push(entry.kind === 'settings' ? 'settings' : `${entry.kind} ${entry.step}`);
  });
  const all: string[] = [];
  const other = loggerOf(
    (entry) => void all.push(entry.kind === 'settings' ? 'settings' : `${entry.kind} ${entry.step}`),
  );
  await stageTwo(join(scratch, 'told-all'), Infinity, { logger: other });
  await stageTwo(join(scratch, 'told-late'), Infinity, { logger });
  expect(told).toEqual(all);
});

describe.skipIf(!has('tensorboard'))('TensorBoard', () => {
  it('shows every scalar, text and image of both stages', () => {
    const shown = JSON.parse(
      execFileSync(python, [at('test/support/read_event_files.py'), scratch], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as Readonly<
      Record<
        string,
        {
          scalars: object;
          texts: Record<string, [number, string][]>;
          images: Record<string, [number, string[]][]>;
        }
      >
    >;
    for (const out of [whole, parts, one]) {
      const { scalars, texts, images } = shown[out.slice(scratch.length + 1)]!;
      expect(scalars).toEqual(scalarsOf(out));
      expect(Object.keys(texts)).toEqual(['configuration', 'results']);
      expect(texts['configuration']![0]![1]).toContain('```yaml\nversion: 1\n');
      for (const [step, [, , png]] of Object.values(images)[0]!)
        expect(png).toBe(readFileSync(join(out, 'gallery', `step-00000000${step}.png`)).toString('base64'));
    }
  });
});

it('the tables have a column for every group, also where a batch lacks it', async () => {
  const out = join(scratch, 'erm');
  await stageTwo(out, Infinity, { method: 'erm', overrides: ['training.batchSize=2'] });
  const [header, ...rows] = tables(out)[0]!
    .trim()
    .split('\n')
    .map((row) => row.split(','));
  const training = logOf(out).filter(({ kind }) => kind === 'training');
  const lists = (name: string) => training.map((record) => record[name] as readonly number[]);
  const [means, counts] = [lists('groupMeans'), lists('groupCounts')];
  expect(counts.every((each) => each.includes(0))).toBe(true);
  const columns = (name: string) =>
    rows.map((row) => GROUPS.map((_, g) => row[header!.indexOf(`${name}_group:${g}`)]));
  expect(columns('avg_loss')).toEqual(
    means.map((each, i) => each.map((mean, g) => (counts[i]![g] === 0 ? '' : String(mean)))),
  );
  expect(columns('processed_data_count')).toEqual(counts.map((each) => each.map(String)));
});

describe.skipIf(!has('pandas'))('pandas', () => {
  it('reads the tables with the values of the log', () => {
    const script = join(scratch, 'tables.py');
    writeFileSync(
      script,
      'import sys, json, pandas\nprint(json.dumps({n: json.loads(pandas.read_csv(f"{sys.argv[1]}/{n}.csv").to_json(orient="records", double_precision=15)) for n in ["train", "val", "test"]}))\n',
    );
    const read = JSON.parse(execFileSync(python, [script, whole], { encoding: 'utf8' })) as Readonly<
      Record<'train' | 'val' | 'test', readonly Readonly<Record<string, number>>[]>
    >;
    const training = logOf(whole).filter(({ kind }) => kind === 'training');
    expect(read.train.map(({ epoch, batch }) => [epoch, batch])).toEqual(
      training.map(({ step }) => [Math.floor((step - 1) / 4), (step - 1) % 4]),
    );
    read.train.forEach((row, i) => {
      const { groupMeans, groupCounts, decay, robust, consistency } = training[i]! as unknown as {
        groupMeans: number[];
        groupCounts: number[];
      } & Record<'decay' | 'robust' | 'consistency', number>;
      GROUPS.forEach((_, g) => {
        expect(row[`avg_loss_group:${g}`]).toBeCloseTo(groupMeans[g]!, 12);
        expect(row[`processed_data_count_group:${g}`]).toBe(groupCounts[g]);
      });
      expect(row['reg_loss']).toBeCloseTo(decay, 12);
      expect(row['avg_actual_loss']).toBeCloseTo(robust + consistency, 12);
    });
    const accuracy = logOf(whole)
      .filter(({ kind }) => kind === 'evaluation')
      .map(({ reports }) => (reports as { validation: Report }).validation.groups[1]!.accuracy);
    expect(read.val.map((row) => row['avg_acc_group:1'])).toEqual(accuracy);
    expect(read.test).toHaveLength(1);
  });
});
