/** The settings of stage 1: one CycleGAN between two subgroups, inside one class or for all classes at once. */
import * as t from 'io-ts';
import {
  belowOne,
  naturalNumber,
  nonNegativeNumber,
  nullable,
  positiveInteger,
  positiveNumber,
  refine,
  unitInterval,
} from '../codecs.ts';
import { DurationCodec, lengthSettings } from './durations.ts';
import { GateCodec } from './gate-settings.ts';
import { choice, listOf, section, setting, variants } from './section.ts';
import {
  adamSettings,
  augmentation,
  checkpointsSection,
  headSettings,
  scheduleSettings,
} from './training-settings.ts';
import { onNan, stopWhenSatisfied } from './training-end.ts';
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
const initialWeights = setting(
  'published: N(0, 0.02²); he: by the number of inputs of each layer.',
  choice('published', 'he'),
  'published',
);
const leakySlope = setting('Slope of leaky ReLU for negative values.', positiveNumber, 0.3);
const planes = (generator: string) =>
  setting(`Planes of noise that ${generator} takes beside the image.`, naturalNumber, 0);

/** How the output of a U-Net is made of what it draws. */
const ResidualCodec: t.Type<boolean | 'mask'> = (() => {
  const is = (value: unknown): value is boolean | 'mask' => typeof value === 'boolean' || value === 'mask';
  return new t.Type<boolean | 'mask'>(
    'true, false or "mask"',
    is,
    (value, context) => (is(value) ? t.success(value) : t.failure(value, context)),
    t.identity,
  );
})();

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
    batchNormalization: setting(
      'Where normalization is batch.',
      section('batch normalization', {
        epsilon: setting('Added to variances.', positiveNumber, 0.001),
        momentum: setting('Share that moving statistics keep in a step.', belowOne, 0.99),
      }),
      {},
    ),
    leakySlope,
    residual: setting(
      'false: tanh; true: 2·tanh + input; mask: a blend of input and tanh, where the network says.',
      ResidualCodec,
      false,
    ),
    noise: setting(
      'For a translation that has to invent something; not with residual: true.',
      section('noise', { toTarget: planes('G'), toSource: planes('F') }),
      {},
    ),
    dropout: setting('Rates of the first decoder blocks.', rates, []),
    initialWeights,
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
  leakySlope,
  initialWeights,
  width,
  augmentation: setting(
    'Changes of all that a discriminator sees, real and translated, in both updates.',
    variants('augmentation', {
      none: {},
      random: {
        probability: setting('Share of images that are changed.', unitInterval, 0.9),
        shift: setting('Most pixels that an image moves either way.', naturalNumber, 0),
        scale: setting('Largest relative change of size.', belowOne, 0),
        mirror: setting('Whether half of the images are mirrored.', t.boolean, false),
        cutout: setting('Side of the square that is taken out, pixels.', naturalNumber, 0),
      },
    }),
    { kind: 'none' },
  ),
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
      detached: setting('Whether they train only the generator that translates back.', t.boolean, false),
    }),
    {},
  ),
  content: setting(
    'Weights of what a translation changes.',
    section('content', {
      source: setting('Of |G(x) − x|.', nonNegativeNumber, 0),
      target: setting('Of |F(y) − y|.', nonNegativeNumber, 0),
    }),
    {},
  ),
  identity: setting('Weight λ of the identity losses, which enter with λ/2.', nonNegativeNumber, 1),
  penalty: setting(
    'Penalty on the discriminators’ gradients.',
    variants('penalty', {
      none: {},
      'wgan-gp': { scale: penaltyScale },
      dragan: { scale: penaltyScale },
      r1: {
        scale: setting('Weight of half the squared gradient at real images.', nonNegativeNumber, 10),
        every: setting('Taken in one of so many steps, and as many times as strong.', positiveInteger, 1),
      },
    }),
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
    'Earlier translations that each discriminator may be shown, images; 0 shows those of the step alone.',
    naturalNumber,
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
  balanced: setting('Whether a batch holds equal numbers of each class.', t.boolean, false),
  scarce: setting(
    'What happens to a class of which a domain has less than half as many images as the other; mixed needs balanced, and a pool of 0.',
    variants('scarce', {
      asOthers: {},
      mixed: {
        realInputs: setting(
          'Real ones that a step translates; translations take the other places.',
          positiveInteger,
          3,
        ),
        finalShare: setting(
          'What its share of the discriminators’ images falls to; 1: as in a balanced batch.',
          refine(unitInterval, (share) => share > 0, 'a number above 0, at most 1'),
          0.3,
        ),
        until: setting('Share of the training in which it falls.', unitInterval, 0.4),
      },
    }),
    { kind: 'asOthers' },
  ),
  stopEarly: stopWhenSatisfied,
  onNan,
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
  movingAverageWarmUp: setting(
    'Whether the averages keep less at the start: min(decay, (1 + steps)/(10 + steps)).',
    t.boolean,
    false,
  ),
  gate: setting('Classifiers that judge translations, and may choose a checkpoint.', GateCodec, {
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
