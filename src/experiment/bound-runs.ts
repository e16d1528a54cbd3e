/** What both stages do with the data that their runs are bound to. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type * as t from 'io-ts';
import { leakedImages } from '../data/data-listing.ts';
import { finishedOutcome, type Run } from '../runs/run-directory.ts';
import { DamagedImagesError } from '../streams/batch-stream.ts';
import type { DataFingerprint } from '../streams/data-fingerprint.ts';
import { orExit } from '../system/program.ts';
import type { ExperimentContext } from './context.ts';
import type { ExperimentImages } from './images/experiment-images.ts';

const NAMED = 3;

/** A line if other splits hold training images, under whatever names. */
export function leakNotices(data: DataFingerprint | undefined): readonly string[] {
  const leaks = data === undefined ? [] : leakedImages(data.listing);
  if (leaks.length === 0) return [];
  const named = leaks
    .slice(0, NAMED)
    .map((group) => group.map(({ split, name }) => `${name} (${split})`).join(' = '));
  const more = leaks.length > NAMED ? `; and ${leaks.length - NAMED} more` : '';
  return [
    `warning: ${leaks.length} training ${leaks.length === 1 ? 'image has the contents of an image' : 'images have the contents of images'} in another split, so that results look better than they are: ${named.join('; ')}${more}`,
  ];
}

/**
 * What a run came to, if it has come to its end on these data.
 *
 * @param out Its folder.
 * @param settings What it must have been made with.
 * @param outcome What a run of its kind comes to.
 * @param images The data, opened.
 * @param context Told that nothing is trained, and when it was.
 * @throws ProgramError (exit code 2): it was made with other settings or data.
 */
export async function outcomeOnData<Outcome>(
  out: string,
  settings: unknown,
  outcome: t.Decoder<unknown, Outcome>,
  images: ExperimentImages,
  { say }: ExperimentContext,
): Promise<Outcome | undefined> {
  const done = orExit(await finishedOutcome(out, settings, outcome, await images.fingerprint?.()));
  if (done === undefined) return undefined;
  const { mtime } = await stat(join(out, 'run.json'));
  say(`${out}: nothing is trained; this run came to its end on ${mtime.toISOString().slice(0, 16)}Z`);
  return done;
}

/** Notes in the run which damaged images ended it, so that they may be mended. */
export async function notingDamage<A>(run: Pick<Run, 'skipped'>, work: Promise<A>): Promise<A> {
  return work.catch(async (error: unknown) => {
    if (error instanceof DamagedImagesError) await run.skipped.stoppedBy(error.faults);
    throw error;
  });
}
