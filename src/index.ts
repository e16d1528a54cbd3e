/**
 * The pure core, in the order of a table of contents: what a loop needs to train a classifier that works for every
 * group, with no I/O, clock or backend choice. The rest of each room is an import of its own: `model-patching/gan`,
 * `/models`, `/layers`, `/optimizers`, `/metrics`, `/augmentation`, `/training` and `/random`.
 *
 * @module
 */

// Consistency of predictions, and the losses of single examples.
export {
  camelConsistency,
  consistencyPenalty,
  jensenShannonConsistency,
  klConsistency,
  reverseKlConsistency,
  type ConsistencyDivergence,
  type ConsistencyOptions,
  type ConsistencyReduction,
  type PredictionKind,
} from './consistency.ts';
export { binaryCrossEntropy, crossEntropy, probabilityCrossEntropy } from './cross-entropy.ts';

// Groups: their table, their losses, batches that are balanced over them.
export {
  groupExamples,
  groupLosses,
  groupName,
  groupTable,
  parseGroupName,
  withVariants,
  type AugmentationTraining,
  type GroupIdentity,
  type GroupLosses,
  type GroupTable,
  type GroupedExamples,
} from './groups.ts';
export { trainedGroups, type TrainedGroups } from './trained-groups.ts';
export { groupBatches, type GroupBatchesOptions } from './group-batches.ts';

// Objectives over the losses of groups, and risks over those of examples.
export { groupDro, type GroupDroOptions, type GroupDroState } from './group-dro.ts';
export {
  erm,
  groupBalanced,
  vrex,
  worstGroup,
  type GroupObjective,
  type NoState,
  type ObjectiveState,
  type VrexOptions,
} from './objectives.ts';
export { chiSquare, cvar, type ChiSquareOptions, type CvarOptions } from './distributional-risk.ts';

// Invariance.
export { invarianceRiskPenalty, type InvarianceForm, type InvarianceOptions } from './invariance.ts';

// Gradients.
export { valueAndGradients, type ValueAndGradients } from './gradients.ts';
export { withoutGradient } from './stop-gradient.ts';

// Adversarial and cycle losses.
export { adversarialLosses, type AdversarialKind, type AdversarialLosses } from './gan/adversarial-losses.ts';
export { cycleLoss, identityLoss } from './gan/cycle-losses.ts';
export { gradientPenalty, type GradientPenaltyOptions } from './gan/gradient-penalty.ts';

// Networks, and the step of CycleGAN.
export { type Network } from './models/network.ts';
export {
  publishedDiscriminator,
  publishedGenerator,
  type PublishedDiscriminatorOptions,
  type PublishedGeneratorOptions,
} from './models/published.ts';
export { unetGenerator, type UnetGeneratorOptions } from './models/unet-generator.ts';
export { resnetGenerator, type ResnetGeneratorOptions } from './models/resnet-generator.ts';
export { patchDiscriminator, type PatchDiscriminatorOptions } from './models/patch-discriminator.ts';
export {
  multilayerPerceptron,
  smallCnn,
  type MultilayerPerceptronOptions,
  type SmallCnnOptions,
} from './models/small-classifiers.ts';
export { resnet50, type Resnet50Options } from './models/resnet50.ts';
export { type CycleganBatch, type CycleganLosses, type CycleganState } from './gan/cyclegan-state.ts';
export { cycleganStep, type CycleganOptions, type CycleganStep } from './gan/cyclegan-step.ts';

// The robust step, and the loop that runs either step.
export {
  robustStep,
  type RobustBatch,
  type RobustLosses,
  type RobustState,
  type RobustStep,
  type RobustStepOptions,
} from './training/robust-step.ts';
export { NonFiniteLossError, train, type TrainOptions } from './training/loop.ts';
export type { Reached } from './training/kept-state.ts';

// The report of every group.
export {
  groupReport,
  type GroupReport,
  type GroupReportInput,
  type GroupResult,
} from './metrics/group-report.ts';
