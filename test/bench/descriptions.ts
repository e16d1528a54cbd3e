/** The steps that are timed, described apart from any implementation: a peer gets this, the weights and a batch. */

/** A method of stage 2. */
export type Method = 'erm' | 'gdro' | 'camel';

/** A classifier's step over four groups, `2y + z`, or over one. */
export interface RobustDescription {
  readonly kind: 'robust';
  readonly objective: Method;
  /** B; the batch holds them, then the translations of each. */
  readonly originals: number;
  readonly groups: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly maximumGradientNorm: number | null;
  /** η of the adversary. */
  readonly adversaryStepSize: number;
  /** C/√n of each group. */
  readonly adjustments: readonly number[];
  /** λ of the consistency loss. */
  readonly consistencyWeight: number;
}

/** A step of the published CycleGAN: Adam with β₁ ½, cross-entropy, history pools. */
export interface CycleganDescription {
  readonly kind: 'cyclegan';
  readonly generatorLearningRate: number;
  readonly discriminatorLearningRate: number;
  readonly cycleWeight: number;
  readonly identityWeight: number;
  readonly poolSize: number;
}

/** A classifier's loss in inference mode, without a gradient. */
export interface ForwardDescription {
  readonly kind: 'forward';
}

/** What is computed. */
export type Description = RobustDescription | CycleganDescription | ForwardDescription;

/** The training counts of MNIST-Correlation as published. */
export const TRAINING_COUNTS = [9900, 100, 100, 9900] as const;

/** The published settings of stage 2 on MNIST-Correlation. */
const PUBLISHED = {
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
} as const;

/** A step of stage 2 with its published settings. */
export function publishedRobust(objective: Method, originals: number): RobustDescription {
  const { adjustment, ...settings } = PUBLISHED[objective];
  return {
    kind: 'robust',
    objective,
    originals,
    groups: TRAINING_COUNTS.length,
    ...settings,
    adjustments: TRAINING_COUNTS.map((count) => adjustment / Math.sqrt(count)),
  };
}

/** The step of stage 1 with its published settings. */
export function publishedCyclegan(): CycleganDescription {
  return {
    kind: 'cyclegan',
    generatorLearningRate: 1e-3,
    discriminatorLearningRate: 5e-5,
    cycleWeight: 10,
    identityWeight: 1,
    poolSize: 50,
  };
}

/** Training of a large classifier: mean cross-entropy, descent with Nesterov's momentum 0.9. */
export const classification = (originals: number): RobustDescription => ({
  kind: 'robust',
  objective: 'erm',
  originals,
  groups: 1,
  learningRate: 1e-3,
  weightDecay: 0,
  maximumGradientNorm: null,
  adversaryStepSize: 0,
  adjustments: [0],
  consistencyWeight: 0,
});
