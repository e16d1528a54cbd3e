/** All that the folders of runs hold for a report, beside their results. */
import type { DataError } from '../../data/data-error.ts';
import type { ReportInput } from '../../report/input.ts';
import {
  outcomeReader,
  StageOneOutcomeCodec,
  StageTwoOutcomeCodec,
  type Course,
  type ReadOutcome,
} from '../outcomes.ts';
import { readTrainingRun } from './training-log.ts';
import { readTranslationRun } from './translation-log.ts';

/** A run by what the report calls it. */
export interface RunFolder {
  readonly seed: number;
  readonly name: string;
  readonly folder: string;
}

/** What reports take from the folders of runs. */
export type ReadRuns = Pick<ReportInput, 'translationRuns' | 'trainingRuns' | 'notices' | 'courses'>;

const skippedLines = (
  { seed, name }: RunFolder,
  damaged: readonly DataError[] | undefined,
): readonly string[] =>
  (damaged ?? []).map(({ where, found }) => `seed ${seed}, ${name}: skipped ${where}: ${found}`);

const halvings = ({ rollbacks }: Course): readonly string[] =>
  rollbacks.map(
    ({ from, to, found }) =>
      `rolled back from step ${from} to step ${to}, and on from there with half the learning rate: ${found}`,
  );

/** A sentence begins with a capital and has a stop. */
const sentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}.`;

/** How a training went, in sentences; none of a run that does not tell. */
function sentencesOf(course: Course | undefined, usedStep: number | undefined): readonly string[] {
  if (course === undefined || course.chosen === '') return [];
  const { chosen, stoppedEarly } = course;
  return [
    `step ${usedStep}: ${chosen}`,
    ...(stoppedEarly === null ? [] : [`training stopped early ${stoppedEarly}`]),
    ...halvings(course),
  ].map(sentence);
}

/** What a run tells beside its results: lines for the top of the page, and how it went. */
function toldBy(
  run: RunFolder,
  outcome: { readonly damaged: readonly DataError[]; readonly course: Course } | undefined,
  usedStep: number | undefined,
) {
  const { seed, name } = run;
  const rolledBack = outcome === undefined ? [] : halvings(outcome.course);
  return {
    lines: [
      ...skippedLines(run, outcome?.damaged),
      ...rolledBack.map((line) => `seed ${seed}, ${name}: ${line}`),
    ],
    course: { seed, name, sentences: sentencesOf(outcome?.course, usedStep) },
  };
}

/**
 * Reads logs, pictures and skipped images.
 *
 * @param stageOne Runs of stage 1; one that is not there yet is left out.
 * @param methods Runs of stage 2, likewise.
 * @param outcomeOf Reads their outcomes.
 */
export async function readRuns(
  stageOne: readonly RunFolder[],
  methods: readonly RunFolder[],
  outcomeOf: ReadOutcome = outcomeReader(),
): Promise<ReadRuns> {
  const translations = stageOne.map(async (run) => {
    const outcome = await outcomeOf(run.folder, StageOneOutcomeCodec);
    const { seed, name, folder } = run;
    return {
      ...toldBy(run, outcome, outcome?.bestStep),
      read: await readTranslationRun(folder, { seed, name }, outcome?.bestStep ?? null),
    };
  });
  const outcomes = await Promise.all(methods.map(({ folder }) => outcomeOf(folder, StageTwoOutcomeCodec)));
  const trained = outcomes.map((outcome) => outcome?.trainedGroups ?? []);
  const trainings = methods.map(async (run, i) => {
    const outcome = outcomes[i];
    const { seed, name, folder } = run;
    return {
      ...toldBy(run, outcome, outcome?.selectedStep),
      read: await readTrainingRun(folder, { seed, method: name }, [trained[i]!, ...trained]),
    };
  });
  const [first, second] = [await Promise.all(translations), await Promise.all(trainings)];
  return {
    translationRuns: first.flatMap(({ read }) => read ?? []),
    trainingRuns: second.flatMap(({ read }) => read ?? []),
    notices: [...first, ...second].flatMap(({ lines }) => lines),
    courses: [...first, ...second].flatMap(({ course }) => (course.sentences.length > 0 ? course : [])),
  };
}
