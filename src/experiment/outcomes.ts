/** What finished runs keep in their `run.json`, and the results that it comes to. */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import {
  finiteNumber,
  naturalNumber,
  nonNegativeNumber,
  nullable,
  unitInterval,
  withDefault,
} from '../config/codecs.ts';
import { RollbacksFileCodec } from '../config/run-files.ts';
import { GroupReportCodec } from '../config/group-report.ts';
import type { MethodResult, StageOneFigures } from '../config/study-results.ts';
import { decodedOutcome, readRunFile } from '../runs/run-file.ts';
import { DataErrorsCodec } from '../runs/skipped-images.ts';

const directional = (codec: t.Type<number>) => t.readonly(t.type({ toSource: codec, toTarget: codec }));

const MeasureCodec = t.readonly(
  t.type({
    flipRate: directional(unitInterval),
    labelPreservation: directional(unitInterval),
    frechetDistance: directional(finiteNumber),
    cycleError: nonNegativeNumber,
    score: unitInterval,
  }),
);

/** How a training went: which checkpoint is used and why, and what ended or interrupted it. */
const CourseCodec = t.readonly(
  t.type({
    /** Why the checkpoint that is used was chosen; empty in runs of before. */
    chosen: t.string,
    /** When and why the training ended before its steps were done; null if they are. */
    stoppedEarly: nullable(t.string),
    /** When it went back to a checkpoint since its numbers were not finite. */
    rollbacks: RollbacksFileCodec,
  }),
);
/** How a training went. */
export type Course = t.TypeOf<typeof CourseCodec>;
const NO_COURSE: Course = { chosen: '', stoppedEarly: null, rollbacks: [] };

/** The outcome of a run of stage 1. */
export const StageOneOutcomeCodec = t.readonly(
  t.type({
    steps: naturalNumber,
    /** The steps of an epoch, a pass over the smaller domain. */
    stepsPerEpoch: naturalNumber,
    /** The checkpoint that translates: the best by the gate, or the last one. */
    bestStep: naturalNumber,
    /** What the gate says of that checkpoint; null without a gate. */
    measure: nullable(MeasureCodec),
    /** The accuracy of the gate's classifiers on held-out images; null without a gate. */
    gateAccuracy: nullable(t.readonly(t.type({ domain: unitInterval, label: unitInterval }))),
    /** The duration of the training, over all the times that it was gone on with. */
    seconds: nonNegativeNumber,
    /** The images that were skipped because they are damaged, over all those times, each once. */
    damaged: withDefault(DataErrorsCodec, []),
    /** How the training went. */
    course: withDefault(CourseCodec, NO_COURSE),
  }),
);
/** What a finished stage-1 run keeps in `run.json`. */
export type StageOneOutcome = t.TypeOf<typeof StageOneOutcomeCodec>;

/** The outcome of a run of stage 2. */
export const StageTwoOutcomeCodec = t.readonly(
  t.type({
    /** The report on the test split, with the selected checkpoint; further keys are kept. */
    results: t.intersection([GroupReportCodec, t.type({ steps: naturalNumber, seconds: nonNegativeNumber })]),
    /** The steps done at the selected checkpoint. */
    selectedStep: naturalNumber,
    /** The groups of the objective, in the order of the lists in the log. */
    trainedGroups: withDefault(t.readonlyArray(t.string), []),
    /** The images that were skipped because they are damaged, over all the times that the run was gone on with. */
    damaged: withDefault(DataErrorsCodec, []),
    /** How the training went. */
    course: withDefault(CourseCodec, NO_COURSE),
  }),
);
/** What a finished stage-2 run keeps in `run.json`. */
export type StageTwoOutcome = t.TypeOf<typeof StageTwoOutcomeCodec>;

/** Reads the outcome of a run that has come to its end; undefined of any other. */
export type ReadOutcome = <A>(folder: string, codec: t.Type<A>) => Promise<A | undefined>;

/** Makes a reader that reads the file of each run once, for results and a report of the same moment. */
export function outcomeReader(): ReadOutcome {
  const files = new Map<string, ReturnType<typeof readRunFile>>();
  return async (folder, codec) => {
    const path = join(folder, 'run.json');
    const reading = files.get(path) ?? readRunFile(path);
    files.set(path, reading);
    const outcome = E.Monad.chain(await reading, (run) => decodedOutcome(run, codec, path));
    return E.isRight(outcome) ? outcome.right : undefined;
  };
}

/** The results of an experiment of stage 1. */
export function stageOneFigures(
  name: string,
  { steps, seconds, measure, gateAccuracy }: StageOneOutcome,
): StageOneFigures {
  return {
    name,
    flipRate: measure?.flipRate ?? null,
    labelPreservation: measure?.labelPreservation ?? null,
    frechetDistance: measure?.frechetDistance ?? null,
    cycleError: measure?.cycleError ?? null,
    gateClassifierAccuracy: gateAccuracy === null ? null : Math.min(gateAccuracy.domain, gateAccuracy.label),
    steps,
    seconds,
  };
}

/** The results of a method. */
export const methodResult = ({ results, selectedStep }: StageTwoOutcome): MethodResult => ({
  ...results,
  selectedStep,
});
