/**
 * What touches the machine: backends, compiled steps, files, runs, experiments and studies, and their reports.
 *
 * @module
 */
export {
  BACKENDS,
  describeBackend,
  selectBackend,
  type BackendName,
  type RefusedBackend,
  type SelectBackendOptions,
  type SelectedBackend,
} from './backends/backend.ts';
export { compileStep } from './compile/compile-step.ts';
export { ProgramError, orExit, runProgram, type ExitCode } from './system/program.ts';
export {
  openRun,
  type BestCheckpoint,
  type Checkpoint,
  type MetricsRecord,
  type OpenRunOptions,
  type Run,
} from './runs/run-directory.ts';
export type { Rollback, RunRollbacks } from './runs/rollbacks.ts';
export { tensorBoardLogger, type TensorBoardLoggerOptions } from './runs/tensorboard-logger.ts';
export { csvLogger, type CsvLoggerOptions } from './runs/csv-logger.ts';
export type { DataFingerprint } from './streams/data-fingerprint.ts';
export { readMnist } from './streams/mnist-files.ts';
export {
  readRecordShards,
  writeRecordShards,
  type ReadRecordShardsOptions,
  type RecordShards,
  type WriteRecordShardsOptions,
} from './streams/record-files.ts';
export type { RecordManifest, RecordShard } from './streams/record-manifest.ts';
export {
  openBatchStream,
  storedOrder,
  type BatchStream,
  type BatchStreamOptions,
  type LoadPixels,
  type PictureShape,
  type StoredOrder,
  type StreamBatch,
} from './streams/batch-stream.ts';
export { openDecodePool, type DecodePool, type DecodePoolOptions } from './streams/decode-pool.ts';
export type { LoadImageOptions } from './streams/load-image.ts';
export type { ExperimentContext } from './experiment/context.ts';
export { runStageOne, type RunStageOneOptions } from './experiment/stage-one/run-stage-one.ts';
export type { StageOneOutcome } from './experiment/outcomes.ts';
export { evaluateRun, type EvaluatedRun, type EvaluateRunOptions } from './experiment/stage-two/evaluate.ts';
export type { AskedMetrics, MetricName, SplitReport } from './experiment/stage-two/evaluate-split.ts';
export { experimentToRun, type ExperimentToRun } from './experiment/run-settings.ts';
export { runStageTwo, type RunStageTwoOptions } from './experiment/stage-two/run-stage-two.ts';
export { readExperiment, type ExperimentOptions } from './experiment/experiment-file.ts';
export {
  describeWeightReport,
  loadWeights,
  type LoadedWeights,
  type LoadWeightsOptions,
  type WeightReport,
} from './weight-files/load-weights.ts';
export { encodeWeights, saveWeights, type SingleFileFormat } from './weight-files/save-weights.ts';
export { modelOnDisk } from './weight-files/layers-model.ts';
export type { WeightFormat } from './weight-files/weight-file.ts';
export {
  openDataset,
  type CommonDatasetSettings,
  type DatasetSettings,
  type OpenedDataset,
} from './streams/open-dataset.ts';
export type { ScratchFolder } from './streams/record-folder.ts';
export { readStudy } from './experiment/study/read-study.ts';
export { runStudy, type RunStudyOptions } from './experiment/study/run-study.ts';
export type { StudySelection } from './experiment/study/study-experiments.ts';
