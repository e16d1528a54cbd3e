/**
 * The pure core: everything a training loop composes, with no I/O, clock or backend choice.
 *
 * @module
 */
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
export { chiSquare, cvar, type ChiSquareOptions, type CvarOptions } from './distributional-risk.ts';
export { divergenceOfLogProbabilities, divergenceOfProbabilities } from './divergence.ts';
export { valueAndGradients, type ValueAndGradients } from './gradients.ts';
export { groupBatches, type GroupBatchesOptions } from './group-batches.ts';
export { groupDro, type GroupDroOptions, type GroupDroState } from './group-dro.ts';
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
export { invarianceRiskPenalty, type InvarianceForm, type InvarianceOptions } from './invariance.ts';
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
export {
  foldKey,
  normal,
  permutation,
  permutationEntry,
  randomIntegers,
  randomKey,
  threefry2x32,
  uniform,
  type RandomKey,
} from './random/random.ts';
export { withoutGradient } from './stop-gradient.ts';
export { cloneTensors, disposeTensors, flattenTensors, mapTensors, type TensorTree } from './tensor-tree.ts';
export { trainedGroups, type TrainedGroups } from './trained-groups.ts';
export { adversarialLosses, type AdversarialKind, type AdversarialLosses } from './gan/adversarial-losses.ts';
export { cycleLoss, identityLoss } from './gan/cycle-losses.ts';
export {
  cycleganDraws,
  type CycleganBatch,
  type CycleganDraws,
  type CycleganDrawsOptions,
  type CycleganLosses,
  type CycleganState,
  type GeneratorMasks,
  type PerDomain,
  type PerGenerator,
} from './gan/cyclegan-state.ts';
export { cycleganStep, type CycleganOptions, type CycleganStep } from './gan/cyclegan-step.ts';
export {
  gradientPenalty,
  penaltyDraws,
  type GradientPenaltyOptions,
  type PenaltyDraws,
} from './gan/gradient-penalty.ts';
export {
  historyPoolDraws,
  historyPoolUpdate,
  type HistoryPoolDraws,
  type HistoryPoolIndices,
  type HistoryPoolRule,
} from './gan/history-pool.ts';
export { exponentialMovingAverage } from './gan/moving-average.ts';
export {
  cycleError,
  flipRate,
  gateScore,
  labelPreservation,
  type DirectionalShare,
  type GateShares,
} from './gan/quality-gate.ts';
export { degrade, type DegradeOptions } from './gan/strict-domain.ts';
export { type Normalization, type InputShape } from './models/blocks.ts';
export {
  freezeLayers,
  frozenInResnet50,
  resnet50Preprocessing,
  resnet50Stage,
} from './models/fine-tuning.ts';
export { networkFromModel } from './models/network-from-model.ts';
export {
  type ForwardContext,
  type ForwardResult,
  type Network,
  type NetworkWeights,
} from './models/network.ts';
export { patchDiscriminator, type PatchDiscriminatorOptions } from './models/patch-discriminator.ts';
export {
  publishedDiscriminator,
  publishedGenerator,
  type PublishedDiscriminatorOptions,
  type PublishedGeneratorOptions,
} from './models/published.ts';
export { resnetGenerator, type ResnetGeneratorOptions } from './models/resnet-generator.ts';
export { resnet50, type Resnet50Options, type Resnet50Variant } from './models/resnet50.ts';
export {
  multilayerPerceptron,
  smallCnn,
  type MultilayerPerceptronOptions,
  type SmallCnnOptions,
} from './models/small-classifiers.ts';
export { unetGenerator, type UnetGeneratorOptions } from './models/unet-generator.ts';
export { batchNormalization, type BatchNormalized } from './layers/batch-normalization.ts';
export { dropoutMask } from './layers/dropout.ts';
export {
  InstanceNormalization,
  instanceNormalization,
  type InstanceNormalizationOptions,
} from './layers/instance-normalization.ts';
export { leakyRelu } from './layers/leaky-relu.ts';
export {
  ReflectionPadding2D,
  reflectionPadding,
  type ReflectionPadding2DOptions,
} from './layers/reflection-padding.ts';
export { registerLayers } from './layers/register-layers.ts';
export { type Affine } from './layers/standardization.ts';
export { adam, type AdamOptions, type AdamState } from './optimizers/adam.ts';
export { clipByGlobalNorm, type ClippedGradients } from './optimizers/clipping.ts';
export { type Optimizer, type OptimizerUpdate } from './optimizers/optimizer.ts';
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
} from './optimizers/schedules.ts';
export { sgd, type SgdOptions, type SgdState } from './optimizers/sgd.ts';
export { weightDecayPenalty } from './optimizers/weight-decay.ts';
export { expectedCalibrationError } from './metrics/calibration.ts';
export {
  classificationMetrics,
  groupedMetrics,
  type ClassificationMetrics,
  type ClassificationMetricsOptions,
  type GroupedMetrics,
} from './metrics/classification-metrics.ts';
export {
  accuracy,
  confusionMatrix,
  f1Score,
  meanCrossEntropy,
  type F1Score,
} from './metrics/classification.ts';
export { frechetDistance } from './metrics/frechet-distance.ts';
export {
  groupReport,
  unmeasuredReport,
  type GroupReport,
  type GroupReportInput,
  type GroupResult,
  type MissingGroups,
} from './metrics/group-report.ts';
export { invarianceMetric } from './metrics/invariance-metric.ts';
export { nullReasons, whyNull, type ReasonedReport, type SummaryName } from './metrics/missing-groups.ts';
export { multiLabelMetrics, type MultiLabelMetrics } from './metrics/multi-label.ts';
export { predictedClasses, type Predictions } from './metrics/predictions.ts';
export { areaUnderRoc, recallAtThresholds } from './metrics/ranking.ts';
export { wilsonInterval } from './metrics/wilson-interval.ts';
export { cropAndEnlarge, randomCropAndEnlarge } from './augmentation/crop-and-enlarge.ts';
export {
  cutout,
  flipHorizontally,
  padAndCrop,
  randomCutout,
  randomHorizontalFlip,
  randomPadAndCrop,
} from './augmentation/crop-and-flip.ts';
export { imageGallery } from './augmentation/gallery.ts';
export {
  compose,
  imageBatch,
  type Augmentation,
  type ImageShape,
  type Images,
  type Pixels,
} from './augmentation/images.ts';
export {
  concatenateImages,
  consecutiveBatches,
  pairTranslations,
  type PairedDataset,
} from './augmentation/pairing.ts';
export { randomRotation, rotate } from './augmentation/rotation.ts';
export {
  grayscale,
  imagenetNormalization,
  minusOneToOne,
  signedToUnit,
  toBytes,
  zeroToOne,
} from './augmentation/scaling.ts';
export { gatherExamples, gatherImages, imageTensor, type Examples } from './training/examples.ts';
export {
  forwardBatches,
  type ForwardBatches,
  type ForwardBatchesOptions,
} from './training/forward-batches.ts';
export {
  disposeGate,
  trainGate,
  type Gate,
  type GateCheckpoints,
  type TrainGateOptions,
  type TrainedClassifier,
} from './training/gate.ts';
export {
  checkpointScore,
  measureGenerators,
  translateImages,
  type GateMeasure,
  type TrainedGenerator,
} from './training/generator-measure.ts';
export {
  NonFiniteLossError,
  train,
  type LossRecord,
  type Recurring,
  type TrainOptions,
} from './training/loop.ts';
export {
  robustStep,
  type ConsistencyTerm,
  type RobustBatch,
  type RobustLosses,
  type RobustState,
  type RobustStep,
  type RobustStepOptions,
  type RobustStepResult,
} from './training/robust-step.ts';
export { eagerStep, type CompileStep, type PureStep, type StepRunner } from './training/step-runner.ts';
export {
  stageOneBatch,
  stageOneBatches,
  stageOneOrder,
  translatingWeights,
  type Domain,
  type StageOneBatchOptions,
  type StageOneBatches,
} from './training/stage-one.ts';
export {
  evaluateBatches,
  type EvaluateBatchesOptions,
  type EvaluatedBatches,
} from './training/evaluation.ts';
export { evaluateClassifier, stageTwoBatches, type StageTwoBatches } from './training/stage-two.ts';
export { resize, type ResizeOptions } from './augmentation/resize.ts';
export {
  imagePipeline,
  imageScaling,
  type AugmentationStage,
  type ImagePipeline,
  type Scaling,
  type ScalingStage,
} from './augmentation/pipelines.ts';
