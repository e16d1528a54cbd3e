/** What a run's folder says of it, as W&B is told: its settings, its names, and how it ended. */
import { basename, dirname, join } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import type { Json } from '../../config/json.ts';
import type { MetricsLine, RunFile } from '../../config/run-files.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import { refuse, type DataError } from '../../data/data-error.ts';
import { dataGroups } from '../../config/schema/groups-of-data.ts';
import {
  StageOneOutcomeCodec,
  StageTwoOutcomeCodec,
  type StageOneOutcome,
  type StageTwoOutcome,
} from '../../experiment/outcomes.ts';
import { stageOneView } from '../../experiment/logs/stage-one-view.ts';
import { groupNaming, stageTwoView } from '../../experiment/logs/stage-two-view.ts';
import { experimentOfRun } from '../../experiment/run-settings.ts';
import { readStudyFile, type StudyFile } from '../../experiment/study/study-file.ts';
import { decodedOutcome, readRunFile } from '../../runs/run-file.ts';
import { ClassifierRecordCodec, ReportsRecordCodec, type RunReading } from './metric-values.ts';

const SettingsCodec = t.intersection([
  t.type({
    kind: t.union([t.literal('stage-1'), t.literal('stage-2')]),
    name: t.string,
    seed: t.number,
    data: t.type({ kind: t.string }),
  }),
  t.partial({ method: t.type({ kind: t.string }) }),
]);
type Settings = t.TypeOf<typeof SettingsCodec>;

/** What a run came to. */
export type RunEnd =
  ({ readonly kind: 'stage-1' } & StageOneOutcome) | ({ readonly kind: 'stage-2' } & StageTwoOutcome);

/** A run as W&B is told of it. */
export interface TrackedRun {
  readonly folder: string;
  readonly name: string;
  readonly group: Settings['kind'];
  readonly jobType: string;
  readonly tags: readonly string[];
  readonly config: Json;
  /** Null while it has not come to its end. */
  readonly end: RunEnd | null;
  /** How records are read, with what the log says of the groups by now. */
  readonly readingOf: (records: readonly MetricsLine[]) => RunReading;
}

/** The study that a run lies in, by the places of both. */
async function studyOf(folder: string): Promise<StudyFile | null> {
  if (!/^seed--?\d+$/.test(basename(dirname(folder)))) return null;
  const read = await readStudyFile(dirname(dirname(folder)));
  return E.isRight(read) ? read.right : null;
}

/** What its outcome says; null of a run that is under way. */
function endOf(file: RunFile, kind: Settings['kind'], path: string): E.Either<DataError, RunEnd | null> {
  const ended = (outcome: StageOneOutcome | StageTwoOutcome | undefined): RunEnd | null =>
    outcome === undefined ? null : ({ kind, ...outcome } as RunEnd);
  return kind === 'stage-1'
    ? E.Functor.map(decodedOutcome(file, StageOneOutcomeCodec, path), ended)
    : E.Functor.map(decodedOutcome(file, StageTwoOutcomeCodec, path), ended);
}

/** The first names that are as many as the lists in the log, as in reports; they must not change while a run goes on. */
function trainedNames(
  known: readonly (readonly string[])[],
  records: readonly MetricsLine[],
): readonly string[] | null {
  const unknown: readonly unknown[] = records;
  const training = unknown.find(ClassifierRecordCodec.is);
  const reports = unknown.find(ReportsRecordCodec.is)?.reports ?? {};
  const evaluated = Object.values(reports)[0]?.groups.map(({ name }) => name);
  return [...known, evaluated ?? []].find((names) => names.length === training?.groupMeans.length) ?? null;
}

/** How the records of a run of stage 2 are read, once it is known which groups were trained on. */
function stageTwoReading(
  folder: string,
  experiment: StageTwoExperiment,
  labels: StudyFile['labels'],
  end: RunEnd | null,
): TrackedRun['readingOf'] {
  const ofData = dataGroups(experiment.data).map(({ name }) => name);
  const ofEnd = end?.kind === 'stage-2' ? end.trainedGroups : [];
  const { maximumGradientNorm } = experiment.training;
  return (records) => {
    const trained = trainedNames([ofEnd, ofData], records);
    const options = { folder, experiment, settings: null, trainedGroups: trained ?? [], labels };
    const { entriesOf } = stageTwoView(options);
    return { trained, label: groupNaming(options), entriesOf, maximumGradientNorm };
  };
}

const stageOneReading = (folder: string): RunReading => ({
  trained: null,
  label: (name) => name,
  entriesOf: stageOneView(folder, null).entriesOf,
  maximumGradientNorm: null,
});

/** How the records of a run are read; or that its settings are not those of an experiment. */
function readingOf(
  folder: string,
  { settings }: RunFile & { readonly settings: Settings },
  labels: StudyFile['labels'],
  end: RunEnd | null,
): E.Either<DataError, TrackedRun['readingOf']> {
  if (settings.kind === 'stage-1') return E.right(() => stageOneReading(folder));
  return E.Functor.map(experimentOfRun(settings, join(folder, 'run.json')), (experiment) =>
    stageTwoReading(folder, experiment, labels, end),
  );
}

/** A name as a tag. W&B refuses more than 64 characters. */
export const asTag = (name: string): string => name.slice(0, 64);

function describedRun(
  folder: string,
  file: RunFile & { readonly settings: Settings },
  study: StudyFile | null,
  { end, readingOf }: Pick<TrackedRun, 'end' | 'readingOf'>,
): TrackedRun {
  const { settings } = file;
  const { kind, name, seed, data, method } = settings;
  const labels = study?.labels ?? {};
  const called = study === null ? name : basename(folder);
  return {
    folder,
    name: [...(study === null ? [] : [study.name]), `seed-${seed}`, called].join('/'),
    group: kind,
    jobType: data.kind,
    tags: [
      ...new Set([
        ...(study === null ? [] : [study.name]),
        called,
        ...(method === undefined ? [] : [method.kind]),
      ]),
    ].map(asTag),
    config: { ...(settings as object), study: study?.name ?? null, groupLabels: labels } as Json,
    end,
    readingOf,
  };
}

/**
 * Reads what a run's folder says of it.
 *
 * @param folder With a `run.json`, which may be changed by who trains there.
 * @returns The run; or what else there is.
 */
export async function readTrackedRun(folder: string): Promise<E.Either<DataError, TrackedRun>> {
  const path = join(folder, 'run.json');
  const read = await readRunFile(path);
  if (E.isLeft(read)) return read;
  const file = read.right;
  if (file === null || !SettingsCodec.is(file.settings))
    return refuse(
      path,
      'a run of stage 1 or stage 2',
      file === null ? 'no such file' : 'a run of something else',
      'give the folder of a run or of a study',
    );
  const found = file as RunFile & { readonly settings: Settings };
  const study = await studyOf(folder);
  return E.Monad.chain(endOf(file, found.settings.kind, path), (end) =>
    E.Functor.map(readingOf(folder, found, study?.labels ?? {}, end), (reading) =>
      describedRun(folder, found, study, { end, readingOf: reading }),
    ),
  );
}
