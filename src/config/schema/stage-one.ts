/** The settings of stage 1: one CycleGAN between two subgroups, inside one class or for all classes at once. */
import * as t from 'io-ts';
import {
  belowOne,
  naturalNumber,
  nonNegativeNumber,
  nullable,
  positiveInteger,
  positiveNumber,
} from '../codecs.ts';
import { DurationCodec, lengthSettings } from './durations.ts';
import { choice, listOf, section, setting, variants } from './section.ts';
import {
  adamSettings,
  augmentation,
  checkpointsSection,
  headSettings,
  scheduleSettings,
} from './training-settings.ts';
import { distinct } from './values.ts';

/** Classes by number, or all of them. */
export const ClassesCodec: t.Type<'all' | readonly number[]> = (() => {
  const numbers = distinct(listOf(naturalNumber, 'classes'), '"all", or a list of class numbers, e.g. [0]');
  const all = t.literal('all');
  return new t.Type<'all' | readonly number[]>(
    numbers.name,
    (value): value is 'all' | readonly number[] => all.is(value) || numbers.is(value),
    (value, context) => (value === 'all' ? t.success('all') : numbers.validate(value, context)),
    t.identity,
  );
})();

const domain = (subgroup: number) =>
  section('domain', {
    subgroup: setting('Number z of the subgroup.', naturalNumber, subgroup),
    images: setting(
      'Most images of this domain, in equal parts from its classes; null takes all.',
      nullable(positiveInteger),
      null,
    ),
  });

const translation = section('translation', {
  classes: setting('Classes y whose images are translated: all, or a list such as [0].', ClassesCodec, 'all'),
  source: setting('From where G translates and to where F does.', domain(0), {}),
  target: setting('To where G translates and from where F does.', domain(1), {}),
});

const normalization = choice('batch', 'instance', 'none');
const width = setting('Factor of all numbers of filters; 1 is as published.', positiveNumber, 1);
const rates = listOf(belowOne, 'a list of dropout rates');
const residual = setting('Output 2·tanh + input instead of tanh.', t.boolean, false);

/** The two generators. */
export const GeneratorCodec = variants('generator', {
  published: {
    normalization: setting('After every convolution but the first and the last.', normalization, 'batch'),
    residual,
    dropout: setting(
      'Rate of the first two (images up to 128) or three (up to 256) decoder blocks; 28×28 has none.',
      belowOne,
      0.5,
    ),
    width,
  },
  unet: {
    filters: setting(
      'Of the encoder; the decoder mirrors them, and each halves the image.',
      listOf(positiveInteger, 'a list of numbers of filters'),
      [64, 128, 256, 512],
    ),
    normalization: setting('After every convolution but the first and the last.', normalization, 'batch'),
    residual,
    dropout: setting('Rates of the first decoder blocks.', rates, []),
    width,
  },
  resnet: {
    blocks: setting('Residual blocks: 6 for images of 128 pixels, 9 for 256.', naturalNumber, 9),
    filters: setting('Of the first convolution, doubled twice on the way down.', positiveInteger, 64),
    normalization: setting('After every convolution but the last.', normalization, 'instance'),
    width,
  },
});

const discriminator = section('discriminator', {
  filters: setting(
    'Of the 4×4 convolutions, all of stride 2 but the last.',
    listOf(positiveInteger, 'a list of numbers of filters'),
    [64, 128, 256, 512],
  ),
  normalization: setting('After every convolution but the first and the last.', normalization, 'batch'),
  width,
});

const penaltyScale = setting('Weight of the penalty.', nonNegativeNumber, 10);
const loss = section('loss', {
  adversarial: setting(
    'The game: cross-entropy, least squares, Wasserstein, or hinge.',
    choice('bce', 'lsgan', 'wgan', 'hinge'),
    'bce',
  ),
  cycle: setting(
    'Weights of the cycle losses.',
    section('cycle', {
      source: setting('Of |x − F(G(x))|.', nonNegativeNumber, 10),
      target: setting('Of |y − G(F(y))|; 0 with source only.', nonNegativeNumber, 10),
    }),
    {},
  ),
  identity: setting('Weight λ of the identity losses, which enter with λ/2.', nonNegativeNumber, 1),
  penalty: setting(
    'Penalty on the discriminators’ gradients.',
    variants('penalty', { none: {}, 'wgan-gp': { scale: penaltyScale }, dragan: { scale: penaltyScale } }),
    { kind: 'none' },
  ),
});

const optimizer = section('optimizer', {
  generators: setting('Adam over both generators.', section('Adam', adamSettings(0.0002, 0.5)), {}),
  discriminators: setting('Adam over both discriminators.', section('Adam', adamSettings(0.0002, 0.5)), {}),
  ...scheduleSettings,
});

const pool = section('pool', {
  capacity: setting(
    'Earlier translations that each discriminator may be shown, images.',
    positiveInteger,
    50,
  ),
  rule: setting(
    'reference: what is shown is drawn from the pool; current-or-history: half of it is new.',
    choice('reference', 'current-or-history'),
    'reference',
  ),
});

const training = section('training', {
  ...lengthSettings(200, 'Passes over the smaller domain.'),
  batchSize: setting('Images of each domain in a step.', positiveInteger, 4),
});

/** The gate that says how good translations are. */
export const GateCodec = variants('gate', {
  none: {},
  strict: {
    every: setting('From one measurement to the next.', DurationCodec, { epochs: 50 }),
    trainingImages: setting('Of each group, that its classifiers learn from.', positiveInteger, 1000),
    heldOutImages: setting('Of each group, that it translates and judges.', positiveInteger, 250),
    measureOneIn: setting(
      'During training it measures one in so many of them; the chosen checkpoint, on all.',
      positiveInteger,
      1,
    ),
    domainSteps: setting('Optimizer steps of the domain classifier.', positiveInteger, 400),
    labelSteps: setting('Optimizer steps of the class classifier.', positiveInteger, 1500),
    batchSize: setting('Images in a step of either.', positiveInteger, 100),
    learningRate: setting('Of either.', positiveNumber, 0.001),
    width,
  },
});

/** A stage-1 experiment as a file writes it. */
export const StageOneCodec = section('a stage-1 experiment', {
  ...headSettings('stage-1'),
  translation: setting('What is translated into what.', translation, {}),
  images: setting(
    'What happens to images before the networks, which see them in [−1, 1].',
    section('images', { augmentation }),
    {},
  ),
  generator: setting('Both generators.', GeneratorCodec, { kind: 'published' }),
  discriminator: setting('Both discriminators, PatchGANs.', discriminator, {}),
  loss: setting('Parts of the loss.', loss, {}),
  optimizer: setting('Two optimizers on one schedule.', optimizer, {}),
  pool: setting('History pools of the discriminators.', pool, {}),
  training: setting('How long, and in what batches.', training, {}),
  movingAverageDecay: setting(
    'Decay of moving averages of the generators’ weights, which then translate; null: none.',
    nullable(belowOne),
    null,
  ),
  gate: setting('Classifiers that judge translations and choose the best checkpoint.', GateCodec, {
    kind: 'none',
  }),
  checkpoints: setting('What is kept of the training.', checkpointsSection(5), {}),
  gallery: setting(
    'Pictures of originals, translations, and translations back.',
    section('gallery', {
      every: setting('From one to the next.', DurationCodec, { steps: 50 }),
      images: setting('Originals of each domain.', positiveInteger, 8),
    }),
    {},
  ),
});

/** A stage-1 experiment. */
export type StageOneExperiment = t.TypeOf<typeof StageOneCodec>;
