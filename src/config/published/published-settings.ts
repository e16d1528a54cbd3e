/**
 * The settings of the published system (Goel, Gu, Li, Ré, "Model patching", ICLR 2021) with the values that its own
 * templates give them: what its files for either stage may hold. `None` is null there.
 */
import * as t from 'io-ts';
import {
  finiteNumber,
  integer,
  nonNegativeNumber,
  nullable,
  positiveInteger,
  positiveNumber,
  unitInterval,
} from '../codecs.ts';
import { choice, section, setting } from '../schema/section.ts';

const text = t.string;
const names = t.readonlyArray(text, 'a list of names');
const pipelines = t.readonlyArray(names, 'a list of lists of names');
const args = t.readonlyArray(t.readonlyArray(t.unknown), 'a list of lists of arguments');
const pipelineArgs = t.readonlyArray(args, 'a list, for each pipeline, of lists of arguments');
const schedule = choice(
  'constant',
  'linear',
  'linear_decay_0.5',
  'cosine',
  'piecewise_quarter',
  'piecewise_custom_1',
  'piecewise_cifar10',
);
/** A setting whose value has no meaning here, of whatever type. */
const anything = setting('', t.unknown, null);

/** Settings that have no meaning here, by the reason why. */
export type IgnoredSettings = Readonly<Record<string, readonly string[]>>;

const GOES_ON = 'a run goes on when its command is given again';
const FILES = 'the root says which files are read';

const IGNORED_IN_BOTH = {
  'it is bookkeeping of the published programs': ['_config_path', '_template_config_path', 'parent_template'],
  'the program that is run says what is done': ['mode'],
  'there is no experiment tracker': ['wandb_entity', 'wandb_project', 'wandb_group', 'wandb_job_type'],
  'images are streamed': ['dataflow', 'cache_dir'],
  'a run folder holds its checkpoints': ['checkpoint_path'],
  [GOES_ON]: ['resume', 'prev_wandb_run_id', 'prev_wandb_project', 'prev_wandb_entity', 'prev_ckpt_path'],
};
/** Settings of the published stage 1 that have no meaning here. */
export const IGNORED_IN_STAGE_ONE: IgnoredSettings = {
  ...IGNORED_IN_BOTH,
  [FILES]: ['source_dataset_version', 'target_dataset_version', 'datadir'],
  'stage 1 has no validation images': ['validation_frac', 'val_daug_pipeline', 'val_daug_pipeline_args'],
  'stage 1 has no test images': ['test_daug_pipeline', 'test_daug_pipeline_args'],
};
/** Settings of the published stage 2 that have no meaning here. */
export const IGNORED_IN_STAGE_TWO: IgnoredSettings = {
  ...IGNORED_IN_BOTH,
  'the backend chooses its device': ['logical_gpus'],
  'numbers are float32': ['dtype'],
  'programs run on the command line': ['jupyter_notebook'],
  [GOES_ON]: [...IGNORED_IN_BOTH[GOES_ON], 'prev_ckpt_epoch'],
  [FILES]: ['train_dataset_versions', 'eval_dataset_versions', 'train_datadirs', 'eval_datadirs'],
  'the order is a seeded permutation of all images': [
    ...['train_shuffle_seeds', 'max_shuffle_buffer', 'shuffle_before_repeat'],
  ],
  'weights come from a file': ['pretraining_source'],
};

const ignored = (table: IgnoredSettings) =>
  Object.fromEntries(Object.values(table).flatMap((keys) => keys.map((key) => [key, anything])));

const stageOne = {
  prefix: setting('', t.literal('cyclegan', '"cyclegan"'), 'cyclegan'),
  seed: setting('', integer, 1),
  norm_type: setting('', choice('batchnorm', 'instancenorm'), 'batchnorm'),
  output_init: setting('', t.literal(0.02, '0.02, the only spread of initial weights there is'), 0.02),
  residual_outputs: setting('', t.boolean, false),
  lr_gen: setting('', positiveNumber, 0.0002),
  lr_disc: setting('', positiveNumber, 0.0002),
  beta_1_gen: setting('', unitInterval, 0.5),
  beta_1_disc: setting('', unitInterval, 0.5),
  lr_scheduler: setting('', schedule, 'constant'),
  replay_buffer_size: setting('', positiveInteger, 1),
  n_epochs: setting('', positiveInteger, 10),
  batch_size: setting('', positiveInteger, 128),
  gan_loss: setting('', choice('bce', 'lsgan', 'wgan'), 'bce'),
  cycle_loss_scale: setting('', nonNegativeNumber, 10),
  source_cycle_loss_only: setting('', t.boolean, false),
  identity_loss_scale: setting('', nonNegativeNumber, 10),
  grad_penalty: setting('', choice('none', 'wgan-gp', 'dragan'), 'none'),
  grad_penalty_scale: setting('', nonNegativeNumber, 10),
  source_dataset: setting('', text, 'mnist'),
  source_dataset_modifier: setting('', text, 'class:7/shuffle:20000,1/take:-1'),
  target_dataset: setting('', text, 'mnist_corrupted/zigzag'),
  target_dataset_modifier: setting('', text, 'class:7/shuffle:20000,2/take:-1'),
  train_daug_pipeline: setting('', names, ['BasicImagePreprocessingPipeline']),
  train_daug_pipeline_args: setting('', args, [['minusone-one']]),
  checkpoint_freq: setting('', positiveInteger, 5),
  image_log_freq: setting('', positiveInteger, 50),
};

const noPipelines = setting('', pipelines, [[]]);
const noArguments = setting('', pipelineArgs, [[]]);
const stageTwo = {
  prefix: setting('', t.literal('robust', '"robust"'), 'robust'),
  seed: setting('', integer, 1),
  model_source: setting('', text, 'cm'),
  architecture: setting('', nullable(text), 'resnet50'),
  pretrained: setting('', t.boolean, true),
  pretraining_info: setting('', text, ''),
  optimizer: setting('', choice('SGD', 'Adam'), 'SGD'),
  momentum: setting('', unitInterval, 0.9),
  loss_name: setting(
    '',
    t.literal('sparse_categorical_crossentropy', '"sparse_categorical_crossentropy", the only loss there is'),
    'sparse_categorical_crossentropy',
  ),
  irm_anneal_steps: setting('', nonNegativeNumber, 100),
  irm_penalty_weight: setting('', nonNegativeNumber, 0),
  gdro_adj_coef: setting('', nonNegativeNumber, 0),
  gdro_lr: setting('', nonNegativeNumber, 0),
  gdro_mixed: setting('', t.boolean, false),
  augmentation_training: setting('', choice('original', 'augmented', 'both'), 'original'),
  consistency_type: setting('', choice('camel', 'triplet-js', 'kl', 'reverse-kl', 'none'), 'camel'),
  consistency_penalty_weight: setting('', nonNegativeNumber, 0),
  lr_scheduler: setting('', schedule, 'constant'),
  lr_start: setting('', positiveNumber, 0.001),
  lr_end: setting('', nullable(nonNegativeNumber), null),
  lr_decay_steps: setting('', nullable(positiveInteger), null),
  weight_decay_rate: setting('', nonNegativeNumber, 0.0005),
  max_global_grad_norm: setting('', finiteNumber, 5),
  n_epochs: setting('', positiveInteger, 10),
  batch_size: setting('', positiveInteger, 8),
  baseline_batch_size: setting('', positiveInteger, 128),
  metric_names: setting('', names, ['accuracy', 'confusion_matrix', 'sparse_categorical_crossentropy']),
  cross_validation: setting('', t.literal(false, 'False, there is no cross-validation'), false),
  validation_frac: setting('', unitInterval, 0),
  train_datasets: setting('', names, ['mnist']),
  train_dataset_aliases: setting('', names, ['mnist']),
  eval_datasets: setting('', names, ['mnist']),
  eval_dataset_aliases: setting('', names, ['mnist']),
  train_static_augmentation_pipelines: noPipelines,
  train_static_augmentation_pipelines_args: noArguments,
  train_augmentation_pipelines: noPipelines,
  train_augmentation_pipelines_args: noArguments,
  train_gpu_augmentation_pipelines: noPipelines,
  train_gpu_augmentation_pipelines_args: noArguments,
  eval_static_augmentation_pipelines: noPipelines,
  eval_static_augmentation_pipelines_args: noArguments,
  eval_augmentation_pipelines: noPipelines,
  eval_augmentation_pipelines_args: noArguments,
  eval_gpu_augmentation_pipelines: noPipelines,
  eval_gpu_augmentation_pipelines_args: noArguments,
  checkpoint_freq: setting('', positiveInteger, 20),
};

/** The published stage 1. */
export const PublishedStageOneCodec = section<typeof stageOne>('a published stage-1 configuration', {
  ...ignored(IGNORED_IN_STAGE_ONE),
  ...stageOne,
});
/** The published stage 2. */
export const PublishedStageTwoCodec = section<typeof stageTwo>('a published stage-2 configuration', {
  ...ignored(IGNORED_IN_STAGE_TWO),
  ...stageTwo,
});

/** A published stage-1 configuration, decoded. */
export type PublishedStageOne = t.TypeOf<typeof PublishedStageOneCodec>;
/** A published stage-2 configuration, decoded. */
export type PublishedStageTwo = t.TypeOf<typeof PublishedStageTwoCodec>;
