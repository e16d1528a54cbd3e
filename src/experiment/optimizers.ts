/** Optimizer and learning rate of a classifier from their settings. */
import type { OptimizerSettings } from '../config/schema/training-settings.ts';
import { adam } from '../optimizers/adam.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import {
  constantSchedule,
  cosineDecay,
  linearDecay,
  linearDecayFromHalf,
  piecewiseConstant,
  publishedSchedule,
  warmUp,
  type Schedule,
} from '../optimizers/schedules.ts';
import { sgd } from '../optimizers/sgd.ts';
import type { TensorTree } from '../tensor-tree.ts';

/** What is said of a learning rate, whatever optimizer takes it. */
export type ScheduleChoice = Pick<OptimizerSettings, 'schedule' | 'warmUpSteps'>;

/** The update rule. */
export const optimizerOf = (settings: OptimizerSettings): Optimizer<TensorTree> =>
  (settings.kind === 'sgd' ? sgd(settings) : adam(settings)) as Optimizer<TensorTree>;

function scheduleOf(
  schedule: ScheduleChoice['schedule'],
  learningRate: number,
  trainingSteps: number,
): Schedule {
  if (schedule.kind === 'constant') return constantSchedule(learningRate);
  if (schedule.kind === 'piecewise')
    return piecewiseConstant({ boundaries: schedule.boundaries, values: schedule.rates });
  const decay = { start: learningRate, steps: schedule.steps ?? trainingSteps };
  switch (schedule.kind) {
    case 'linear':
      return linearDecay({ ...decay, end: schedule.end });
    case 'linear-from-half':
      return linearDecayFromHalf({ ...decay, clamped: schedule.clamped });
    case 'cosine':
      return cosineDecay(decay);
    case 'quarters':
      return publishedSchedule('piecewise_quarter', decay);
    case 'half-and-three-quarters':
      return publishedSchedule('piecewise_custom_1', decay);
  }
}

/**
 * The learning rate of every step.
 *
 * @param settings Course and warm-up.
 * @param learningRate At the start of the schedule.
 * @param trainingSteps Length of a schedule that does not say its own.
 */
export const learningRateOf = (
  { schedule, warmUpSteps }: ScheduleChoice,
  learningRate: number,
  trainingSteps: number,
): Schedule => warmUp(scheduleOf(schedule, learningRate, trainingSteps), warmUpSteps);
