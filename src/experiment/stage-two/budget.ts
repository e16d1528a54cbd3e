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

/**
 * The budget of a stage-2 experiment. An epoch is ⌊training images / epoch batch size⌋ steps, at least one.
 *
 * @param experiment Its epochs and batch sizes.
 * @param table Counts the training images.
 */
export function stageTwoBudget(
  { training, evaluation, checkpoints }: Pick<StageTwoExperiment, 'training' | 'evaluation' | 'checkpoints'>,
  { trainingCounts }: GroupTable,
): StepBudget {
  const { batchSize, epochBatchSize } = training;
  const images = trainingCounts.reduce((sum, count) => sum + count, 0);
  const stepsPerEpoch = Math.max(1, Math.floor(images / (epochBatchSize ?? batchSize)));
  return {
    stepsPerEpoch,
    steps: stepsOf(training, stepsPerEpoch),
    evaluateEvery: stepsOf(evaluation.every, stepsPerEpoch),
    checkpointEvery: stepsOf(checkpoints.every, stepsPerEpoch),
  };
}
