/**
 * The runs in an experiment's folder: stage 1 and one for each method, each bound to the settings that it depends on.
 * Methods may be added one by one: what the folder holds of the others is read, and not made again.
 */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { naturalNumber, nonNegativeNumber } from '../../config/codecs.ts';
import { decode } from '../../config/decoding.ts';
import { StageOneResultsCodec } from '../../config/experiment-results.ts';
import { closing } from '../closing.ts';
import { orExit } from '../program.ts';
import { openRun, readSettingsFile, type MetricsRecord, type Run } from '../run-directory.ts';
import { METHODS, type CamelSettings, type Method } from './settings.ts';

/** What has a run of its own. */
export type RunName = 'stage1' | Method;

const GalleryImagesCodec = t.readonlyArray(
  t.readonly(t.type({ real: t.string, translated: t.string, back: t.string })),
);

/** What stage 1 leaves in its run file once it is done. */
export const StageOneRecordCodec = t.readonly(
  t.type({
    results: StageOneResultsCodec,
    bestStep: naturalNumber,
    gallery: t.readonly(t.type({ toTarget: GalleryImagesCodec, toSource: GalleryImagesCodec })),
    seconds: nonNegativeNumber,
  }),
);
/** What stage 1 leaves in its run file once it is done. */
export type StageOneRecord = t.TypeOf<typeof StageOneRecordCodec>;

const runFolder = (out: string, name: RunName): string => join(out, 'runs', name);

/** Settings that a run depends on. */
export function runSettings(name: RunName, settings: CamelSettings): unknown {
  const { preset, seed, data, stage1, gate, stage2 } = settings;
  if (name === 'stage1') return { preset, seed, data, stage1, gate };
  const depends = name === 'camel' ? { ...settings, methods: undefined } : { seed, data, stage2 };
  return { method: name, ...depends };
}

/**
 * The runs that an experiment has begun.
 *
 * @param out The experiment's folder.
 * @returns Of each whether it is done.
 * @throws ProgramError (exit code 2) naming a run that was begun with other settings.
 */
export async function runsIn(
  out: string,
  settings: CamelSettings,
): Promise<ReadonlyMap<RunName, { readonly done: boolean }>> {
  const runs = new Map<RunName, { readonly done: boolean }>();
  const names: readonly RunName[] = [
    ...(settings.translations === 'cyclegan' ? (['stage1'] as const) : []),
    ...METHODS,
  ];
  for (const name of names) {
    const path = join(runFolder(out, name), 'run.json');
    const run = orExit(await readSettingsFile(path, runSettings(name, settings)));
    if (run !== null) runs.set(name, { done: run.outcome !== undefined });
  }
  return runs;
}

/** What a run came to, and its log. */
export interface FinishedRun<Outcome> {
  readonly outcome: Outcome;
  readonly records: readonly MetricsRecord[];
}

/** The outcome in a run's file; undefined if it is not done. */
function outcomeOf<Outcome>(codec: t.Type<Outcome>, { folder, outcome }: Run): Outcome | undefined {
  if (outcome === undefined) return undefined;
  const decoded = decode(codec, outcome, `${join(folder, 'run.json')}, outcome`);
  if (E.isRight(decoded)) return decoded.right;
  return orExit(E.left({ ...decoded.left[0]!, cure: `delete ${folder}, and run again` }));
}

/**
 * Does a run, or what is left of it.
 *
 * @param out The experiment's folder.
 * @param codec Of its outcome.
 * @param work Comes to the outcome; not asked for if the run is done.
 * @throws ProgramError (exit code 2) naming settings that the run was not begun with, or what is wrong in its file.
 */
export async function finishedRun<Outcome>(
  out: string,
  name: RunName,
  settings: CamelSettings,
  codec: t.Type<Outcome>,
  work: (run: Run) => Promise<Outcome>,
): Promise<FinishedRun<Outcome>> {
  const opened = orExit(await openRun(runFolder(out, name), runSettings(name, settings)));
  return closing(opened, async (run) => {
    let outcome = outcomeOf(codec, run);
    if (outcome === undefined) await run.finish((outcome = await work(run)));
    return { outcome, records: await run.records() };
  });
}
