/**
 * The settings of stage 2: a classifier by empirical risk minimisation, group DRO, or CAMEL. What belongs to one method
 * is written inside it, so that an adversary without group DRO, or a consistency weight without CAMEL, cannot be
 * written.
 */
import * as t from 'io-ts';
import {
  belowOne,
  naturalNumber,
  nonNegativeNumber,
  nullable,
  positiveInteger,
  positiveNumber,
  recognized,
  refine,
} from '../codecs.ts';
import { DurationCodec, lengthSettings } from './durations.ts';
import { choice, listOf, readAs, required, section, setting, variants } from './section.ts';
import { ClassesCodec } from './stage-one.ts';
import {
  augmentation,
  checkpointsSection,
  headSettings,
  OptimizerCodec,
  ScalingCodec,
} from './training-settings.ts';
import { onNan, stopWithoutGain } from './training-end.ts';
import { distinct, path } from './values.ts';

const width = setting('Factor of all numbers of filters and units; 1 is as published.', positiveNumber, 1);

/** Initial weights of a network. */
export const WeightsCodec = variants('weights', {
  random: {},
  file: {
    path: required(
      'Keras .h5, .npz, tfjs model.json or .safetensors.',
      path,
      '${WEIGHTS}/resnet50_imagenet_1000_no_top.h5',
    ),
    head: setting('Whether the last dense layer is loaded too.', t.boolean, false),
  },
});

/** The classifier. */
export const NetworkCodec = variants('network', {
  'small-cnn': { width },
  'multilayer-perceptron': {
    hidden: setting(
      'Units of the hidden layers.',
      listOf(positiveInteger, 'a list of numbers of units'),
      [64, 64],
    ),
  },
  resnet50: {
    width,
    variant: setting(
      'pre-activation: as published, Keras weights; post-activation: torchvision weights, which want ImageNetPreprocessing.',
      choice('pre-activation', 'post-activation'),
      'pre-activation',
    ),
    batchNormalizationMomentum: setting(
      'Share of their value that moving statistics keep in a step; null: 0.99 (pre-activation) or 0.9. From random weights 0.99 wants several hundred steps.',
      nullable(belowOne),
      null,
    ),
    weights: setting('Where its initial weights come from.', WeightsCodec, { kind: 'random' }),
    frozenStages: setting(
      'First stages that are not trained: 0 none, 1 the stem, 2 to 5 also so many of the residual stages less one.',
      refine(naturalNumber, (stages) => stages <= 5, 'an integer from 0 to 5'),
      0,
    ),
  },
});

const adversary = (classConditional: boolean) =>
  section('adversary', {
    stepSize: setting('η of the adversary’s logits.', nonNegativeNumber, 0.01),
    adjustment: setting('C of the adjustment C/√n for a group of n training images.', nonNegativeNumber, 0),
    classConditional: setting(
      'Whether it moves among the subgroups of a class only.',
      t.boolean,
      classConditional,
    ),
    gradient: setting(
      'stopped: its weights are constants for the gradient; through: they are differentiated, as published.',
      choice('stopped', 'through'),
      'stopped',
    ),
  });

const checkpoint = recognized(
  '"best", "last" or a number of epochs',
  (value): value is 'best' | 'last' | number =>
    value === 'best' || value === 'last' || positiveInteger.is(value),
);

/** A result of stage 1. */
export const StageOneResultCodec = variants('from', {
  run: {
    path: required('Folder of a stage-1 run.', path, '${RUNS}/stage-1'),
    checkpoint: setting(
      'best: by the gate, the last where there was none; last; or after so many epochs.',
      checkpoint,
      'best',
    ),
  },
  folder: {
    path: required('Folder of translated record shards.', path, '${DATA}/translations'),
  },
  // The real counterparts, which only data that were made know: an upper bound.
  true: {},
  // The image itself: a lower bound.
  identity: {},
});

const source = section('a source of translations', {
  classes: setting('Classes that it translates: all, or a list such as [0].', ClassesCodec, 'all'),
  from: required(
    'A stage-1 run, a folder of translated images; true: the real counterparts; identity: the image itself.',
    StageOneResultCodec,
    {
      kind: 'run',
      path: '${RUNS}/stage-1',
    },
  ),
});

/** Translations that need no stage 1, by what a file may write in place of all their settings. */
const givenTranslations = (input: unknown): unknown => {
  const name = input === true ? 'true' : input;
  return name === 'true' || name === 'identity' ? { sources: [{ from: { kind: name } }] } : input;
};

const translationSettings = section('translations', {
  sources: required(
    'Results of stage 1; together they cover every class once.',
    listOf(source, 'a list of sources'),
    [{ from: { kind: 'run', path: '${RUNS}/stage-1' } }],
  ),
  mode: setting(
    'inference: moving statistics, no dropout, rounded; published: statistics of the batch, active dropout, truncated.',
    choice('inference', 'published'),
    'inference',
  ),
  batchSize: setting('Images translated at once; matters to published mode.', positiveInteger, 16),
  format: setting(
    'How they are stored: lossless, or JPEG as published for photographs.',
    variants('format', {
      png: {},
      jpeg: {
        quality: setting(
          'JPEG quality.',
          refine(positiveInteger, (quality) => quality <= 100, 'an integer from 1 to 100'),
          95,
        ),
      },
    }),
    { kind: 'png' },
  ),
  shardSize: setting('Images in a record file.', positiveInteger, 10_240),
  evaluationSplits: setting('Whether validation and test images are translated too.', t.boolean, false),
});

/** How translations are made and where their generators come from; `true` and `identity` need no generators. */
export const TranslationsCodec = readAs(translationSettings, givenTranslations);

const divergenceWeight = (fallback: number) => ({
  weight: setting('λ of the consistency loss.', nonNegativeNumber, fallback),
  reduction: setting(
    'sumOfGroupMeans: as published, λ counts once for each group; mean: over examples.',
    choice('sumOfGroupMeans', 'mean'),
    'sumOfGroupMeans',
  ),
});

/** The consistency loss between the predictions for an image and for its translations. */
export const ConsistencyCodec = variants('consistency', {
  none: {},
  camel: divergenceWeight(5),
  'jensen-shannon': divergenceWeight(5),
  kl: divergenceWeight(5),
  'reverse-kl': divergenceWeight(5),
});

/** The method of stage 2. */
export const MethodCodec = variants('method', {
  erm: {
    sampling: setting(
      'natural: every image is as likely; balanced: every group is.',
      choice('natural', 'balanced'),
      'natural',
    ),
  },
  'group-dro': { adversary: setting('What moves among the groups.', adversary(false), {}) },
  camel: {
    translations: required(
      'The images’ translations into the other subgroup; true and identity need no settings.',
      TranslationsCodec,
      {
        sources: [{ from: { kind: 'run', path: '${RUNS}/stage-1' } }],
      },
    ),
    consistency: setting('What makes predictions agree.', ConsistencyCodec, { kind: 'camel' }),
    adversary: setting('What moves among the groups.', adversary(true), {}),
    trainOn: setting(
      'What the robust loss sees: original images, translated ones, or both.',
      choice('original', 'augmented', 'both'),
      'original',
    ),
  },
});

const training = section('training', {
  ...lengthSettings(100, 'Epochs.'),
  batchSize: setting(
    'Original images that pass through the network at once, of all groups together: those of a step, unless gradients are accumulated.',
    positiveInteger,
    16,
  ),
  accumulate: setting(
    'Batches whose gradients make one step, as one batch of so many times the images would to rounding; only batch normalisation sees each for itself. Not with the invariance penalty.',
    positiveInteger,
    1,
  ),
  epochBatchSize: setting(
    'An epoch is ⌊training images / this⌋ steps; null: the images of a step.',
    nullable(positiveInteger),
    null,
  ),
  weightDecay: setting('Rate of ½‖w‖² over all trainable weights, a part of the loss.', nonNegativeNumber, 0),
  maximumGradientNorm: setting(
    'The gradient is cut to this norm; null: never.',
    nullable(positiveNumber),
    null,
  ),
  stopEarly: stopWithoutGain,
  onNan,
});

const evaluation = section('evaluation', {
  every: setting('From one evaluation to the next.', DurationCodec, { epochs: 1 }),
  splits: setting(
    'Splits evaluated during training; the test split is evaluated at the end in any case.',
    distinct(listOf(choice('validation', 'test'), 'splits'), 'a list of "validation" and "test"'),
    ['validation'],
  ),
  batchSize: setting('Images at once; null: the batch size of training.', nullable(positiveInteger), null),
  metrics: setting(
    'What is reported beside accuracy and cross-entropy of each group.',
    listOf(choice('confusion-matrix', 'auroc', 'recall', 'invariance-penalty'), 'a list of metrics'),
    [],
  ),
  translated: setting(
    'Whether translated evaluation images count as groups too, as published.',
    t.boolean,
    false,
  ),
  select: setting(
    'The checkpoint that is tested: best worst group or best average on the validation split, or the last.',
    choice('worst-group', 'average', 'last'),
    'worst-group',
  ),
});

/** A stage-2 experiment as a file writes it. */
export const StageTwoCodec = section('a stage-2 experiment', {
  ...headSettings('stage-2'),
  images: setting(
    'What happens to images before the network.',
    section('images', {
      augmentation,
      scaling: setting('From bytes to numbers.', ScalingCodec, { kind: 'BasicImagePreprocessing' }),
    }),
    {},
  ),
  network: required('The classifier.', NetworkCodec, { kind: 'small-cnn' }),
  method: required('What is minimised.', MethodCodec, { kind: 'erm' }),
  invariance: setting(
    'Penalty of invariant risk minimisation, a part of every group’s loss.',
    variants('invariance', {
      none: {},
      irm: {
        form: setting('irmv1, or the published one with its sign.', choice('irmv1', 'reference'), 'irmv1'),
        weight: setting('Of the penalty.', nonNegativeNumber, 1),
        annealSteps: setting('Steps before it sets in.', naturalNumber, 0),
      },
    }),
    { kind: 'none' },
  ),
  optimizer: setting('The optimizer.', OptimizerCodec, { kind: 'sgd' }),
  training: setting('How long, and in what batches.', training, {}),
  evaluation: setting('What is measured when.', evaluation, {}),
  checkpoints: setting('What is kept of the training.', checkpointsSection(1), {}),
});

/** A stage-2 experiment. */
export type StageTwoExperiment = t.TypeOf<typeof StageTwoCodec>;
