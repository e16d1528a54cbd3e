/** All that the folders of runs hold for a report, beside their results. */
import type { DataError } from '../../data/data-error.ts';
import type { ReportInput } from '../../report/input.ts';
import { outcomeReader, StageOneOutcomeCodec, StageTwoOutcomeCodec, type ReadOutcome } from '../outcomes.ts';
import { readTrainingRun } from './training-log.ts';
import { readTranslationRun } from './translation-log.ts';

/** A run by what the report calls it. */
export interface RunFolder {
  readonly seed: number;
  readonly name: string;
  readonly folder: string;
}

/** What reports take from the folders of runs. */
export type ReadRuns = Pick<ReportInput, 'translationRuns' | 'trainingRuns' | 'notices'>;

const skippedLines = (
  { seed, name }: RunFolder,
  damaged: readonly DataError[] | undefined,
): readonly string[] =>
  (damaged ?? []).map(({ where, found }) => `seed ${seed}, ${name}: skipped ${where}: ${found}`);

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
      lines: skippedLines(run, outcome?.damaged),
      read: await readTranslationRun(folder, { seed, name }, outcome?.bestStep ?? null),
    };
  });
  const outcomes = await Promise.all(methods.map(({ folder }) => outcomeOf(folder, StageTwoOutcomeCodec)));
  const trained = outcomes.map((outcome) => outcome?.trainedGroups ?? []);
  const trainings = methods.map(async (run, i) => {
    const outcome = outcomes[i];
    const { seed, name, folder } = run;
    return {
      lines: skippedLines(run, outcome?.damaged),
      read: await readTrainingRun(folder, { seed, method: name }, [trained[i]!, ...trained]),
    };
  });
  const [first, second] = [await Promise.all(translations), await Promise.all(trainings)];
  return {
    translationRuns: first.flatMap(({ read }) => read ?? []),
    trainingRuns: second.flatMap(({ read }) => read ?? []),
    notices: [...first, ...second].flatMap(({ lines }) => lines),
  };
}
