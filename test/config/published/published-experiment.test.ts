import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import { experimentFromTexts, printExperiment } from '../../../src/config/index.ts';
import { formatDataError } from '../../../src/data/data-error.ts';
import { cases, cyclegan, fault, load, oneOf, robust, textOf, twoOf } from './published-cases.ts';

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
