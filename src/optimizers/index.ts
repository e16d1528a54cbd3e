/**
 * Optimizers as pure functions of gradients and state, and schedules as functions of the step.
 *
 * @module
 */
export { type Optimizer, type OptimizerUpdate } from './optimizer.ts';
export { sgd, type SgdOptions, type SgdState } from './sgd.ts';
export { adam, type AdamOptions, type AdamState } from './adam.ts';
export { clipByGlobalNorm, type ClippedGradients } from './clipping.ts';
export { weightDecayPenalty } from './weight-decay.ts';
export {
  constantSchedule,
  cosineDecay,
  linearDecay,
  linearDecayFromHalf,
  piecewiseConstant,
  publishedSchedule,
  warmUp,
  type DecayOptions,
  type PublishedScheduleName,
  type Schedule,
} from './schedules.ts';
