/** Settings of the main job: everything that its results depend on. */
import type { GroupCounts } from '../../data/mnist-correlation.ts';

/** Methods of stage 2, in the order in which they are trained and shown. */
export const METHODS = ['erm', 'gdro', 'camel'] as const;
/** `erm`: empirical risk minimisation. `gdro`: group DRO. `camel`: consistency and class-conditional group DRO. */
export type Method = (typeof METHODS)[number];

/** Budgets of the main job, from the smallest. */
export const PRESETS = ['smoke', 'quick', 'paper'] as const;
/** `smoke`: does everything, learns little. `quick`: minutes on two cores. `paper`: as published. */
export type Preset = (typeof PRESETS)[number];

/** Where CAMEL's translations may come from. */
export const TRANSLATIONS = ['cyclegan', 'true', 'identity'] as const;
/** `cyclegan`: made by stage 1. `true`: the real counterparts (an upper bound). `identity`: the image itself (a lower one). */
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

/**
 * What a run will do, in a few lines for a person.
 *
 * @param settings See {@link camelSettings}.
 * @returns The lines: the images, the budget of stage 1 if translations are learnt, and that of stage 2.
 * @example
 * ```ts
 * import { camelSettings, describeBudget, orExit } from 'model-patching/node';
 * const settings = orExit(camelSettings({ preset: 'smoke', methods: 'erm', steps: '7' }));
 * const [images, stage2] = describeBudget(settings);
 * if (!images?.startsWith('preset smoke')) throw new Error('the preset expected');
 * if (!stage2?.startsWith('stage 2: 7 steps')) throw new Error('no stage 1 without CAMEL');
 * ```
 */
export function describeBudget({
  preset,
  data,
  stage1,
  stage2,
  methods,
  translations,
}: CamelSettings): string[] {
  const counts = data.trainingCounts.join(' / ');
  const learns = translations === 'cyclegan' && methods.includes('camel');
  const test = data.testCount === null ? 'all' : `${4 * data.testCount}`;
  return [
    `preset ${preset}: ${counts} training images (even clean / even zigzag / odd clean / odd zigzag), ${test} test images`,
    ...(learns
      ? [
          `stage 1: ${stage1.steps} steps of ${stage1.batchSize} + ${stage1.batchSize} images, width ${stage1.width}`,
        ]
      : []),
    `stage 2: ${stage2.steps} steps of ${stage2.batchSize} images for each of ${methods.join(', ')}, width ${stage2.width}`,
    ...(preset === 'paper'
      ? [
          'paper is the published budget, for a fast GPU: on a few cores it is not expected to be run to its end',
        ]
      : []),
  ];
}
