/**
 * Codecs of configuration and of the files that a run leaves, and errors that a person can act on.
 *
 * @module
 */
export { isStudy, loadStudy } from './schema/load-study.ts';
export { withSeed, withSettings, type SettingsChange } from './schema/with-settings.ts';
export type { Study } from './schema/study.ts';
export {
  closed,
  finiteNumber,
  integer,
  naturalNumber,
  nonNegativeNumber,
  nullable,
  positiveInteger,
  positiveNumber,
  refine,
  tagged,
  unitInterval,
  withDefault,
  type Fields,
} from './codecs.ts';
export { dataErrors, decode, decodeJson, type Path, type Where } from './decoding.ts';
export { didYouMean } from './did-you-mean.ts';
export {
  FailedCodec,
  MethodResultCodec,
  MethodSummaryCodec,
  SeedResultsCodec,
  SpreadCodec,
  StageOneFiguresCodec,
  StageOneRunResultsCodec,
  StageTwoRunResultsCodec,
  StudyResultsCodec,
  type Failed,
  type MethodResult,
  type MethodSummary,
  type SeedResults,
  type Spread,
  type StageOneFigures,
  type StageOneRunResults,
  type StageTwoRunResults,
  type StudyResults,
} from './study-results.ts';
export { json, type Json } from './json.ts';
export {
  BestFileCodec,
  MetricsLineCodec,
  RunFileCodec,
  type BestFile,
  type MetricsLine,
  type RunFile,
} from './run-files.ts';
export type { ReadText } from '../documents/composition.ts';
export { DataCodec, type DataSettings } from './schema/data-settings.ts';
export type { Experiment } from './schema/experiment.ts';
export {
  experimentFromTexts,
  loadExperiment,
  type LoadedExperiment,
  type LoadOptions,
} from './schema/load.ts';
export { printExperiment, printStudy } from './schema/print.ts';
export type { Duration } from './schema/durations.ts';
export type { Roots } from './schema/roots.ts';
export { experimentTemplate, type TemplateName } from './schema/template.ts';
export {
  dataGroups,
  groupGrid,
  imageShapeOf,
  knownTrainingGroups,
  mnistCorrelationCounts,
  type DataGroup,
  type FourCounts,
} from './schema/groups-of-data.ts';
export { StageOneCodec, type StageOneExperiment } from './schema/stage-one.ts';
export { StageTwoCodec, type StageTwoExperiment } from './schema/stage-two.ts';
export type {
  Described,
  Description,
  SectionOf,
  Sections,
  Setting,
  Settings,
  VariantOf,
} from './schema/section.ts';
export {
  AugmentationCodec,
  OptimizerCodec,
  ScalingCodec,
  ScheduleCodec,
  type AugmentationSettings,
  type OptimizerSettings,
  type ScalingSettings,
  type ScheduleSettings,
} from './schema/training-settings.ts';
export type { StageOneResults } from './published/stage-two-translations.ts';
