/**
 * What touches the machine: backends, files, runs, reports, and the main job.
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
} from './backend.ts';
export { compileStep } from './compile/compile-step.ts';
export { doctorCommand } from './doctor.ts';
export { missingCapabilities } from './preflight.ts';
export { environmentFacts } from './environment.ts';
export { ProgramError, orExit, runProgram, type ExitCode } from './program.ts';
export { listenForInterruption, type Interruption } from './interruption.ts';
export { startProgress, type Progress, type ProgressOptions } from './progress.ts';
export { writeFileAtomically } from './atomic-file.ts';
export {
  decodeSafetensors,
  encodeSafetensors,
  restoreTree,
  type HostTensor,
  type Safetensors,
} from './safetensors.ts';
export {
  openRun,
  type BestCheckpoint,
  type Checkpoint,
  type MetricsRecord,
  type OpenRunOptions,
  type Run,
} from './run-directory.ts';
export { readMnist } from './mnist-files.ts';
export {
  readRecordShards,
  writeRecordShards,
  type ReadRecordShardsOptions,
  type RecordShards,
  type WriteRecordShardsOptions,
} from './record-files.ts';
export { settingsHash, type RecordManifest, type RecordShard } from './record-manifest.ts';
export {
  openBatchStream,
  storedOrder,
  type BatchStream,
  type BatchStreamOptions,
  type LoadPixels,
  type PictureShape,
  type StoredOrder,
  type StreamBatch,
} from './data/batch-stream.ts';
export { openDecodePool, type DecodePool, type DecodePoolOptions } from './data/decode-pool.ts';
export type { LoadImageOptions } from './data/load-image.ts';
export { configCommand } from './commands/config.ts';
export {
  experimentOptions,
  withExperimentOptions,
  type ExperimentFlags,
} from './commands/experiment-options.ts';
export { augmentCommand } from './commands/augment.ts';
export { stageOneCommand } from './commands/stage-1.ts';
export { evaluateCommand } from './commands/evaluate.ts';
export { camelCommand } from './commands/camel.ts';
export { studyCommand } from './commands/study.ts';
export { renderReport } from '../report/report-page.ts';
export type {
  Directional,
  Gallery,
  ReportedMethod,
  ReportedStageOne,
  ReportInput,
  TrainingRun,
  TranslationPoint,
  TranslationRun,
} from '../report/input.ts';
export type { ExperimentContext } from './experiment/context.ts';
export { makeSampleDataCommand } from './commands/make-sample-data.ts';
export { stageTwoCommand } from './commands/stage-2.ts';
export { obtainTranslations } from './experiment/augment.ts';
export type {
  ObtainTranslations,
  Translations as ExperimentTranslations,
} from './experiment/translations.ts';
export { openExperimentImages, type OpenImagesOptions } from './experiment/open-images.ts';
export type { ExperimentImages, ImageReference, TranslationLists } from './experiment/experiment-images.ts';
export { runStageOne, type RunStageOneOptions } from './experiment/run-stage-one.ts';
export type { StageOneOutcome } from './experiment/stage-one.ts';
export { evaluateRun, type EvaluatedRun, type EvaluateRunOptions } from './experiment/evaluate.ts';
export type { AskedMetrics, MetricName, SplitReport } from './experiment/evaluate-split.ts';
export { experimentToRun, type ExperimentToRun } from './experiment/run-settings.ts';
export { runStageTwo, type RunStageTwoOptions } from './experiment/run-stage-two.ts';
export { runCommand } from './commands/run-command.ts';
export { onBackend } from './commands/experiment-context.ts';
export {
  loadExperimentFile,
  readExperiment,
  stageOneResults,
  type ExperimentOptions,
} from './experiment-file.ts';
export {
  describeWeightReport,
  loadWeights,
  type LoadedWeights,
  type LoadWeightsOptions,
  type WeightReport,
} from './weights/load-weights.ts';
export { assignWeights, encodeWeights, saveWeights, type SingleFileFormat } from './weights/save-weights.ts';
export { modelOnDisk } from './weights/layers-model.ts';
export type { WeightFormat } from './weights/weight-file.ts';
export {
  openDataset,
  type CommonDatasetSettings,
  type DatasetSettings,
  type OpenedDataset,
} from './data/open-dataset.ts';
export {
  indexTranslations,
  scratchFolder,
  type ScratchFolder,
  type TranslationFolderOptions,
} from './data/record-folder.ts';
export { indexRecords, listShards, type IndexedRecord } from './data/record-index.ts';
export { encodeJpeg } from './data/encode-jpeg.ts';
export { SAMPLE_NAMES, type SampleName } from '../data/samples/plan.ts';
export { makeSampleData, type SampleDataOptions } from './data/sample-data.ts';
export { readStudy } from './study/read-study.ts';
export { runStudy, type RunStudyOptions } from './study/run-study.ts';
export type { StudySelection } from './study/study-experiments.ts';
