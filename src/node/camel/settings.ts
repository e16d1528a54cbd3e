/**
 * Settings of the main job: three presets, and what the command line changes of them. The published values are
 * those of Goel, Gu, Li, Ré, "Model patching" (ICLR 2021) for MNIST-Correlation.
 */
import { apply, either as E } from 'fp-ts';
import type { DataError } from '../../data/data-error.ts';
import type { GroupCounts } from '../../data/mnist-correlation.ts';

/** Methods of stage 2, in the order in which they are trained and shown. */
export const METHODS = ['erm', 'gdro', 'camel'] as const;
/** `erm`: empirical risk minimisation. `gdro`: group DRO. `camel`: consistency and class-conditional group DRO. */
export type Method = (typeof METHODS)[number];

/** Budgets of the main job. */
export const PRESETS = ['smoke', 'quick', 'paper'] as const;
export type Preset = (typeof PRESETS)[number];

/** `cyclegan`: made by stage 1. `true`: the real counterparts (an upper bound). `identity`: the image itself (a lower one). */
export const TRANSLATIONS = ['cyclegan', 'true', 'identity'] as const;
export type Translations = (typeof TRANSLATIONS)[number];

/** Which part of the images goes where. */
export interface DataSettings {
  readonly splits: 'disjoint' | 'published';
  readonly trainingCounts: GroupCounts;
  readonly validationCounts: GroupCounts;
  /** Test images of each group; null: all there are. */
  readonly testCount: number | null;
  readonly gateTrainingCount: number;
  readonly gateHeldOutCount: number;
}

/** The CycleGAN. */
export interface StageOneSettings {
  readonly steps: number;
  readonly width: number;
  readonly batchSize: number;
  readonly generatorLearningRate: number;
  readonly discriminatorLearningRate: number;
  readonly cycleWeight: number;
  readonly identityWeight: number;
  readonly poolSize: number;
  /** Whether a generator's output is 2·tanh + input instead of tanh. */
  readonly residual: boolean;
  /** Largest rotation of the augmentation, in degrees. */
  readonly rotation: number;
  /** Decay of the generators' moving average; 0 for none. */
  readonly movingAverageDecay: number;
  /** The gate measures, and a checkpoint is written, every so many steps. */
  readonly measureEvery: number;
}

/** The gate's classifiers. */
export interface GateSettings {
  readonly domainSteps: number;
  readonly labelSteps: number;
  /** During training the gate measures one in so many of its held-out images; the chosen checkpoint, on all. */
  readonly measureOneIn: number;
  readonly width: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

/** What differs from method to method. */
export interface MethodSettings {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Largest global gradient norm; null for no clipping. */
  readonly maximumGradientNorm: number | null;
  /** Step size η of the adversary. */
  readonly adversaryStepSize: number;
  /** C of the generalisation adjustment C/√n_g. */
  readonly adjustment: number;
  /** λ of the consistency loss. */
  readonly consistencyWeight: number;
}

/** The classifiers. */
export interface StageTwoSettings {
  readonly steps: number;
  readonly width: number;
  readonly batchSize: number;
  /** The validation images are evaluated, and a checkpoint is written, every so many steps. */
  readonly evaluateEvery: number;
  readonly methods: Readonly<Record<Method, MethodSettings>>;
}

/** Everything that the results depend on. */
export interface CamelSettings {
  readonly preset: Preset;
  readonly seed: number;
  readonly methods: readonly Method[];
  readonly translations: Translations;
  readonly data: DataSettings;
  readonly stage1: StageOneSettings;
  readonly gate: GateSettings;
  readonly stage2: StageTwoSettings;
}

/** The published hyperparameters of stage 2 on MNIST-Correlation. */
const PUBLISHED_METHODS: Readonly<Record<Method, MethodSettings>> = {
  erm: {
    learningRate: 1e-4,
    weightDecay: 0.05,
    maximumGradientNorm: 5,
    adversaryStepSize: 0,
    adjustment: 0,
    consistencyWeight: 0,
  },
  gdro: {
    learningRate: 5e-4,
    weightDecay: 5e-4,
    maximumGradientNorm: 5,
    adversaryStepSize: 0.01,
    adjustment: 1,
    consistencyWeight: 0,
  },
  camel: {
    learningRate: 1e-3,
    weightDecay: 5e-4,
    maximumGradientNorm: null,
    adversaryStepSize: 0.01,
    adjustment: 1,
    consistencyWeight: 5,
  },
};

/** Rates × `factor`, for budgets far below the published 40,000 steps. */
function scaledRates(factor: number): Readonly<Record<Method, MethodSettings>> {
  const scaled = (method: Method): MethodSettings => ({
    ...PUBLISHED_METHODS[method],
    learningRate: PUBLISHED_METHODS[method].learningRate * factor,
  });
  return { erm: scaled('erm'), gdro: scaled('gdro'), camel: scaled('camel') };
}

const PUBLISHED_STAGE_ONE: StageOneSettings = {
  steps: 800_000,
  width: 1,
  batchSize: 25,
  generatorLearningRate: 1e-3,
  discriminatorLearningRate: 5e-5,
  cycleWeight: 10,
  identityWeight: 1,
  poolSize: 50,
  residual: false,
  rotation: 45,
  movingAverageDecay: 0,
  measureEvery: 1000,
};

const BUDGETS: Readonly<Record<Preset, Pick<CamelSettings, 'data' | 'stage1' | 'gate' | 'stage2'>>> = {
  smoke: {
    data: {
      splits: 'disjoint',
      trainingCounts: [300, 50, 50, 300],
      validationCounts: [50, 50, 50, 50],
      testCount: 100,
      gateTrainingCount: 300,
      gateHeldOutCount: 50,
    },
    stage1: {
      ...PUBLISHED_STAGE_ONE,
      steps: 12,
      width: 0.125,
      batchSize: 8,
      poolSize: 16,
      movingAverageDecay: 0.9,
      measureEvery: 6,
    },
    gate: {
      domainSteps: 30,
      labelSteps: 60,
      measureOneIn: 1,
      width: 0.25,
      batchSize: 50,
      learningRate: 3e-3,
    },
    stage2: { steps: 20, width: 0.25, batchSize: 40, evaluateEvery: 10, methods: scaledRates(25) },
  },
  quick: {
    data: {
      splits: 'disjoint',
      trainingCounts: [4900, 100, 100, 4900],
      validationCounts: [250, 250, 250, 250],
      testCount: null,
      gateTrainingCount: 1000,
      gateHeldOutCount: 250,
    },
    stage1: { ...PUBLISHED_STAGE_ONE, steps: 250, width: 0.25, movingAverageDecay: 0.98, measureEvery: 50 },
    gate: {
      domainSteps: 120,
      labelSteps: 400,
      measureOneIn: 3,
      width: 0.5,
      batchSize: 64,
      learningRate: 2e-3,
    },
    stage2: { steps: 300, width: 0.5, batchSize: 40, evaluateEvery: 50, methods: scaledRates(100) },
  },
  paper: {
    data: {
      splits: 'disjoint',
      trainingCounts: [9900, 100, 100, 9900],
      validationCounts: [1000, 1000, 1000, 1000],
      testCount: null,
      gateTrainingCount: 1000,
      gateHeldOutCount: 250,
    },
    stage1: PUBLISHED_STAGE_ONE,
    gate: {
      domainSteps: 400,
      labelSteps: 1500,
      measureOneIn: 1,
      width: 1,
      batchSize: 100,
      learningRate: 1e-3,
    },
    stage2: { steps: 40_000, width: 1, batchSize: 100, evaluateEvery: 200, methods: PUBLISHED_METHODS },
  },
};

/** The command line as it was given, every value still text. */
export interface CamelOptions {
  readonly preset?: string;
  readonly methods?: string;
  readonly seed?: string;
  readonly translations?: string;
  readonly splits?: string;
  readonly steps?: string;
  readonly stage1Steps?: string;
  readonly width?: string;
}

type Decoded<A> = E.Either<DataError, A>;

const refuse = (option: string, expected: string, found: string, cure: string): Decoded<never> =>
  E.left({ where: `--${option}`, expected, found, cure });

function choice<A extends string>(option: string, value: string, choices: readonly A[]): Decoded<A> {
  const found = choices.find((candidate) => candidate === value);
  return found === undefined
    ? refuse(option, `one of ${choices.join(', ')}`, `'${value}'`, 'choose one of them')
    : E.right(found);
}

function wholeNumber(option: string, value: string, least: number): Decoded<number> {
  const number = value.trim() === '' ? Number.NaN : Number(value);
  return Number.isSafeInteger(number) && number >= least
    ? E.right(number)
    : refuse(
        option,
        `a whole number${least === -Infinity ? '' : ` of at least ${least}`}`,
        `'${value}'`,
        `give one, e.g. --${option} ${Math.max(1, least)}`,
      );
}

function widthFactor(value: string): Decoded<number> {
  const number = value.trim() === '' ? Number.NaN : Number(value);
  return number > 0 && number <= 4
    ? E.right(number)
    : refuse(
        'width',
        'a factor above 0 and at most 4; 1 is as published',
        `'${value}'`,
        'give e.g. --width 0.25',
      );
}

function methodList(value: string): Decoded<readonly Method[]> {
  const named = value.split(',').map((name) => name.trim());
  const unknown = named.find((name) => !METHODS.some((method) => method === name));
  return unknown === undefined
    ? E.right(METHODS.filter((method) => named.includes(method)))
    : refuse(
        'methods',
        `some of ${METHODS.join(', ')}, separated by commas`,
        `'${unknown}'`,
        `give e.g. --methods erm,camel`,
      );
}

const optional = <A>(
  value: string | undefined,
  decode: (value: string) => Decoded<A>,
): Decoded<A | undefined> => (value === undefined ? E.right(undefined) : decode(value));

/**
 * The settings that a command line asks for.
 *
 * @param options Text as given; absent ones take the preset's values.
 * @returns Settings, or the first option that cannot be understood.
 * @example
 * ```ts
 * import { camelSettings } from 'model-patching/node';
 * const settings = camelSettings({ preset: 'smoke', seed: '3', width: '0' });
 * if (settings._tag !== 'Left' || settings.left.where !== '--width') throw new Error('a width of 0 is refused');
 * ```
 */
export function camelSettings(options: CamelOptions): Decoded<CamelSettings> {
  return E.Functor.map(
    apply.sequenceS(E.Apply)({
      preset: choice('preset', options.preset ?? 'quick', PRESETS),
      seed: wholeNumber('seed', options.seed ?? '0', -Infinity),
      methods: methodList(options.methods ?? METHODS.join(',')),
      translations: choice('translations', options.translations ?? 'cyclegan', TRANSLATIONS),
      splits: optional(options.splits, (value) =>
        choice('splits', value, ['disjoint', 'published'] as const),
      ),
      steps: optional(options.steps, (value) => wholeNumber('steps', value, 1)),
      stage1Steps: optional(options.stage1Steps, (value) => wholeNumber('stage1-steps', value, 1)),
      width: optional(options.width, widthFactor),
    }),
    ({ preset, seed, methods, translations, splits, steps, stage1Steps, width }) => {
      const { data, stage1, gate, stage2 } = BUDGETS[preset];
      return {
        preset,
        seed,
        methods,
        translations,
        data: { ...data, splits: splits ?? data.splits },
        stage1: { ...stage1, steps: stage1Steps ?? stage1.steps, width: width ?? stage1.width },
        gate,
        stage2: { ...stage2, steps: steps ?? stage2.steps, width: width ?? stage2.width },
      };
    },
  );
}

/** What a run will do, in a few lines for a person. */
export function describeBudget({
  preset,
  data,
  stage1,
  stage2,
  methods,
  translations,
}: CamelSettings): string[] {
  const counts = data.trainingCounts.join(' / ');
  const lines = [
    `preset ${preset}: ${counts} training images (even clean / even zigzag / odd clean / odd zigzag), ${data.testCount === null ? 'all' : 4 * data.testCount} test images`,
    ...(translations === 'cyclegan' && methods.includes('camel')
      ? [
          `stage 1: ${stage1.steps} steps of ${stage1.batchSize} + ${stage1.batchSize} images, width ${stage1.width}`,
        ]
      : []),
    `stage 2: ${stage2.steps} steps of ${stage2.batchSize} images for each of ${methods.join(', ')}, width ${stage2.width}`,
  ];
  return lines;
}
