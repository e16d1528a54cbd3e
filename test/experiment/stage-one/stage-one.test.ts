/** Stage 1 and its translations on small pictures in memory: from a configuration to record folders. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageBatch } from '../../../src/augmentation/images.ts';
import { minusOneToOne } from '../../../src/augmentation/scaling.ts';
import { StageOneCodec, type StageOneExperiment } from '../../../src/config/schema/stage-one.ts';
import { StageTwoCodec, type StageTwoExperiment } from '../../../src/config/schema/stage-two.ts';
import type { DatasetExample, SplitName } from '../../../src/data/dataset.ts';
import { groupTable } from '../../../src/groups.ts';
import { obtainTranslations } from '../../../src/experiment/translations/augment.ts';
import { compareModes, modesTable } from '../../../src/experiment/translations/compare-modes.ts';
import type { ExperimentContext } from '../../../src/experiment/context.ts';
import { domainsOf } from '../../../src/experiment/stage-one/domains.ts';
import type { ExperimentImages, ImageReference } from '../../../src/experiment/images/experiment-images.ts';
import { gateNetworks } from '../../../src/experiment/stage-one/gate.ts';
import { StageOneOutcomeCodec } from '../../../src/experiment/outcomes.ts';
import { savedGate } from '../../../src/experiment/stage-one/gate-file.ts';
import { planStageOne } from '../../../src/experiment/stage-one/stage-one-plan.ts';
import { stageOne } from '../../../src/experiment/stage-one/stage-one.ts';
import { openRun } from '../../../src/runs/run-directory.ts';
import { foldKey, randomIntegers, randomKey } from '../../../src/random/random.ts';
import { disposeGate } from '../../../src/training/gate.ts';
import type { GateMeasure } from '../../../src/training/generator-measure.ts';
import { classes } from '../../../src/training/gate-classifiers.ts';
import { useBackend } from '../../support/backend.ts';

let root = '';
beforeAll(async () => {
  await useBackend('wasm');
  root = await mkdtemp(join(tmpdir(), 'stage-one-'));
});
afterAll(() => rm(root, { recursive: true }));

const SIDE = 18;
const NAMES = ['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'];
const COUNTS: Readonly<Record<SplitName, readonly number[]>> = {
  train: [6, 3, 4, 5],
  validation: [6, 6, 6, 6],
  test: [2, 2, 2, 2],
};

/** Pictures whose brightness is that of the subgroup, group by group in turns. */
function pictures(): ExperimentImages {
  const examples = (split: SplitName): readonly DatasetExample<ImageReference>[] => {
    const rounds = Math.max(...COUNTS[split]);
    return Array.from({ length: rounds }, (_, round) =>
      COUNTS[split].flatMap((count, group) => (round < count ? [{ round, group }] : [])),
    )
      .flat()
      .map(({ round, group }, i) => ({
        image: {
          file: `x/${split}/${group}-${round}.png`,
          seed: [split.length, round, group],
          subgroup: group % 2,
        },
        label: group >> 1,
        subgroup: group % 2,
        group,
        split,
        position: i,
      }));
  };
  return {
    name: 'pictures',
    table: groupTable(NAMES, COUNTS.train),
    classes: ['one', 'other'],
    subgroups: ['dark', 'bright'],
    shape: [SIDE, SIDE, 1],
    examples,
    load: (image) => {
      const { seed, subgroup } = image as { readonly seed: readonly number[]; readonly subgroup: number };
      const low = 128 * subgroup;
      return Promise.resolve(
        E.right(Uint8Array.from(randomIntegers(foldKey(randomKey(5), ...seed), SIDE * SIDE, low, low + 128))),
      );
    },
    close: () => Promise.resolve(),
  };
}

function decoded<A>(either: E.Either<unknown, A>): A {
  if (E.isLeft(either)) throw new Error('the settings of the test are wrong');
  return either.right;
}

const DATA = { kind: 'folder', root: 'x', classes: ['one', 'other'], subgroups: ['dark', 'bright'] } as const;
const IMAGE = { height: SIDE, width: SIDE, channels: 1 };

const stageOneSettings = (changed: object = {}): StageOneExperiment =>
  decoded(
    StageOneCodec.decode({
      version: 1,
      kind: 'stage-1',
      data: { ...DATA, image: IMAGE },
      generator: { kind: 'unet', filters: [2, 3], dropout: [0.5] },
      discriminator: { filters: [2, 3] },
      images: { augmentation: [{ kind: 'fliplr' }] },
      training: { epochs: 3, batchSize: 2 },
      checkpoints: { every: { epochs: 1 }, keep: null },
      gallery: { every: { steps: 2 }, images: 2 },
      pool: { capacity: 4 },
      ...changed,
    }),
  );

const camel = (sources: object, translations: object = {}, data: object = {}): StageTwoExperiment =>
  decoded(
    StageTwoCodec.decode({
      version: 1,
      kind: 'stage-2',
      data: { ...DATA, image: IMAGE, ...data },
      network: { kind: 'small-cnn' },
      method: { kind: 'camel', translations: { sources, batchSize: 2, ...translations } },
    }),
  );

type Camel = Extract<StageTwoExperiment['method'], { readonly kind: 'camel' }>;
type Sources = Camel['translations']['sources'];

const said: string[] = [];
const context = (stopAfter = Infinity): ExperimentContext => {
  let asked = 0;
  return { say: (line) => void said.push(line), stopRequested: () => ++asked > stopAfter };
};

/** However it ends, no tensor may be left. */
async function trainIn(folder: string, experiment: StageOneExperiment, stopAfter?: number) {
  const tensors = tf.memory().numTensors;
  const plan = planStageOne(experiment, pictures());
  const options = { keep: null, outcome: StageOneOutcomeCodec };
  const run = decoded(await openRun(folder, { ...experiment, roots: {} }, options));
  try {
    return await stageOne(plan, run, context(stopAfter), { skipDamaged: 0 });
  } finally {
    await run.close();
    plan.dispose();
    expect(tf.memory().numTensors, 'tensors left behind').toBe(tensors);
  }
}

/** Puts a folder where a file is or will be, which then can neither be read nor written. */
async function block(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await mkdir(join(path, 'in-the-way'), { recursive: true });
}

/** Flips a bit in the middle of a file. */
async function damage(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(path, bytes);
}

const filesOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).sort();

describe('the domains', () => {
  it('are the training images of the classes and subgroups, a number of them in equal parts from each class', () => {
    const at = (changed: object) => {
      const { source, target } = domainsOf(stageOneSettings({ translation: changed }), pictures());
      return [source, target].map((list) => list.map(({ group }) => group).join(''));
    };
    expect(at({})).toEqual(
      ['0202020200', '13131333'].map((text) =>
        expect.stringMatching(RegExp(`^[${[...new Set(text)].join('')}]+$`)),
      ),
    );
    expect(at({}).map((text) => text.length)).toEqual([10, 8]);
    expect(at({ classes: [1] })).toEqual(['2222', '33333']);
    expect(at({ source: { subgroup: 0, images: 5 } })[0]).toBe('02020');
    // class 0 has 3 bright ones only
    expect([...at({ target: { subgroup: 1, images: 7 } })[1]!].sort().join('')).toBe('1113333');
    expect(at({ source: { subgroup: 1 }, target: { subgroup: 0 }, classes: [0] })).toEqual(['111', '000000']);
  });

  it.each([
    [
      { classes: [2] },
      'translation.classes: expected classes below 2, the number of classes of pictures, found 2',
    ],
    [
      { target: { subgroup: 3 } },
      'translation.target: expected training images of subgroup 3 (of which there is none)',
    ],
  ])('refuse %j', (translation, message) => {
    expect(() => domainsOf(stageOneSettings({ translation }), pictures())).toThrow(message);
  });
});

const GATE = {
  kind: 'strict',
  every: { epochs: 1 },
  trainingImages: 4,
  heldOutImages: 3,
  domainSteps: 2,
  labelSteps: 2,
  batchSize: 8,
  width: 0.1,
};

describe('a stage-1 run', () => {
  it('leaves the same bits whether or not it was stopped, with pictures, and is not trained again', async () => {
    const [whole, parts] = [join(root, 'whole'), join(root, 'parts')];
    const outcome = await trainIn(whole, stageOneSettings());
    // the smaller domain has 8 images
    expect([outcome.stepsPerEpoch, outcome.steps, outcome.bestStep, outcome.measure]).toEqual([
      4,
      12,
      12,
      null,
    ]);
    await expect(trainIn(parts, stageOneSettings(), 4)).rejects.toThrow(
      'stopped; run the same command again',
    );
    await expect(trainIn(parts, stageOneSettings(), 2)).rejects.toThrow('stopped');
    await writeFile(join(parts, 'elapsed.json'), '{ "seconds": 1000 }');
    expect(Math.floor((await trainIn(parts, stageOneSettings())).seconds / 100)).toBe(10);
    const last = join('checkpoints', 'step-000000012.safetensors');
    expect((await readFile(join(parts, last))).equals(await readFile(join(whole, last)))).toBe(true);
    expect(await filesOf(join(whole, 'gallery'))).toEqual(
      ['02', '04', '06', '08', '10', '12'].map((step) => `step-0000000${step}.png`),
    );
    const { mtimeMs } = await stat(join(whole, last));
    expect(await trainIn(whole, stageOneSettings())).toEqual(outcome);
    expect((await stat(join(whole, last))).mtimeMs).toBe(mtimeMs);
  });

  it('is judged by a gate from validation images, and says which checkpoint is best', async () => {
    const folder = join(root, 'judged');
    const outcome = await trainIn(folder, stageOneSettings({ gate: GATE }));
    const scores = (await readFile(join(folder, 'metrics.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; step: number } & GateMeasure)
      .filter(({ kind }) => kind === 'evaluation');
    expect(scores.map(({ step }) => step)).toEqual([4, 8, 12]);
    const distance = ({ frechetDistance: { toTarget, toSource } }: GateMeasure) => toTarget + toSource;
    const better = (a: GateMeasure, b: GateMeasure) => b.score - a.score || distance(a) - distance(b);
    const best = [...scores].sort(better)[0]!;
    expect([outcome.bestStep, outcome.measure!.score]).toEqual([best.step, best.score]);
  });

  it('that is stopped while its gate is trained goes on there, with the same bits and all its time', async () => {
    const settings = stageOneSettings({ gate: { ...GATE, domainSteps: 5, labelSteps: 4 } });
    const [whole, parts] = [join(root, 'gate-whole'), join(root, 'gate-parts')];
    await trainIn(whole, settings);
    const stopped = async (after: number) => {
      await expect(trainIn(parts, settings, after)).rejects.toThrow('stopped; run the same command again');
      return (await filesOf(join(parts, 'gate-checkpoints'))).filter((name) => name.includes('step-'));
    };
    const checkpoint = (name: string, step: number) => join(name, `step-00000000${step}.safetensors`);
    expect(await stopped(2)).toEqual([checkpoint('domain', 3)]);
    await writeFile(join(parts, 'elapsed.json'), '{ "seconds": 1000 }');
    // Whether to stop is not asked after a classifier's last step.
    expect(await stopped(3)).toEqual([
      checkpoint('domain', 3),
      checkpoint('domain', 5),
      checkpoint('label', 3),
    ]);
    expect(said.at(-1)).toBe('gate classifiers: domain goes on from step 3');
    const { seconds } = JSON.parse(await readFile(join(parts, 'elapsed.json'), 'utf8')) as {
      seconds: number;
    };
    expect(seconds).toBeGreaterThan(1000);
    await trainIn(parts, settings);
    for (const file of ['gate-classifiers.safetensors', join('checkpoints', 'step-000000012.safetensors')])
      expect((await readFile(join(parts, file))).equals(await readFile(join(whole, file))), file).toBe(true);
    expect(await filesOf(parts)).toEqual(await filesOf(whole));
  });

  it('is planned without leaving tensors behind, and refuses a gate for which there are too few images', () => {
    const experiment = stageOneSettings({ gate: GATE });
    const before = tf.memory().numTensors;
    planStageOne(experiment, pictures()).dispose();
    expect(tf.memory().numTensors).toBe(before);
    const few = { ...pictures(), examples: (split: SplitName) => pictures().examples(split).slice(0, 9) };
    expect(() => planStageOne(experiment, few)).toThrow(
      'gate: expected at least 4 validation images of group (Y=0)(Z=0) in pictures, found 3',
    );
    const deep = stageOneSettings({ discriminator: { filters: [2, 2, 2, 2, 2, 2, 2] }, gate: GATE });
    expect(() => planStageOne(deep, pictures())).toThrow('networks of stage 1 for images of [18, 18, 1]: ');
    expect(tf.memory().numTensors, 'the generators were built before').toBe(before);
  });

  const step = (done: string): string => join('checkpoints', `step-0000000${done}.safetensors`);

  it.each<readonly [string, (folder: string) => Promise<void>, string | RegExp]>([
    ['its gate', (folder) => damage(join(folder, 'gate-classifiers.safetensors')), 'gate-classifiers'],
    ['its newest checkpoint', (folder) => block(join(folder, step('12'))), 'EISDIR'],
    [
      'its best checkpoint',
      async (folder) => {
        await damage(join(folder, step('08')));
        // With an older one it would go on from there.
        for (const older of ['02', '04', '06']) await rm(join(folder, step(older)), { force: true });
        await writeFile(join(folder, 'best.json'), '{ "step": 8, "score": 9 }');
      },
      'step-000000008',
    ],
    ['its log', (folder) => block(join(folder, 'metrics.jsonl')), 'EISDIR'],
    ['its list of damaged images', (folder) => block(join(folder, 'damaged.json')), 'EISDIR'],
    [
      'its gallery',
      async (folder) => {
        await rm(join(folder, 'checkpoints'), { recursive: true });
        await block(join(folder, 'gallery', 'step-000000002.png'));
      },
      'EISDIR',
    ],
  ])('gives its tensors back when %s cannot be read or written', async (_, spoil, message) => {
    const folder = await mkdtemp(join(root, 'spoilt-'));
    await cp(join(root, 'judged'), folder, { recursive: true });
    await rm(join(folder, 'run.json'));
    await spoil(folder);
    await expect(trainIn(folder, stageOneSettings({ gate: GATE }))).rejects.toThrow(message);
  });

  it.each([
    ['its gate', { gate: { ...GATE, learningRate: 1e30 } }],
    ['itself', { optimizer: { generators: { learningRate: 1e30 }, discriminators: { learningRate: 1e30 } } }],
  ])('gives its tensors back when a loss of %s is not finite', async (_, changed) => {
    const folder = await mkdtemp(join(root, 'diverged-'));
    await expect(trainIn(folder, stageOneSettings(changed))).rejects.toThrow(/loss is not finite at step \d/);
  });

  const finalOf = (folder: string) => readFile(join(folder, step('12')));

  it('takes both learning rates times the factor of its rollbacks', async () => {
    const [planted, halved] = [join(root, 'planted'), join(root, 'halved')];
    // As a run leaves it that went back to its start: from there on it is one of half the rates.
    await mkdir(planted);
    await writeFile(join(planted, 'rollbacks.json'), '[{ "from": 3, "to": 0, "found": "a test" }]');
    const { course } = await trainIn(planted, stageOneSettings());
    const rates = { generators: { learningRate: 0.0001 }, discriminators: { learningRate: 0.0001 } };
    await trainIn(halved, stageOneSettings({ optimizer: rates }));
    expect((await finalOf(planted)).equals(await finalOf(halved))).toBe(true);
    expect((await finalOf(planted)).equals(await finalOf(join(root, 'whole')))).toBe(false);
    expect(course).toEqual({
      chosen: 'the last one, as there is no gate',
      stoppedEarly: null,
      rollbacks: [{ from: 3, to: 0, found: 'a test' }],
    });
  });

  it('goes back and on by itself where its numbers overflow, and is the same when stopped on its way', async () => {
    const [whole, parts] = [join(root, 'overflown'), join(root, 'overflown-parts')];
    // Weights of the discriminators grow by the rate with every step, until a generator's gradient squared overflows.
    const settings = stageOneSettings({
      optimizer: { discriminators: { learningRate: 2.5e8 } },
      checkpoints: { every: { epochs: 3 }, keep: null },
      training: { epochs: 3, batchSize: 2, onNan: { kind: 'rollback', times: 3 } },
    });
    const { course } = await trainIn(whole, settings);
    expect(course.rollbacks).toMatchObject([{ to: 0 }]);
    for (let stops = 0, done = false; !done; stops++) {
      expect(stops).toBeLessThan(20);
      done = await trainIn(parts, settings, 5).then(
        () => true,
        (error: unknown) => {
          expect(String(error)).toContain('stopped');
          return false;
        },
      );
    }
    expect((await finalOf(parts)).equals(await finalOf(whole))).toBe(true);
    const log = (folder: string) => readFile(join(folder, 'metrics.jsonl'), 'utf8');
    expect(await log(parts)).toBe(await log(whole));
  });

  it('ends once the gate has been satisfied as often in a row as the settings say', async () => {
    const stopEarly = { kind: 'satisfied', measurements: 2 };
    const settings = stageOneSettings({ gate: GATE, training: { epochs: 3, batchSize: 2, stopEarly } });
    const folder = join(root, 'satisfied');
    await expect(trainIn(folder, settings, 11)).rejects.toThrow('stopped');
    const log = join(folder, 'metrics.jsonl');
    const text = await readFile(log, 'utf8');
    expect(text.match(/"satisfied":false/g)).toHaveLength(2);
    // A gate of a few steps is never satisfied: its log says otherwise, and so the run ends where it is gone on with.
    await writeFile(log, text.replaceAll('"satisfied":false', '"satisfied":true'));
    const { steps, course } = await trainIn(folder, settings);
    const { step: at } = JSON.parse(text.trim().split('\n').at(-1)!) as { step: number };
    expect(steps).toBe(at);
    expect(course.stoppedEarly).toBe(
      `at step ${at} of 12: the gate was satisfied 2 times in a row, from step 4 on`,
    );
    expect(course.chosen).toBe('the best by the gate');
  });
});

describe('translations', () => {
  let run = '';
  const images = pictures();
  beforeAll(async () => {
    run = join(root, 'run');
    await trainIn(run, stageOneSettings());
  });
  const source = (
    changed: { readonly path?: string; readonly checkpoint?: number } = {},
    classes: 'all' | number[] = 'all',
  ): Sources => [{ classes, from: { kind: 'run', path: run, checkpoint: 'best', ...changed } }];
  const folder = (path: string): Sources => [{ classes: 'all', from: { kind: 'folder', path } }];
  /** Without the check that paths are relative, which the configuration makes. */
  const experiment = (sources: Sources, translations: object = {}, data: object = {}): StageTwoExperiment => {
    const plain = camel([{ from: { kind: 'run', path: 'x' } }], translations, data);
    const method = plain.method as Camel;
    return { ...plain, method: { ...method, translations: { ...method.translations, sources } } };
  };

  async function pixelsOf(sources: Sources, translations: object = {}): Promise<string[]> {
    const opened = await obtainTranslations(experiment(sources, translations), images, context());
    try {
      const lists = opened.splits.train;
      const load = async (image: ImageReference) => decoded(await opened.load(image)).join();
      return await Promise.all([...lists.toSource, ...lists.toTarget].map(load));
    } finally {
      await opened.close();
    }
  }

  it('are aligned with the images, made once, and by two programs at once as well', async () => {
    const tensors = tf.memory().numTensors;
    const [one, two] = await Promise.all([pixelsOf(source()), pixelsOf(source())]);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(one.length).toBe(2 * 18);
    expect(two).toEqual(one);
    expect(said.filter((line) => line.includes('another program makes translations')).length).toBe(1);
    const made = await filesOf(join(run, 'translations'));
    expect(made.filter((name) => name.endsWith('.tfrec')).length).toBe(8);
    expect(made.filter((name) => name.includes('.tmp') || name.endsWith('lock'))).toEqual([]);
    const [id] = await readdir(join(run, 'translations'));
    const shard = join(run, 'translations', id!, 'train', '(Y=0)(Z=1)(A-F)', '00-10240.tfrec');
    const { mtimeMs } = await stat(shard);
    expect(await pixelsOf(source())).toEqual(one);
    expect((await stat(shard)).mtimeMs).toBe(mtimeMs);
    // The same image, whatever its neighbours.
    expect(await pixelsOf(source(), { batchSize: 5 })).toEqual(one);
    // The folder of translations without our manifests stands in for the run.
    const foreign = join(root, 'foreign');
    await cp(join(run, 'translations', id!, 'train'), foreign, { recursive: true });
    for (const name of await readdir(foreign)) await rm(join(foreign, name, 'manifest.json'));
    expect(await pixelsOf(folder(foreign))).toEqual(one);
  });

  it('that end halfway give the tensors of the generators back', async () => {
    const tensors = tf.memory().numTensors;
    const other = await mkdtemp(join(root, 'halfway-'));
    await cp(run, other, { recursive: true });
    await rm(join(other, 'translations'), { recursive: true, force: true });
    const sources = source({ path: other });
    const stopped = obtainTranslations(experiment(sources), images, context(1));
    await expect(stopped).rejects.toMatchObject({ exitCode: 75 });
    await damage(join(other, 'checkpoints', 'step-000000012.safetensors'));
    await expect(pixelsOf(sources)).rejects.toThrow('step-000000012.safetensors');
    await rm(join(other, 'checkpoints', 'step-000000012.safetensors'));
    await expect(pixelsOf(sources)).rejects.toThrow('expected a checkpoint after 12 steps');
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('differ with the checkpoint and the mode, and published mode depends on the batch', async () => {
    const best = await pixelsOf(source());
    const first = await pixelsOf(source({ checkpoint: 1 }));
    const published = await pixelsOf(source(), { mode: 'published' });
    const others = await pixelsOf(source(), { mode: 'published', batchSize: 3 });
    for (const each of [first, published, others]) expect(each).not.toEqual(best);
    expect(others).not.toEqual(published);
    expect(await pixelsOf(source(), { mode: 'published' })).toEqual(published);
    expect((await readdir(join(run, 'translations'))).length).toBe(4);
  });

  it('in both modes are compared pixel by pixel, and by the gate where there is one', async () => {
    const values = async (mode: string): Promise<number[][]> => {
      const all = await pixelsOf(source(), { mode });
      const [toSource, toTarget] = [all.slice(0, 18), all.slice(18)];
      return [toTarget, toSource].map((list) => list.flatMap((text) => text.split(',').map(Number)));
    };
    const [inference, published] = [await values('inference'), await values('published')];
    const tensors = tf.memory().numTensors;
    const compared = await compareModes(experiment(source()), images, context());
    expect(tf.memory().numTensors).toBe(tensors);
    expect(compared.map(({ direction, images: count, measures }) => [direction, count, measures])).toEqual([
      ['toTarget', 18, null],
      ['toSource', 18, null],
    ]);
    compared.forEach(({ meanDifference, largestDifference }, d) => {
      const differences = inference[d]!.map((value, i) => Math.abs(value - published[d]![i]!) / 255);
      const sum = differences.reduce((a, b) => a + b, 0);
      expect(meanDifference).toBeCloseTo(sum / differences.length, 10);
      expect(largestDifference).toBe(Math.max(...differences));
      expect(sum).toBeGreaterThan(0);
    });

    const gated = join(root, 'gated');
    const settings = stageOneSettings({ gate: { ...GATE, domainSteps: 10, labelSteps: 10 } });
    await trainIn(gated, settings);
    const judged = await compareModes(experiment(source({ path: gated })), images, context());
    const strict = settings.gate as Extract<typeof settings.gate, { readonly kind: 'strict' }>;
    const networks = gateNetworks(settings, strict, images);
    const { domain, label } = (await savedGate(gated, networks))!;
    const crossing = { toTarget: 0, toSource: 1 };
    for (const { direction, measures } of judged) {
      const opened = await obtainTranslations(
        experiment(source({ path: gated }), { mode: 'published' }),
        images,
        context(),
      );
      const list = opened.splits.train[direction];
      const own = [...images.examples('train').keys()].filter(
        (i) => images.examples('train')[i]!.subgroup === crossing[direction],
      );
      const bytes = await Promise.all(own.map(async (i) => decoded(await opened.load(list[i]!))));
      await opened.close();
      const batch = imageBatch(Uint8Array.from(bytes.flatMap((each) => [...each])), [
        own.length,
        ...images.shape,
      ]);
      const found = (classifier: typeof domain) => classes(classifier, minusOneToOne(batch));
      const domains = await found(domain);
      const labels = await found(label);
      const share = (right: (i: number) => boolean) => own.filter((_, i) => right(i)).length / own.length;
      expect(measures!.published).toEqual({
        flipRate: share((i) => domains[i] === 1 - crossing[direction]),
        labelPreservation: share((i) => labels[i] === images.examples('train')[own[i]!]!.label),
      });
    }
    disposeGate({ domain, label });
    Object.values(networks).forEach(({ model }) => model.dispose());
    const table = modesTable(judged).split('\n');
    expect(table[2]).toMatch(/^\| experiment \| to target \| 18 \| 0\.\d{4} \| 0\.\d{3} \| /);
    await expect(compareModes(experiment(folder(root)), images, context())).rejects.toThrow(
      /expected stage-1 runs, whose generators translate in either mode/,
    );
  });

  it('of the same images in another order are others', async () => {
    const turned: ExperimentImages = {
      ...images,
      examples: (split) => [...images.examples(split)].reverse(),
    };
    const pixels = async (of: ExperimentImages): Promise<string[]> => {
      const opened = await obtainTranslations(experiment(source()), of, context());
      const loaded = await Promise.all(opened.splits.train.toTarget.map(opened.load));
      await opened.close();
      return loaded.map((each) => decoded(each).join());
    };
    const inOrder = await pixels(images);
    expect(await pixels(turned)).toEqual([...inOrder].reverse());
    expect(await pixels(images)).toEqual(inOrder);
  });

  it('of images that are held in memory are decoded once, and held, too', async () => {
    const held = images.examples('train').map((example, place) => ({ ...example, image: { place } }));
    const inMemory = {
      ...images,
      examples: () => held,
      load: () => Promise.resolve(E.right(new Uint8Array(SIDE * SIDE))),
    };
    const opened = await obtainTranslations(experiment(source()), inMemory, context());
    const [image] = opened.splits.train.toTarget;
    expect(await opened.load(image!)).toBe(await opened.load(image!));
    await opened.close();
  });

  it('as JPEG are near those that are lossless', async () => {
    const values = (texts: string[]) => texts.flatMap((text) => text.split(',').map(Number));
    const [png, jpeg] = [
      await pixelsOf(source()),
      await pixelsOf(source(), { format: { kind: 'jpeg' } }),
    ].map(values);
    const error = png!.reduce((sum, value, i) => sum + Math.abs(value - jpeg![i]!), 0) / png!.length;
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(8);
  });

  it.each<[string, () => StageTwoExperiment, RegExp]>([
    [
      'a run that is not there',
      () => experiment(source({ path: join(root, 'none') })),
      /run\.json: expected a finished stage-1 run, found no such file/,
    ],
    [
      'a run of an earlier version',
      () => {
        mkdirSync(join(root, 'earlier'));
        writeFileSync(join(root, 'earlier/run.json'), '{"format":1}');
        return experiment(source({ path: join(root, 'earlier') }));
      },
      /run\.json: expected a finished stage-1 run, found "\{\\"format\\":1\}"; give the folder that /,
    ],
    [
      'a checkpoint that is not there',
      () => experiment(source({ checkpoint: 9 })),
      /expected a checkpoint after 36 steps, found none/,
    ],
    [
      'a run of other data',
      () => experiment(source(), {}, { classes: ['a', 'b'] }),
      /expected a stage-1 run of the data of this experiment, data\.classes \["a","b"\], found one of data\.classes \S+; name another run/,
    ],
    [
      'a class that nothing translates',
      () => experiment(source({}, [0])),
      /expected one source for class 1, found none/,
    ],
    [
      'a class that two translate',
      () => experiment([...source(), ...source()]),
      /expected one source for class 0, found two/,
    ],
    ['a folder that is not there', () => experiment(folder(join(root, 'none'))), /none/],
  ])('of %s are refused', async (_, build, message) => {
    await expect(obtainTranslations(build(), images, context())).rejects.toThrow(message);
  });
});
