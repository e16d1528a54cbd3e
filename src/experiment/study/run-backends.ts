/** The backends on which the runs of a study came to their ends. A study may go on with another one than it began with. */
import { join } from 'node:path';
import * as t from 'io-ts';
import { parseJson, readText } from '../../system/text-file.ts';
import type { StudyFile } from './study-file.ts';

/** A run with the backend of its results. */
export interface RunBackend {
  readonly seed: number;
  readonly name: string;
  readonly backend: string;
  readonly device: string;
}

const BackendCodec = t.type({ backend: t.string, device: t.string });

/**
 * The backend of every run that has come to its end, as the results of the run name it.
 *
 * @param out The folder of the study.
 * @param file What it is made of.
 */
export async function runBackends(
  out: string,
  file: Pick<StudyFile, 'seeds' | 'stage-1' | 'methods'>,
): Promise<readonly RunBackend[]> {
  const names = [...Object.keys(file['stage-1']), ...Object.keys(file.methods)];
  const found: RunBackend[] = [];
  for (const seed of file.seeds)
    for (const name of names) {
      const text = await readText(join(out, `seed-${seed}`, name, 'results.json'));
      const results = text === null ? undefined : parseJson(text);
      if (BackendCodec.is(results))
        found.push({ seed, name, backend: results.backend, device: results.device });
    }
  return found;
}

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)];

/**
 * What a study calls its backend: all those of its runs, such as `wasm, tensorflow`.
 *
 * @param runs That have come to their ends.
 * @param call The backend of the call, for a study without such runs.
 */
export const commonBackend = (
  runs: readonly RunBackend[],
  call: StudyFile['backend'],
): StudyFile['backend'] =>
  runs.length === 0
    ? call
    : {
        name: distinct(runs.map(({ backend }) => backend)).join(', '),
        device: distinct(runs.map(({ device }) => device)).join(', '),
      };

const seedsOf = (runs: readonly RunBackend[]): string =>
  `seed${runs.length > 1 ? 's' : ''} ${runs.map(({ seed }) => seed).join(', ')}`;

/**
 * A line that says which runs came to their ends where; none if they all did in the same place.
 *
 * @param runs That have come to their ends.
 */
export function backendNotices(runs: readonly RunBackend[]): readonly string[] {
  const place = ({ backend, device }: RunBackend): string => `${backend} (${device})`;
  const places = distinct(runs.map(place));
  if (places.length < 2) return [];
  const listed = places.map((where) => {
    const here = runs.filter((run) => place(run) === where);
    const names = distinct(here.map(({ name }) => name)).map(
      (name) => `${name} of ${seedsOf(here.filter((run) => run.name === name))}`,
    );
    return `${where} ran ${names.join(', ')}`;
  });
  return [`The runs ended on different backends: ${listed.join('; ')}.`];
}
