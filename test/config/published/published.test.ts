import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import {
  dataGroups,
  experimentFromTexts,
  imageShapeOf,
  mnistCorrelationCounts,
  printExperiment,
  type LoadedExperiment,
  type StageOneExperiment,
  type StageOneResults,
  type StageTwoExperiment,
} from '../../../src/config/index.ts';
import { formatDataError } from '../../../src/data/data-error.ts';
import { readFixture } from '../../support/fixture.ts';

interface StaticPipeline {
  readonly class: string;
  readonly runId: string;
  readonly runInEvalMode: boolean;
  readonly inputShape?: readonly number[];
  readonly normType: string;
  readonly checkpointStep: number;
  readonly relabel: boolean;
  readonly batchSize: number;
  readonly keepOriginal: boolean;
}
interface Case {
  readonly stage?: 1 | 2;
  readonly config: string;
  readonly merged: Readonly<Record<string, unknown>>;
  readonly inputShape: readonly number[];
  readonly trainAliasesInConfig: readonly string[];
  readonly trainBatchSizes: readonly number[];
  readonly superclassIndices: readonly (readonly number[])[];
  readonly lossGroupCounts: readonly number[];
  readonly adjustmentPerGroup: readonly number[];
  readonly trainPipelines: readonly (readonly string[])[];
  readonly staticTrain: readonly (readonly StaticPipeline[])[];
  readonly staticEval: readonly (readonly StaticPipeline[])[];
  readonly source: {
    readonly inputShape: readonly number[];
    readonly selection?: { readonly count: number };
    readonly examplesUsed?: number;
  };
}
const cases = readFixture<Case>('labels').cases.filter(({ stage }) => stage !== undefined);

/** Positional arguments as the published pipelines take them; account and store are stand-ins. */
const positional = (p: StaticPipeline): readonly unknown[] =>
  p.inputShape === undefined
    ? [
        'account',
        'project',
        p.runId,
        p.runInEvalMode,
        p.normType,
        p.checkpointStep,
        p.relabel,
        p.batchSize,
        p.keepOriginal,
      ]
    : [
        '/store',
        'account',
        'project',
        p.runId,
        p.runInEvalMode,
        p.inputShape,
        p.normType,
        p.checkpointStep,
        p.relabel,
        '',
        p.batchSize,
        p.keepOriginal,
      ];

function textOf({ stage, merged, staticTrain, staticEval, trainAliasesInConfig }: Case): string {
  if (stage === 1) return stringify(merged);
  const sides = (side: 'train' | 'eval', pipelines: readonly (readonly StaticPipeline[])[]) => ({
    [`${side}_static_augmentation_pipelines`]: pipelines.map((each) => each.map((p) => p.class)),
    [`${side}_static_augmentation_pipelines_args`]: pipelines.map((each) => each.map(positional)),
  });
  const some = staticTrain.length > 0;
  expect(merged['train_dataset_aliases']).toEqual(trainAliasesInConfig);
  return stringify({
    ...merged,
    ...(some && { ...sides('train', staticTrain), ...sides('eval', staticEval) }),
  });
}

async function load(text: string, stage1: StageOneResults = {}): Promise<LoadedExperiment> {
  const loaded = await experimentFromTexts('c.yaml', { 'c.yaml': text }, { stage1 });
  if (E.isLeft(loaded)) throw new Error(loaded.left.map(formatDataError).join('\n'));
  return loaded.right;
}
async function fault(text: string, stage1: StageOneResults = {}): Promise<string> {
  const loaded = await experimentFromTexts('c.yaml', { 'c.yaml': text }, { stage1 });
  if (E.isRight(loaded)) throw new Error('expected a fault');
  const lines = loaded.left.map(formatDataError);
  lines.forEach((line) => expect(line).not.toContain('\n'));
  return lines[0]!;
}

/** Images of each group in training, as the loss counts them. */
const SIZES: Readonly<Record<string, readonly number[]>> = {
  waterbirds: [3498, 184, 56, 1057],
  celeba: [71629, 66874, 22880, 1387],
};

describe.each(cases.filter(({ stage }) => stage === 2).map((each) => [each.config, each] as const))(
  '%s',
  (_, published) => {
    it('means what the published programs made of it', async () => {
      const { experiment } = await load(textOf(published));
      const { merged } = published;
      if (experiment.kind !== 'stage-2') throw new Error('stage 2 expected');
      expect(imageShapeOf(experiment.data)).toEqual(published.inputShape);
      expect(experiment).toMatchObject({
        seed: merged['seed'],
        optimizer: {
          kind: 'sgd',
          learningRate: merged['lr_start'],
          momentum: 0.9,
          nesterov: true,
          schedule: { kind: 'constant' },
        },
        training: {
          epochs: merged['n_epochs'],
          batchSize: merged['batch_size'],
          epochBatchSize: merged['baseline_batch_size'],
          weightDecay: merged['weight_decay_rate'],
          maximumGradientNorm: merged['max_global_grad_norm'] === -1 ? null : merged['max_global_grad_norm'],
        },
        images: {
          augmentation: [],
          scaling: { kind: published.trainPipelines[0]![0]!.replace('Pipeline', '') },
        },
        invariance: { kind: 'none' },
      });
      const { method, data } = experiment;
      const groups = published.superclassIndices.flat().length;
      if (published.config.includes('/erm/')) {
        expect(method).toEqual({ kind: 'erm', sampling: 'natural' });
        return;
      }
      expect(dataGroups(data).map(({ name }) => name)).toEqual(published.trainAliasesInConfig);
      if (method.kind === 'erm') throw new Error('an adversary expected');
      const counts =
        data.kind === 'mnist-correlation' ? mnistCorrelationCounts(data).training : SIZES[data.kind]!;
      expect(counts).toEqual(published.lossGroupCounts);
      published.adjustmentPerGroup.forEach((adjustment, i) =>
        expect(method.adversary.adjustment / Math.sqrt(counts[i]!)).toBeCloseTo(adjustment, 7),
      );
      expect(method.adversary.classConditional).toBe(published.superclassIndices.length > 1);
      expect(method.adversary).toMatchObject({ stepSize: merged['gdro_lr'], gradient: 'through' });
      expect(published.trainBatchSizes.every((size) => size === experiment.training.batchSize / groups)).toBe(
        true,
      );
    });

    it('reads back from its printed form as the same experiment', async () => {
      const loaded = await load(textOf(published));
      const printed = printExperiment(loaded.experiment, loaded.notices);
      expect((await load(printed)).experiment).toEqual(loaded.experiment);
      expect(printed).not.toMatch(/\/home|hazy|account|\/store/);
    });

    it('names every setting that has no meaning here', async () => {
      const { notices } = await load(textOf(published));
      const ignored = notices.filter((line) => line.startsWith('ignored')).join(' ');
      for (const key of [
        'wandb_project',
        'logical_gpus',
        'dtype',
        'dataflow',
        'max_shuffle_buffer',
        'resume',
        'train_dataset_versions',
      ]) {
        expect(ignored).toMatch(new RegExp(`\\b${key}\\b`));
      }
    });
  },
);

describe('the stage-1 results of CAMEL', () => {
  it.each(cases.filter(({ config }) => config.includes('camel')).map((each) => [each.config, each] as const))(
    '%s',
    async (_, published) => {
      const ids = [...new Set(published.staticTrain.flat().map(({ runId }) => runId))];
      const stage1 = Object.fromEntries(
        ids.map((id, i) => [
          id,
          i === 0
            ? { kind: 'run' as const, path: `runs/${id}` }
            : { kind: 'folder' as const, path: '${DATA}/t' },
        ]),
      );
      const { experiment, notices } = await load(textOf(published), stage1);
      if (experiment.kind !== 'stage-2' || experiment.method.kind !== 'camel')
        throw new Error('CAMEL expected');
      const { translations } = experiment.method;
      const first = published.staticTrain[0]![0]!;
      expect(translations).toMatchObject({
        mode: 'published',
        batchSize: first.batchSize,
        format: { kind: first.inputShape === undefined ? 'png' : 'jpeg' },
        evaluationSplits: true,
      });
      expect(translations.sources.map(({ classes }) => classes)).toEqual(
        ids.length === 1 ? ['all'] : [[0], [1]],
      );
      expect(translations.sources[0]!.from).toEqual({
        kind: 'run',
        path: `runs/${ids[0]}`,
        checkpoint: first.checkpointStep === -1 ? 'last' : first.checkpointStep,
      });
      if (ids.length > 1)
        expect(translations.sources[1]!.from).toEqual({ kind: 'folder', path: '${DATA}/t' });
      expect(notices.join()).not.toContain('--stage1');
      const unmapped = await load(textOf(published));
      expect(unmapped.notices.filter((line) => line.includes(`--stage1 ${ids[0]}=`))).toHaveLength(1);
      expect(unmapped.roots).toContain('RUNS');
      expect(await fault(textOf(published), { [`${ids[0]}x`]: { kind: 'run', path: 'x' } })).toContain(
        `did you mean "${ids[0]}"?`,
      );
    },
  );
});

describe.each(cases.filter(({ stage }) => stage === 1).map((each) => [each.config, each] as const))(
  '%s',
  (_, published) => {
    it('means what the published programs made of it', async () => {
      const { experiment } = await load(textOf(published));
      const { merged, source } = published;
      if (experiment.kind !== 'stage-1') throw new Error('stage 1 expected');
      expect(imageShapeOf(experiment.data)).toEqual(source.inputShape);
      const images = source.selection?.count ?? source.examplesUsed;
      expect(experiment).toMatchObject({
        translation: { source: { subgroup: 0, images }, target: { subgroup: 1, images } },
        optimizer: {
          generators: { learningRate: merged['lr_gen'], beta1: 0.5 },
          discriminators: { learningRate: merged['lr_disc'], beta1: 0.5 },
        },
        loss: {
          adversarial: 'bce',
          cycle: { source: 10, target: 10 },
          identity: 1,
          penalty: { kind: 'none' },
        },
        generator: { kind: 'published', normalization: 'batch', residual: false },
        discriminator: { normalization: 'batch' },
        pool: { capacity: 50, rule: 'reference' },
        training: { epochs: merged['n_epochs'], batchSize: merged['batch_size'] },
        checkpoints: { every: { epochs: merged['checkpoint_freq'] } },
        gallery: { every: { steps: merged['image_log_freq'] } },
      });
      const classes = published.config.includes('mnist')
        ? 'all'
        : [published.config.includes('config-1') ? 0 : 1];
      expect(experiment.translation.classes).toEqual(classes);
      const kinds = experiment.images.augmentation.map(({ kind }) => kind);
      expect(kinds).toEqual(classes === 'all' ? ['rotr', 'pad:crop'] : ['fliplr', 'crop']);
    });
  },
);

const robust = (changes: Readonly<Record<string, unknown>>): string => {
  const gdro = cases.find(({ config }) => config === 'stage-2/waterbirds/gdro/config.yaml')!;
  return stringify({ ...gdro.merged, ...changes });
};
const cyclegan = (changes: Readonly<Record<string, unknown>>): string => {
  const birds = cases.find(({ config }) => config === 'stage-1/waterbirds/config-1.yaml')!;
  return stringify({ ...birds.merged, ...changes });
};
const twoOf = async (changes: Readonly<Record<string, unknown>>): Promise<StageTwoExperiment> =>
  (await load(robust(changes))).experiment as StageTwoExperiment;
const oneOf = async (changes: Readonly<Record<string, unknown>>): Promise<StageOneExperiment> =>
  (await load(cyclegan(changes))).experiment as StageOneExperiment;

describe('what no published file uses', () => {
  it.each([
    ['linear', { kind: 'linear', end: 0.5, steps: 7 }],
    ['linear_decay_0.5', { kind: 'linear-from-half', clamped: false, steps: 7 }],
    ['cosine', { kind: 'cosine', steps: 7 }],
    ['piecewise_quarter', { kind: 'quarters', steps: 7 }],
    ['piecewise_custom_1', { kind: 'half-and-three-quarters', steps: 7 }],
    [
      'piecewise_cifar10',
      {
        kind: 'piecewise',
        boundaries: [30_000, 60_000, 90_000, 120_000],
        rates: [0.1, 0.01, 0.001, 0.0001, 0.00005],
      },
    ],
  ])('the schedule %s', async (name, schedule) => {
    const { optimizer } = await twoOf({ lr_scheduler: name, lr_end: 0.5, lr_decay_steps: 7 });
    expect(optimizer.schedule).toEqual(schedule);
  });

  it('Adam, an invariance penalty, metrics', async () => {
    const changes = {
      optimizer: 'Adam',
      irm_penalty_weight: 2,
      irm_anneal_steps: 5,
      metric_names: ['accuracy', 'auc', 'confusion_matrix'],
    };
    expect(await twoOf(changes)).toMatchObject({
      optimizer: { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
      invariance: { kind: 'irm', form: 'reference', weight: 2, annealSteps: 5 },
      evaluation: { metrics: ['auroc', 'confusion-matrix'] },
    });
  });

  it('a source-only cycle loss, instance normalisation, penalties, a smaller pool', async () => {
    const changes = {
      source_cycle_loss_only: true,
      norm_type: 'instancenorm',
      grad_penalty: 'wgan-gp',
      replay_buffer_size: 1,
    };
    const loaded = await load(cyclegan(changes));
    expect(loaded.experiment).toMatchObject({
      loss: { cycle: { source: 10, target: 0 }, penalty: { kind: 'wgan-gp', scale: 10 } },
      generator: { normalization: 'instance' },
      pool: { capacity: 4 },
    });
    expect(loaded.notices.join()).toContain('replay_buffer_size: 1 became 4');
  });

  it('an adversary that stands still is group-balanced risk minimisation', async () => {
    expect((await twoOf({ gdro_lr: 0, gdro_adj_coef: 0 })).method).toEqual({
      kind: 'erm',
      sampling: 'balanced',
    });
  });

  it('whole classes on either side', async () => {
    const { translation } = await oneOf({
      source_dataset: 'waterbirds/-1/0/y',
      target_dataset: 'waterbirds/-1/1/y',
    });
    expect(translation.classes).toBe('all');
  });

  it.each([
    [
      'an unknown key',
      { n_epoch: 3 },
      'c.yaml:\\d+:1: n_epoch: expected no such key, found unknown key "n_epoch", did you mean "n_epochs"\\?',
    ],
    [
      'a wrong type',
      { n_epochs: 'many' },
      'c.yaml:\\d+:11: n_epochs: expected an integer above 0, found "many"',
    ],
    [
      'an unknown optimizer',
      { optimizer: 'SDG' },
      'expected one of "SGD", "Adam", did you mean "SGD"\\?, found "SDG"',
    ],
    [
      'an unknown data set',
      { train_datasets: ['waterbird/0/0/y'] },
      'train_datasets\\[0\\]: expected a data set of .*, did you mean "waterbirds"\\?',
    ],
    [
      'a group out of range',
      { train_datasets: ['waterbirds/2/0/y'] },
      'a class 0, 1, or -1 for both in waterbirds/<y>/<z>/<label>, found "2"',
    ],
    [
      'a name with a part missing',
      { train_datasets: ['waterbirds/0/0'] },
      'expected waterbirds/<y>/<z>/<label>, found "waterbirds/0/0"',
    ],
    [
      'another share of CelebA',
      { train_datasets: ['celeb_a_128/Blond_Hair/Male/0.5/0/0/y'] },
      'expected a share of 1.0',
    ],
    [
      'no attribute of CelebA',
      { train_datasets: ['celeb_a_128/Blond/Male/1.0/0/0/y'] },
      'expected an attribute of CelebA',
    ],
    [
      'an odd size',
      { train_datasets: ['mnist_correlation_partial/zigzag/0/201/y'] },
      'expected an even size',
    ],
    [
      'no corruption',
      { train_datasets: ['mnist_correlation_yz/nope/0/0/10/-1/y'] },
      'expected a corruption, zigzag or dotted_line, found "nope"',
    ],
    [
      'three groups',
      { train_datasets: ['waterbirds/0/0/y', 'waterbirds/0/1/y', 'waterbirds/1/0/y'] },
      'expected the four groups, each once',
    ],
    [
      'mixed data sets',
      { train_datasets: ['waterbirds/0/0/y', 'mnist'] },
      'train_datasets\\[1\\]: expected a part of waterbirds',
    ],
    [
      'a group under another’s name',
      { train_dataset_aliases: ['(Y=0)(Z=1)', '(Y=0)(Z=0)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'] },
      'train_dataset_aliases\\[0\\]: expected "\\(Y=0\\)\\(Z=0\\)", the group’s name',
    ],
    [
      'an unknown pipeline',
      { train_augmentation_pipelines: [['ImageNetPreprocesingPipeline']] },
      'did you mean "ImageNetPreprocessingPipeline"\\?',
    ],
    [
      'cross-validation',
      { cross_validation: true },
      'cross_validation: expected False, there is no cross-validation',
    ],
    ['another loss', { loss_name: 'binary_crossentropy' }, 'the only loss there is'],
  ])('%s is refused with its place', async (_, changes, expected) => {
    expect(await fault(robust(changes))).toMatch(new RegExp(expected));
  });

  it.each([
    [
      'a modifier',
      { source_dataset_modifier: 'foo:1' },
      'source_dataset_modifier: expected class:N, shuffle:N,SEED or take:N',
    ],
    [
      'two classes',
      { target_dataset: 'waterbirds/1/1/y' },
      'target_dataset: expected class 0, as the source, found 1',
    ],
    ['both subgroups at once', { source_dataset: 'waterbirds/0/-1/y' }, 'expected one subgroup, 0 or 1'],
    [
      'another spread',
      { output_init: 0.05 },
      'output_init: expected 0.02, the only spread of initial weights there is',
    ],
    [
      'another scaling',
      { train_daug_pipeline_args: [['fliplr:crop'], ['zero-one']] },
      'a scaling to minusone-one',
    ],
    [
      'an unknown augmentation',
      { train_daug_pipeline_args: [['fliplr:corp'], ['minusone-one']] },
      'did you mean "crop"\\?',
    ],
  ])('stage 1: %s is refused', async (_, changes, expected) => {
    expect(await fault(cyclegan(changes))).toMatch(new RegExp(expected));
  });
});

describe('templates', () => {
  const child = 'prefix: robust\nparent_template: t/one.yaml\nn_epochs: 3';
  it('complete a file, and each other', async () => {
    const texts = {
      'c.yaml': child,
      't/one.yaml': 'parent_template: two.yaml\nbatch_size: 64\nn_epochs: 9',
      't/two.yaml': 'parent_template: None\nbatch_size: 2\nseed: 8',
    };
    const loaded = await experimentFromTexts('c.yaml', texts);
    if (E.isLeft(loaded)) throw new Error(formatDataError(loaded.left[0]!));
    expect(loaded.right.experiment).toMatchObject({ seed: 8, training: { epochs: 3, batchSize: 64 } });
    expect(loaded.right.notices[0]).toBe('completed by t/one.yaml, t/two.yaml');
  });

  it('are found by their name in a folder above', async () => {
    const texts = { 'template_robust_training.yaml': 'seed: 9', 'a/b/c.yaml': 'prefix: robust' };
    const loaded = await experimentFromTexts('a/b/c.yaml', texts);
    if (E.isLeft(loaded)) throw new Error(formatDataError(loaded.left[0]!));
    expect(loaded.right.experiment.seed).toBe(9);
  });

  it.each([
    [
      'a cycle',
      { 'c.yaml': child, 't/one.yaml': 'parent_template: ../c.yaml' },
      'c.yaml → t/one.yaml → c.yaml',
    ],
    [
      'an escape',
      { 'c.yaml': child, 't/one.yaml': 'parent_template: ../../x' },
      'a file below the working folder',
    ],
    ['none', { 'c.yaml': child }, 'c.yaml:2:18: expected the file t/one.yaml, found none'],
  ])('%s is refused', async (_, texts, expected) => {
    const loaded = await experimentFromTexts('c.yaml', texts);
    if (E.isRight(loaded)) throw new Error('expected a fault');
    expect(formatDataError(loaded.left[0]!)).toContain(expected);
  });
});

const originals = fileURLToPath(new URL('../../../../shared/reference/configs', import.meta.url));
describe('the sixteen files themselves', () => {
  if (!existsSync(originals)) {
    it('are not at hand', () => console.log(`skipped: there is no ${originals}`));
    return;
  }
  const files = readdirSync(originals, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.yaml'),
  );
  const texts = Object.fromEntries(files.map((file) => [file, readFileSync(join(originals, file), 'utf8')]));

  it('are sixteen', () => expect(files).toHaveLength(16));

  it.each(files)('%s decodes unchanged and prints as ours', async (file) => {
    const loaded = await experimentFromTexts(file, texts);
    if (E.isLeft(loaded)) throw new Error(loaded.left.map(formatDataError).join('\n'));
    const printed = printExperiment(loaded.right.experiment, loaded.right.notices);
    expect((await load(printed)).experiment).toEqual(loaded.right.experiment);
    expect(printed).not.toMatch(/\/home|hazy-research/);
    const merged = cases.find(({ config }) => config === file);
    if (merged !== undefined)
      expect(loaded.right.experiment).toEqual((await load(textOf(merged))).experiment);
    const template = file.startsWith('stage-1')
      ? 'template_cyclegan_training.yaml'
      : 'template_robust_training.yaml';
    if (file.startsWith('stage-')) expect(loaded.right.notices[0]).toBe(`completed by ${template}`);
  });
});
