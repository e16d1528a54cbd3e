/**
 * `study.json`: what a study is made of, so that its folder is never gone on with under other settings. Methods,
 * experiments of stage 1 and seeds may be added in later calls; those of earlier ones stay.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { integer, nonNegativeNumber } from '../../config/codecs.ts';
import { json } from '../../config/json.ts';
import type { Study } from '../../config/schema/study.ts';
import { refuse, type DataError } from '../../data/data-error.ts';
import { writeFileAtomically } from '../../system/atomic-file.ts';
import { differences, listedDifferences } from '../../runs/run-file.ts';
import { hasCode, parseJson, readText } from '../../system/text-file.ts';

const settingsByName = t.readonly(t.record(t.string, json));

/** The contents of `study.json`. */
export const StudyFileCodec = t.readonly(
  t.intersection([
    t.type({
      format: t.literal(2),
      name: t.string,
      seeds: t.readonlyArray(integer),
      labels: t.readonly(t.record(t.string, t.string)),
      data: json,
      /** Experiments by name, in their order, with the seed of the file. */
      'stage-1': settingsByName,
      methods: settingsByName,
      backend: t.readonly(t.type({ name: t.string, device: t.string })),
      environment: t.readonly(t.record(t.string, t.union([t.string, t.number]))),
      seconds: nonNegativeNumber,
    }),
    // Studies of earlier versions have none.
    t.partial({ digests: t.readonly(t.record(t.string, t.string)) }),
  ]),
  'the settings of a study, format 2',
);
/** What `study.json` holds. */
export type StudyFile = t.TypeOf<typeof StudyFileCodec>;

/** Files that only folders of earlier versions hold. */
const EARLIER = ['experiment.json', 'chain.json', 'chain-settings.json'] as const;

const pathIn = (folder: string): string => join(folder, 'study.json');

async function earlierFile(folder: string): Promise<string | undefined> {
  try {
    const names = await readdir(folder);
    return EARLIER.find((name) => names.includes(name));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * What a study's folder says of itself.
 *
 * @param folder Of the study.
 * @returns Null if no study was begun there; or that the folder is of an earlier version, or the file is damaged.
 */
export async function readStudyFile(folder: string): Promise<E.Either<DataError, StudyFile | null>> {
  const earlier = await earlierFile(folder);
  if (earlier !== undefined)
    return refuse(
      join(folder, earlier),
      'the folder of a study',
      'one that an earlier version made',
      'choose another folder',
    );
  const text = await readText(pathIn(folder));
  if (text === null) return E.right(null);
  const file = parseJson(text);
  return StudyFileCodec.is(file)
    ? E.right(file)
    : refuse(
        pathIn(folder),
        StudyFileCodec.name,
        JSON.stringify(text.slice(0, 60)),
        'restore the file, or choose another folder',
      );
}

const byName = <A extends { readonly name: string }>(experiments: readonly A[]): StudyFile['methods'] =>
  Object.fromEntries(
    experiments.map((each) => [each.name, JSON.parse(JSON.stringify(each)) as unknown]),
  ) as StudyFile['methods'];

/** Those before, then the new ones. */
const together = <A>(before: readonly A[], now: readonly A[]): readonly A[] => [
  ...new Set([...before, ...now]),
];

/** Settings that both have, under the same names. */
const shared = (settings: StudyFile['methods'], others: StudyFile['methods']): StudyFile['methods'] =>
  Object.fromEntries(Object.entries(settings).filter(([name]) => Object.hasOwn(others, name)));

type Settings = Pick<StudyFile, 'name' | 'data' | 'stage-1' | 'methods'>;

const settingsOf = ({ name, data, stageOne, methods }: Study): Settings => ({
  name,
  data: JSON.parse(JSON.stringify(data)) as StudyFile['data'],
  'stage-1': byName(stageOne),
  methods: byName(methods),
});

/**
 * What has changed of a study since it was begun, beside methods, experiments of stage 1 and seeds that were added.
 *
 * @param before What its file holds.
 * @param study As it is now.
 * @param folder For the error.
 */
export function studyChange(before: StudyFile, study: Study, folder: string): DataError | undefined {
  const now = settingsOf(study);
  const bound = ({ name, data, 'stage-1': stageOne, methods }: Settings, other: Settings): Settings => ({
    name,
    data,
    'stage-1': shared(stageOne, other['stage-1']),
    methods: shared(methods, other.methods),
  });
  const differing = differences(bound(before, now), bound(now, before));
  return differing.length === 0
    ? undefined
    : {
        where: pathIn(folder),
        expected: 'the study as it was begun, to which methods and seeds may be added',
        found: listedDifferences(differing),
        cure: 'use the settings of then, give what has changed another name, or choose another folder',
      };
}

/**
 * What the file of a study holds after a call.
 *
 * @param before What it holds; null for a new one.
 * @param study As it is now.
 * @param call Seeds that were asked for, and what the results depend on beside the settings.
 * @param folder For errors.
 * @returns Everything of before and now together; or which settings have changed.
 */
export function mergedStudyFile(
  before: StudyFile | null,
  study: Study,
  call: Pick<StudyFile, 'seeds' | 'backend' | 'environment' | 'digests'>,
  folder: string,
): E.Either<DataError, StudyFile> {
  const now = { format: 2 as const, labels: study.labels, ...settingsOf(study), ...call };
  if (before === null) return E.right({ ...now, seconds: 0 });
  const change = studyChange(before, study, folder);
  return change !== undefined
    ? E.left(change)
    : E.right({
        ...now,
        'stage-1': { ...before['stage-1'], ...now['stage-1'] },
        methods: { ...before.methods, ...now.methods },
        seeds: together(before.seeds, call.seeds),
        digests: { ...before.digests, ...call.digests },
        seconds: before.seconds,
      });
}

/** Writes `study.json`. */
export const writeStudyFile = (folder: string, file: StudyFile): Promise<void> =>
  writeFileAtomically(pathIn(folder), `${JSON.stringify(file, null, 2)}\n`);
