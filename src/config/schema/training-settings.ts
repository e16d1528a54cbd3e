/** What the two stages have in common: optimizers, learning-rate schedules, image pipelines, checkpoints. */
import * as t from 'io-ts';
import {
  belowOne,
  integer,
  nonNegativeNumber,
  nullable,
  naturalNumber,
  positiveInteger,
  positiveNumber,
  refine,
  unitInterval,
} from '../codecs.ts';
import { DataCodec } from './data-settings.ts';
import { DurationCodec } from './durations.ts';
import { choice, listOf, required, section, setting, variants } from './section.ts';
import { experimentName } from './values.ts';

const decaySteps = setting(
  'Optimizer steps after which the schedule has run its course; null: all of the training.',
  nullable(positiveInteger),
  null,
);

/** The learning rate over the steps, as a schedule from the optimizer’s learning rate. */
export const ScheduleCodec = variants('schedule', {
  constant: {},
  linear: {
    end: setting('Learning rate at the end.', nonNegativeNumber, 0),
    steps: decaySteps,
  },
  'linear-from-half': {
    steps: decaySteps,
    clamped: setting('Whether it stays at 0 past its end; published: false.', t.boolean, true),
  },
  cosine: { steps: decaySteps },
  quarters: { steps: decaySteps },
  'half-and-three-quarters': { steps: decaySteps },
  piecewise: {
    boundaries: setting(
      'Steps after which the next rate holds, increasing.',
      listOf(positiveInteger, 'a list of steps'),
      [30_000, 60_000, 90_000, 120_000],
    ),
    rates: setting(
      'Learning rates, one more than boundaries; the optimizer’s own is not used.',
      listOf(nonNegativeNumber, 'a list of learning rates'),
      [0.1, 0.01, 0.001, 0.0001, 0.00005],
    ),
  },
});
/** A learning-rate schedule. */
export type ScheduleSettings = t.TypeOf<typeof ScheduleCodec>;

const warmUpSteps = setting('Steps over which the learning rate rises from 0.', naturalNumber, 0);

/** Settings of Adam, with its default learning rate and first decay. */
export const adamSettings = (learningRate: number, beta1: number) => ({
  learningRate: setting('Learning rate at the start.', positiveNumber, learningRate),
  beta1: setting('Decay of the first moment.', belowOne, beta1),
  beta2: setting('Decay of the second moment.', belowOne, 0.999),
  epsilon: setting('Added to the root of the second moment.', positiveNumber, 1e-7),
});

/** Settings of a learning rate’s schedule, for use beside an optimizer. */
export const scheduleSettings = {
  schedule: setting('Schedule of the learning rate.', ScheduleCodec, { kind: 'constant' }),
  warmUpSteps,
};

/** The optimizer of a classifier. */
export const OptimizerCodec = variants('optimizer', {
  sgd: {
    learningRate: setting('Learning rate at the start.', positiveNumber, 0.001),
    momentum: setting('Momentum; 0 for none.', belowOne, 0.9),
    nesterov: setting('Whether momentum looks ahead (Nesterov), as published.', t.boolean, true),
    ...scheduleSettings,
  },
  adam: { ...adamSettings(0.001, 0.9), ...scheduleSettings },
});
/** An optimizer with its learning rate. */
export type OptimizerSettings = t.TypeOf<typeof OptimizerCodec>;

/**
 * Augmentations of training images. The names are the published ones: `rotr` and `pad:crop` were parts of
 * HeuristicImageAugmentation, `fliplr` and `crop` of ImgAug.
 */
export const AugmentationCodec = variants('augmentation', {
  rotr: { degrees: setting('Largest rotation either way, degrees.', positiveNumber, 45) },
  'pad:crop': {
    padding: setting('Zeros on every side before cropping back, pixels.', positiveInteger, 4),
    offsets: setting('all: every offset; published: never the last one.', choice('all', 'published'), 'all'),
  },
  fliplr: { probability: setting('Of mirroring left to right.', unitInterval, 0.5) },
  crop: {
    fraction: setting(
      'Most that is cut from each side before enlarging back, as a share of the size.',
      refine(unitInterval, (value) => value < 0.5, 'a number from 0 to below 0.5'),
      0.1,
    ),
  },
  cutout: {
    size: setting(
      'Side of the square of zeros, pixels.',
      refine(positiveInteger, (value) => value % 2 === 0, 'an even number above 0'),
      16,
    ),
  },
});
/** One augmentation. */
export type AugmentationSettings = t.TypeOf<typeof AugmentationCodec>;

/** A pipeline of augmentations. */
export const augmentation = setting(
  'Augmentations of training images, applied in this order with seeded draws.',
  listOf(AugmentationCodec, 'a list of augmentations'),
  [],
);

/** How bytes become the numbers that a classifier sees. */
export const ScalingCodec = variants('scaling', {
  BasicImagePreprocessing: {
    range: setting(
      'zero-one: x/255; minusone-one: x/127.5 − 1; none: 0 to 255 as stored.',
      choice('zero-one', 'minusone-one', 'none'),
      'zero-one',
    ),
  },
  ImageNetPreprocessing: {},
});
/** How bytes become numbers. */
export type ScalingSettings = t.TypeOf<typeof ScalingCodec>;

/** When checkpoints are written and how many are kept. */
export const checkpointsSection = (epochs: number) =>
  section('checkpoints', {
    every: setting('From one checkpoint to the next.', DurationCodec, { epochs }),
    keep: setting(
      'Newest checkpoints that are kept beside the best one; null keeps all.',
      nullable(positiveInteger),
      2,
    ),
  });

/** Where the tensors are. */
export const backend = setting(
  'Backend of the numbers; auto takes the fastest that is installed.',
  choice('auto', 'tensorflow-gpu', 'webgpu', 'tensorflow', 'wasm', 'cpu'),
  'auto',
);

/** What an experiment of either stage begins with. */
export const headSettings = <Kind extends 'stage-1' | 'stage-2'>(kind: Kind) => ({
  version: required('Version of this schema.', t.literal(1, '1'), 1),
  kind: required('Which stage.', t.literal(kind, `"${kind}"`), kind),
  name: setting('Names run folders.', experimentName, 'experiment'),
  seed: setting('Of initial weights, order, augmentation and dropout.', integer, 0),
  backend,
  data: required('The data set.', DataCodec, { kind: 'mnist-correlation' }),
});
