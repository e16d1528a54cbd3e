/**
 * The batches and measures of both stages, the gate, what runs a step, and the trees of tensors that are its state.
 * The steps themselves and the loop are in the package's root.
 *
 * @module
 */
export { cloneTensors, disposeTensors, flattenTensors, mapTensors, type TensorTree } from '../tensor-tree.ts';
export { eagerStep, type CompileStep, type PureStep, type StepRunner } from './step-runner.ts';
export { checkFiniteState, NonFiniteStateError, type LossRecord, type Recurring } from './loop.ts';
export { patienceEnds, satisfiedInARow, type Patience } from './early-stopping.ts';
export { gatherExamples, gatherImages, imageTensor, type Examples } from './examples.ts';
export {
  stageOneBatch,
  stageOneBatches,
  stageOneOrder,
  translatingWeights,
  type Domain,
  type StageOneBatches,
  type StageOneBatchOptions,
} from './stage-one.ts';
export { stageOneClasses, type StageOneClasses } from './stage-one-classes.ts';
export {
  disposeGate,
  trainGate,
  type Gate,
  type GateCheckpoints,
  type TrainedClassifier,
  type TrainGateOptions,
} from './gate.ts';
export {
  checkpointScore,
  imagesWithNoise,
  measureGenerators,
  translateImages,
  type GateMeasure,
  type TrainedGenerator,
} from './generator-measure.ts';
export { type ConsistencyTerm, type RobustStepResult } from './robust-step.ts';
export { evaluateClassifier, stageTwoBatches, type StageTwoBatches } from './stage-two.ts';
export { forwardBatches, type ForwardBatches, type ForwardBatchesOptions } from './forward-batches.ts';
export { evaluateBatches, type EvaluateBatchesOptions, type EvaluatedBatches } from './evaluation.ts';
