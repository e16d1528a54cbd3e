/** How the command line of a chain changes the configurations of its two stages. */
import { sampleCelebaLimits } from '../../data/samples/plan.ts';
import type { StageTwoExperiment } from '../../config/experiment/stage-two.ts';
import { ProgramError } from '../program.ts';
import type { ChainName } from './chain-name.ts';

/** `setting=value`, later ones win. */
export interface ChainOverrides {
  readonly 'stage-1': readonly string[];
  readonly 'stage-2': readonly string[];
}

/** What the command line of a chain says. */
export interface ChainBudget {
  /** Optimizer steps of each CycleGAN. */
  readonly stageOneSteps?: number;
  /** Optimizer steps of each classifier, with four evaluations. */
  readonly steps?: number;
  /** Height and width of the images; digits have 28. */
  readonly size?: number;
  /** Factor of the numbers of filters of all networks. */
  readonly width?: number;
  /** Whether the data are the sample data and not the originals. */
  readonly sample: boolean;
  /** Without the spurious link between class and subgroup. */
  readonly null: boolean;
  /** Sample pictures of each group, as a factor of their plan. */
  readonly share: number;
  /** Whether there are pretrained weights. */
  readonly weights: boolean;
  /** `stage-1.setting=value` or `stage-2.setting=value`. */
  readonly set: readonly string[];
}

/** Where no pretrained weights are at hand. */
export const RANDOM_WEIGHTS = 'network.weights={ kind: random }';

/**
 * The optimizer of every method with random weights, at its usual rate: the published rates are those of fine-tuning
 * and hardly move them. Chosen by ERM on the null variant, on which no method can win.
 */
const OPTIMIZER_FROM_SCRATCH = 'optimizer={ kind: adam, learningRate: 0.001 }';

/**
 * PyTorch's. Moving statistics begin at 0 and 1; keeping 0.99 of them, as published, they would still be far from those
 * of the batches after a few hundred steps.
 */
const MOMENTUM_FROM_SCRATCH = 0.9;

/** The learning rate at which the published penalties would be left as they are. */
const RATE_OF_PENALTIES = 0.01;

/**
 * What a method changes with random weights. Its weight decay and its consistency weight are multiplied by the published
 * learning rate over 0.01, for they are made for fine-tuning: with Waterbirds' published consistency weight of 100, CAMEL
 * diverged at that rate of gradient descent. The factor was kept when Adam took its place, and was not tuned.
 *
 * @param published The experiment without changes.
 * @returns `setting=value`, of stage 2.
 */
export function scratchOverrides({ optimizer, training, method }: StageTwoExperiment): readonly string[] {
  const consistency =
    method.kind === 'camel' && method.consistency.kind !== 'none' ? method.consistency : null;
  const scale = optimizer.learningRate / RATE_OF_PENALTIES;
  return [
    OPTIMIZER_FROM_SCRATCH,
    `training.weightDecay=${training.weightDecay * scale}`,
    `network.batchNormalizationMomentum=${MOMENTUM_FROM_SCRATCH}`,
    ...(consistency === null ? [] : [`method.consistency.weight=${consistency.weight * scale}`]),
  ];
}

/** Of a classifier during its training, each with a checkpoint. */
const EVALUATIONS = 4;

/**
 * The changes that a budget makes.
 *
 * @param chain Of which data set.
 * @param budget From the command line.
 * @throws ProgramError (exit code 2): a size of digits, a setting without its stage.
 */
export function chainOverrides(chain: ChainName, budget: ChainBudget): ChainOverrides {
  const { stageOneSteps, steps, size, width, sample, share, weights, set } = budget;
  const digits = chain === 'mnist-correlation';
  if (digits && size !== undefined)
    throw new ProgramError(`--size: expected none for ${chain}, whose images are 28×28, found ${size}`, 2);
  const wrong = set.find((each) => !/^stage-[12]\./.test(each));
  if (wrong !== undefined)
    throw new ProgramError(
      `--set ${wrong}: expected stage-1.setting=value or stage-2.setting=value; put the stage before it`,
      2,
    );
  const ofStage = (stage: string): readonly string[] =>
    set.filter((each) => each.startsWith(`${stage}.`)).map((each) => each.slice(stage.length + 1));
  const data = [
    ...(size === undefined ? [] : [`data.size=${size}`]),
    ...(digits && budget.null ? ['data.sizes={ kind: correlation, probability: 0.5, images: 40000 }'] : []),
  ];
  const every = steps === undefined ? 1 : Math.ceil(steps / EVALUATIONS);
  return {
    'stage-1': [
      ...data,
      ...(width === undefined ? [] : [`generator.width=${width}`, `discriminator.width=${width}`]),
      ...(stageOneSteps === undefined ? [] : [`training.steps=${stageOneSteps}`]),
      ...ofStage('stage-1'),
    ],
    'stage-2': [
      ...data,
      ...(chain === 'celeba' && sample && !budget.null
        ? [`data.limits=${JSON.stringify(sampleCelebaLimits(share))}`]
        : []),
      ...(digits || weights ? [] : [RANDOM_WEIGHTS]),
      ...(width === undefined ? [] : [`network.width=${width}`]),
      ...(steps === undefined
        ? []
        : [
            `training.steps=${steps}`,
            `evaluation.every={ steps: ${every} }`,
            `checkpoints.every={ steps: ${every} }`,
          ]),
      ...ofStage('stage-2'),
    ],
  };
}
