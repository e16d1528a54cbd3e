/** How many steps an experiment takes, and after how many of them it evaluates and saves. */
import { stepsOf } from '../../config/schema/durations.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import type { GroupTable } from '../../groups.ts';

/** Numbers of optimizer steps. */
export interface StepBudget {
  readonly stepsPerEpoch: number;
  readonly steps: number;
  readonly evaluateEvery: number;
  readonly checkpointEvery: number;
}

/** The original images of an optimizer step. */
export const imagesInStep = ({
  batchSize,
  accumulate,
}: Pick<StageTwoExperiment['training'], 'batchSize' | 'accumulate'>): number => batchSize * accumulate;

/**
 * The budget of a stage-2 experiment. An epoch is ⌊training images / epoch batch size⌋ steps, at least one; by default the
 * batch size is that of a step.
 *
 * @param experiment Its epochs and batch sizes.
 * @param table Counts the training images.
 */
export function stageTwoBudget(
  { training, evaluation, checkpoints }: Pick<StageTwoExperiment, 'training' | 'evaluation' | 'checkpoints'>,
  { trainingCounts }: GroupTable,
): StepBudget {
  const { epochBatchSize } = training;
  const images = trainingCounts.reduce((sum, count) => sum + count, 0);
  const stepsPerEpoch = Math.max(1, Math.floor(images / (epochBatchSize ?? imagesInStep(training))));
  return {
    stepsPerEpoch,
    steps: stepsOf(training, stepsPerEpoch),
    evaluateEvery: stepsOf(evaluation.every, stepsPerEpoch),
    checkpointEvery: stepsOf(checkpoints.every, stepsPerEpoch),
  };
}
