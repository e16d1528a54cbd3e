/** `run.json`: the settings that a run was begun with, so that it is never gone on with under others, and its outcome. */
import { either as E } from 'fp-ts';
import type * as t from 'io-ts';
import { decode } from '../config/decoding.ts';
import { RunFileCodec, type RunFile } from '../config/run-files.ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { writeFileAtomically } from '../system/atomic-file.ts';
import { settingsHash } from '../streams/record-manifest.ts';
import { parseJson, readText } from '../system/text-file.ts';

const NAMED = 4;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** The settings that differ, as `path: there, here`. */
export function differences(there: unknown, here: unknown, path = ''): readonly string[] {
  if (settingsHash(there) === settingsHash(here)) return [];
  if (isObject(there) && isObject(here)) {
    return [...new Set([...Object.keys(there), ...Object.keys(here)])].flatMap((key) =>
      differences(there[key], here[key], path === '' ? key : `${path}.${key}`),
    );
  }
  const [a, b] = [there, here].map((value) => (JSON.stringify(value) ?? 'nothing').slice(0, 80));
  return [`${path === '' ? 'all' : path}: ${a} there, ${b} here`];
}

/** Settings without the folder of the data, and without the roots that nothing but it uses. */
function withoutPlace(settings: unknown): unknown {
  if (!isObject(settings) || !isObject(settings['data'])) return settings;
  const { data, roots, ...others } = settings;
  const rest = { ...others, data: { ...(data as object), root: undefined } };
  const text = JSON.stringify(rest);
  const used = Object.entries(isObject(roots) ? roots : {}).filter(([name]) => text.includes(`\${${name}}`));
  return { ...rest, roots: Object.fromEntries(used) };
}

/** The first of some differences, and how many more there are. */
export const listedDifferences = (differing: readonly string[]): string =>
  differing.slice(0, NAMED).join('; ') +
  (differing.length > NAMED ? `; and ${differing.length - NAMED} more` : '');

/**
 * The settings file of a run, if it is there.
 *
 * @param path The path of `run.json`.
 * @returns All that it holds, or null if there is no such file; or that it is another file.
 */
export async function readRunFile(path: string): Promise<E.Either<DataError, RunFile | null>> {
  const text = await readText(path);
  if (text === null) return E.right(null);
  const run = parseJson(text);
  if (RunFileCodec.is(run)) return E.right(run);
  return refuse(
    path,
    RunFileCodec.name,
    JSON.stringify(text.slice(0, 60)),
    'delete the folder or choose another one',
  );
}

/**
 * The settings file of a run that is gone on with, if it is there.
 *
 * @param path The path of `run.json`.
 * @param settings What it must have been made with; keys without a value count as absent.
 * @returns All that it holds, null if there is no such file, or which settings differ.
 */
export async function readSettingsFile(
  path: string,
  settings: unknown,
): Promise<E.Either<DataError, RunFile | null>> {
  const read = await readRunFile(path);
  if (E.isLeft(read) || read.right === null) return read;
  // A run that is bound to the contents of its data is not bound to where they lie.
  const bound = read.right.data === undefined ? (all: unknown) => all : withoutPlace;
  const differing = differences(bound(read.right.settings), bound(settings));
  if (differing.length === 0) return read;
  return refuse(
    path,
    'a run of the same settings',
    listedDifferences(differing),
    'use the settings of that run, or choose another folder',
  );
}

/**
 * What a run came to.
 *
 * @param run The contents of its `run.json`, null if there is none.
 * @param codec What an outcome of this kind is.
 * @param path The path of the file, for errors.
 * @returns The outcome, undefined if the run has not come to its end; or what is wrong with it.
 */
export function decodedOutcome<Outcome>(
  run: RunFile | null,
  codec: t.Decoder<unknown, Outcome>,
  path: string,
): E.Either<DataError, Outcome | undefined> {
  if (run?.outcome === undefined) return E.right(undefined);
  return E.mapLeft(([fault]: readonly DataError[]): DataError => ({
    ...fault!,
    cure: 'delete the folder or choose another one',
  }))(decode(codec, run.outcome, `${path}: outcome`));
}

/** What `run.json` holds beside the settings. */
export interface RunBinding {
  /** The digest of the data. */
  readonly data?: string | undefined;
  /** The digests of translations. */
  readonly translations?: Readonly<Record<string, string>> | undefined;
  /** Digests of the stage-1 runs that made them. */
  readonly madeBy?: Readonly<Record<string, string>> | undefined;
  readonly outcome?: unknown;
}

/** Writes `run.json`; what is undefined is left out. */
export function writeRunFile(
  path: string,
  settings: unknown,
  { data, translations, madeBy, outcome }: RunBinding = {},
): Promise<void> {
  const run = {
    format: 2,
    settingsHash: settingsHash(settings),
    settings,
    data,
    translations,
    madeBy,
    outcome,
  };
  return writeFileAtomically(path, `${JSON.stringify(run, null, 2)}\n`);
}
