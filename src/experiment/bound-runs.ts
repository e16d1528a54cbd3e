/** What both stages do with the data that their runs are bound to. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type * as t from 'io-ts';
import type { RunFile } from '../config/run-files.ts';
import type { StageTwoExperiment } from '../config/schema/stage-two.ts';
import type { DataError } from '../data/data-error.ts';
import { leakedImages, selectingImages, type SameContents } from '../data/data-listing.ts';
import { finishedOutcome, type Run } from '../runs/run-directory.ts';
import { mendedImages } from '../runs/run-data.ts';
import { tidyFolder } from '../runs/run-lock.ts';
import { DamagedImagesError } from '../streams/batch-stream.ts';
import type { DataFingerprint } from '../streams/data-fingerprint.ts';
import { closing } from '../system/closing.ts';
import { orExit, ProgramError } from '../system/program.ts';
import type { ExperimentContext } from './context.ts';
import type { ExperimentImages } from './images/experiment-images.ts';

const NAMED = 3;

/** Images that several splits share, under whatever names. */
export interface Leak {
  /** How many there are, and what that means. */
  readonly said: string;
  /** Those of equal contents, each with its split. */
  readonly images: readonly string[];
}

const counted = (groups: readonly SameContents[], split: string): number =>
  groups.flat().filter((image) => image.split === split).length;

/** All leaks of the data that a run is bound to. */
export function leaksIn(data: DataFingerprint | undefined): readonly Leak[] {
  if (data === undefined) return [];
  const [trained, selecting] = [leakedImages(data.listing), selectingImages(data.listing)];
  const [training, tests] = [counted(trained, 'train'), counted(selecting, 'test')];
  return [
    {
      said: `${training} training ${training === 1 ? 'image has the contents of an image' : 'images have the contents of images'} in another split, so that results look better than they are`,
      groups: trained,
    },
    {
      said: `${tests} test ${tests === 1 ? 'image has the contents of a validation image' : 'images have the contents of validation images'}, so that checkpoints are selected by what they are tested on`,
      groups: selecting,
    },
  ].flatMap(({ said, groups }) => {
    const images = groups.map((group) => group.map(({ split, name }) => `${name} (${split})`).join(' = '));
    return images.length === 0 ? [] : [{ said, images }];
  });
}

/** A line for each kind of leak, with the first of its images. */
export const leakNotices = (data: DataFingerprint | undefined): readonly string[] =>
  leaksIn(data).map(({ said, images }) => {
    const more = images.length - NAMED;
    const others = more > 0 ? `; and ${more} more, all of which config check --data lists` : '';
    return `warning: ${said}: ${images.slice(0, NAMED).join('; ')}${others}`;
  });

/** A run whose outcome is asked for. */
export interface BoundRun<Outcome> {
  /** Its folder. */
  readonly out: string;
  /** What it must have been made with. */
  readonly settings: unknown;
  /** What a run of its kind comes to. */
  readonly outcome: t.Decoder<unknown, Outcome>;
  /** Opens its data. */
  readonly open: () => Promise<ExperimentImages>;
  /** Throws if what a run that is done was made from, beside its data, has changed. */
  readonly assertSame?: (images: ExperimentImages) => Promise<void>;
}

/**
 * What a run comes to on its data: it is trained, unless it has come to its end before.
 *
 * @param run Which one.
 * @param context Told which images were skipped, or that nothing is trained, and when it was.
 * @param train Trains it, or what is left of it.
 * @throws ProgramError (exit code 2): it was made with other settings or data; and what `train` throws.
 */
export async function boundOutcome<Outcome extends { readonly damaged: readonly DataError[] }>(
  { out, settings, outcome: codec, open, assertSame }: BoundRun<Outcome>,
  { say, stopRequested }: ExperimentContext,
  train: (images: ExperimentImages) => Promise<Outcome>,
): Promise<Outcome> {
  // Other settings are told before the data are opened.
  orExit(await finishedOutcome(out, settings, codec));
  const outcome = await closing(await open(), async (images) => {
    const data = await images.fingerprint?.(stopRequested);
    const done = orExit(await finishedOutcome(out, settings, codec, data));
    if (done === undefined) return train(images);
    await assertSame?.(images);
    // It may have been killed before it could give its lock back, or while its report was written.
    await tidyFolder(out);
    const { mtime } = await stat(join(out, 'run.json'));
    say(`${out}: nothing is trained; this run came to its end on ${mtime.toISOString().slice(0, 16)}Z`);
    return done;
  });
  for (const { where, found } of outcome.damaged) say(`skipped: ${where}: ${found}`, 'warning');
  return outcome;
}

/**
 * Refuses images that were damaged when a run of CAMEL was begun, and are mended by now. Others were translated in their
 * place, which would be translated anew.
 *
 * @param folder Of the run.
 * @param run Its `run.json`; null for a new one.
 * @param experiment Its settings.
 * @param data As they are now.
 * @throws ProgramError (exit code 2): the first of these images, and the cure.
 */
export async function assertNoneMended(
  folder: string,
  run: RunFile | null,
  { method }: StageTwoExperiment,
  data: DataFingerprint | undefined,
): Promise<void> {
  if (data === undefined || run === null || run.data === data.digest || method.kind !== 'camel') return;
  const { sources, evaluationSplits } = method.translations;
  if (!sources.some(({ from }) => from.kind === 'run')) return;
  const mended = orExit(await mendedImages(folder, data));
  const translated = mended.filter(({ split }) => evaluationSplits || split === 'train');
  if (translated.length === 0) return;
  throw new ProgramError(
    `${join(folder, 'run.json')}: expected ${translated[0]!.name} damaged as it was, since this run learns from another translation in its place, found it mended; put the damaged file back, or choose another folder to begin anew`,
    2,
  );
}

/** Notes in the run which damaged images ended it, so that they may be mended. */
export async function notingDamage<A>(run: Pick<Run, 'skipped'>, work: Promise<A>): Promise<A> {
  return work.catch(async (error: unknown) => {
    if (error instanceof DamagedImagesError) await run.skipped.stoppedBy(error.faults);
    throw error;
  });
}
