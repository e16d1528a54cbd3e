/** The training of a classifier, read from the log in its folder. */
import { join } from 'node:path';
import * as t from 'io-ts';
import { finiteNumber, naturalNumber, nullable } from '../../config/codecs.ts';
import type { TrainingRun } from '../../report/input.ts';
import { runLog, type MetricsRecord } from '../../runs/run-log.ts';

const TrainingCodec = t.intersection([
  t.type({
    step: naturalNumber,
    kind: t.literal('training'),
    loss: nullable(finiteNumber),
    groupMeans: t.array(nullable(finiteNumber)),
    groupCounts: t.array(finiteNumber),
  }),
  t.partial({ adversaryWeights: t.array(finiteNumber) }),
]);

const EvaluationCodec = t.type({
  step: naturalNumber,
  kind: t.literal('evaluation'),
  reports: t.type({
    validation: t.type({ groups: t.array(t.type({ name: t.string, accuracy: nullable(finiteNumber) })) }),
  }),
});

function trainingOf(records: readonly MetricsRecord[]): TrainingRun['training'] {
  return records
    .filter(TrainingCodec.is)
    .map(({ step, loss, groupMeans, groupCounts, adversaryWeights }) => ({
      step,
      loss,
      groupLosses: groupMeans.map((mean, g) => (groupCounts[g]! > 0 ? mean : null)),
      ...(adversaryWeights && { adversary: adversaryWeights }),
    }));
}

/** Names of the lists in the log, which says none itself; those of the evaluation fit where all groups are trained on. */
function trainedNames(
  known: readonly (readonly string[])[],
  groupNames: readonly string[],
  count: number,
): readonly string[] {
  return (
    [...known, groupNames].find((names) => names.length === count) ??
    Array.from({ length: count }, (_, g) => `group ${g + 1}`)
  );
}

/**
 * How the training of a classifier went.
 *
 * @param folder Of its run.
 * @param run What it is called in the report.
 * @param trained Groups of objectives that runs on these data have told; the first that are as many are taken.
 * @returns Null if nothing was logged.
 */
export async function readTrainingRun(
  folder: string,
  run: Pick<TrainingRun, 'seed' | 'method'>,
  trained: readonly (readonly string[])[] = [],
): Promise<TrainingRun | null> {
  const records = await runLog(join(folder, 'metrics.jsonl')).records();
  const training = trainingOf(records);
  const evaluations = records.filter(EvaluationCodec.is);
  if (training.length === 0 && evaluations.length === 0) return null;
  const groupNames = evaluations[0]?.reports.validation.groups.map(({ name }) => name) ?? [];
  return {
    ...run,
    groupNames,
    trainedGroupNames: trainedNames(trained, groupNames, training[0]?.groupLosses.length ?? 0),
    training,
    validation: evaluations.map(({ step, reports }) => ({
      step,
      groupAccuracies: reports.validation.groups.map(({ accuracy }) => accuracy),
    })),
  };
}
