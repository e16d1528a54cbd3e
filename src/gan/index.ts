/**
 * What the step of CycleGAN draws and keeps, and the gate that judges a pair of generators. Its losses and the step
 * itself are in the package's root.
 *
 * @module
 */
export {
  cycleganDraws,
  type CycleganDraws,
  type CycleganDrawsOptions,
  type DiscriminatorViews,
  type GeneratorMasks,
  type GeneratorNoise,
  type PerDomain,
  type PerGenerator,
} from './cyclegan-state.ts';
export { classMix, type ClassMixOptions, type DomainMix, type MixedDomain } from './class-mix.ts';
export {
  discriminatorView,
  discriminatorViews,
  type DiscriminatorView,
  type DiscriminatorViewOptions,
} from './discriminator-view.ts';
export { penaltyDraws, type PenaltyDraws, type PenaltyKind } from './gradient-penalty.ts';
export { type HistoryPoolDraws, type HistoryPoolRule } from './history-pool.ts';
export { exponentialMovingAverage } from './moving-average.ts';
export {
  cycleError,
  flipRate,
  gateIsSatisfied,
  gateScore,
  labelPreservation,
  SATISFYING_GATE,
  type DirectionalShare,
  type GateShares,
} from './quality-gate.ts';
export { degrade, type DegradeOptions } from './strict-domain.ts';
