/** `run.json`: the settings that a run was begun with, so that it is never gone on with under others, and its outcome. */
import { either as E } from 'fp-ts';
import { RunFileCodec } from '../config/run-files.ts';
import type { DataError } from '../data/data-error.ts';
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

/** The first of some differences, and how many more there are. */
export const listedDifferences = (differing: readonly string[]): string =>
  differing.slice(0, NAMED).join('; ') +
  (differing.length > NAMED ? `; and ${differing.length - NAMED} more` : '');

/**
 * The settings file of a run or an experiment, if it is there.
 *
 * @param path JSON with at least `format` and `settings`.
 * @param settings What it must have been made with; keys without a value count as absent.
 * @returns All that it holds, null if there is no such file, or which settings differ.
 */
export async function readSettingsFile(
  path: string,
  settings: unknown,
): Promise<E.Either<DataError, { readonly outcome?: unknown } | null>> {
  const text = await readText(path);
  if (text === null) return E.right(null);
  const run = parseJson(text);
  if (!RunFileCodec.is(run))
    return E.left({
      where: path,
      expected: 'the settings file of a run, format 2',
      found: JSON.stringify(text.slice(0, 60)),
      cure: 'delete the folder or choose another one',
    });
  const differing = differences(run.settings, settings);
  if (differing.length === 0) return E.right(run);
  return E.left({
    where: path,
    expected: 'a run of the same settings',
    found: listedDifferences(differing),
    cure: 'use the settings of that run, or choose another folder',
  });
}

/** Writes `run.json`; an outcome that is undefined is left out. */
export function writeRunFile(path: string, settings: unknown, outcome?: unknown): Promise<void> {
  const run = { format: 2, settingsHash: settingsHash(settings), settings, outcome };
  return writeFileAtomically(path, `${JSON.stringify(run, null, 2)}\n`);
}
