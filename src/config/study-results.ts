/**
 * `results.json` of a study or of a single run: what was found, for programs that read it. Shares are in [0, 1]. Further
 * keys are kept.
 */
import * as t from 'io-ts';
import {
  finiteNumber,
  integer,
  naturalNumber,
  nonNegativeNumber,
  nullable,
  readonlyType,
  unitInterval,
} from './codecs.ts';
import { GroupReportCodec } from './group-report.ts';

const directional = (codec: t.Type<number>) =>
  readonlyType('both directions', { toSource: codec, toTarget: codec });

/** An experiment of stage 1; the figures of the gate are null without one. */
export const StageOneFiguresCodec = readonlyType('the results of stage 1', {
  name: t.string,
  flipRate: nullable(directional(unitInterval)),
  labelPreservation: nullable(directional(unitInterval)),
  frechetDistance: nullable(directional(finiteNumber)),
  cycleError: nullable(nonNegativeNumber),
  gateClassifierAccuracy: nullable(unitInterval),
  steps: naturalNumber,
  seconds: nonNegativeNumber,
});
/** What an experiment of stage 1 came to. */
export type StageOneFigures = t.TypeOf<typeof StageOneFiguresCodec>;

/** A classifier on the test split, and what its training took. */
export const MethodResultCodec = t.readonly(
  t.intersection(
    [
      GroupReportCodec,
      t.type({ steps: naturalNumber, seconds: nonNegativeNumber, selectedStep: naturalNumber }),
    ],
    'the results of a method',
  ),
);
/** What a method came to. */
export type MethodResult = t.TypeOf<typeof MethodResultCodec>;

/** A run that did not come to its end, and why. */
export const FailedCodec = readonlyType('the reason of a failure', { failed: t.string });
/** Why a run did not come to its end. */
export type Failed = t.TypeOf<typeof FailedCodec>;

/** What one seed came to. Runs that have not been tried are left out. */
export const SeedResultsCodec = readonlyType('the results of a seed', {
  seed: integer,
  stage1: t.readonlyArray(
    t.union([StageOneFiguresCodec, t.intersection([t.type({ name: t.string }), FailedCodec])]),
  ),
  methods: t.readonly(t.record(t.string, t.union([MethodResultCodec, FailedCodec]))),
});
/** What one seed of a study came to. */
export type SeedResults = t.TypeOf<typeof SeedResultsCodec>;

/** Mean and standard deviation over seeds. */
export const SpreadCodec = readonlyType('a mean with its standard deviation', {
  mean: nullable(finiteNumber),
  sd: nullable(nonNegativeNumber),
});
/** Mean over seeds and standard deviation with n − 1, null for one seed; both null where a seed has no number. */
export type Spread = t.TypeOf<typeof SpreadCodec>;

/** A method over its seeds. */
export const MethodSummaryCodec = readonlyType('a summary over seeds', {
  /** How many seeds came to their end. */
  seeds: naturalNumber,
  worstGroup: SpreadCodec,
  average: SpreadCodec,
  groupAverage: SpreadCodec,
  gap: SpreadCodec,
});
/** A method over all seeds that came to their end. */
export type MethodSummary = t.TypeOf<typeof MethodSummaryCodec>;

const common = {
  format: t.literal(2),
  name: t.string,
  backend: t.string,
  device: t.string,
  seconds: nonNegativeNumber,
};

/** `results.json` of a study. */
export const StudyResultsCodec = readonlyType('the results of a study, format 2', {
  ...common,
  seeds: t.readonlyArray(SeedResultsCodec),
  summary: t.readonly(t.record(t.string, MethodSummaryCodec)),
});
/** The contents of `results.json` of a study. */
export type StudyResults = t.TypeOf<typeof StudyResultsCodec>;

/** `results.json` of a run of stage 1. */
export const StageOneRunResultsCodec = readonlyType('the results of a stage-1 run, format 2', {
  ...common,
  seed: integer,
  stage1: t.readonlyArray(StageOneFiguresCodec),
});
/** The contents of `results.json` of a run of stage 1. */
export type StageOneRunResults = t.TypeOf<typeof StageOneRunResultsCodec>;

/** `results.json` of a run of stage 2. */
export const StageTwoRunResultsCodec = readonlyType('the results of a stage-2 run, format 2', {
  ...common,
  seed: integer,
  method: t.string,
  result: MethodResultCodec,
});
/** The contents of `results.json` of a run of stage 2. */
export type StageTwoRunResults = t.TypeOf<typeof StageTwoRunResultsCodec>;
