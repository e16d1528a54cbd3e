/**
 * Translations by results of stage 1: made once and kept inside the run's folder, one record folder for each group and
 * direction, under the run's lock; or found in a folder that others have made.
 */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { either as E } from 'fp-ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import type { DataError } from '../../data/data-error.ts';
import { SPLITS, type ImageLocation, type SplitName } from '../../data/dataset.ts';
import { foldKey, randomKey } from '../../random/random.ts';
import type { LoadPixels } from '../../streams/batch-stream.ts';
import { openDecodePool } from '../../streams/decode-pool.ts';
import { indexTranslations, scratchFolder, type ScratchFolder } from '../../streams/record-folder.ts';
import { orExit, ProgramError } from '../../system/program.ts';
import { startProgress } from '../../system/progress.ts';
import { readRecordManifest, removeAbandonedRecords } from '../../streams/record-files.ts';
import { settingsHash } from '../../streams/record-manifest.ts';
import { lockFolder, tidyFolder } from '../../runs/run-lock.ts';
import { interrupted, type ExperimentContext } from '../context.ts';
import { translatesClass } from '../stage-one/domains.ts';
import type { ExperimentImages, ImageReference, TranslationLists } from '../images/experiment-images.ts';
import { replaceRecords } from './replace-records.ts';
import { skipDamagedOf } from '../images/skipped-images.ts';
import { listed } from '../../runs/skipped-images.ts';
import {
  checkpointStep,
  readStageOneRun,
  withGenerators,
  type StageOneRun,
} from '../stage-one/stage-one-run.ts';
import {
  assertSameContents,
  assertSameData,
  digestOf,
  membersOf,
  recordFolder,
  settingsOf,
  type Members,
} from './translation-binding.ts';
import { misplaced, published } from './foreign-translations.ts';
import { foreignContents, writtenContents, type TranslationContents } from './translation-contents.ts';
import { translationRecords, type TranslationSettings } from './translation-records.ts';
import { TRANSLATION_VARIANTS, type ObtainTranslations } from './translations.ts';

/** Where translations of some classes come from. */
export type Source = Extract<
  StageTwoExperiment['method'],
  { readonly kind: 'camel' }
>['translations']['sources'][number];

/** Waits until nobody else makes translations of this run. */
async function waitForLock(folder: string, context: ExperimentContext): Promise<() => Promise<void>> {
  for (let attempt = 0; ; attempt++) {
    const lock = await lockFolder(folder);
    if (E.isRight(lock)) return lock.right;
    if (attempt === 0) context.say(`${folder}: another program makes translations; waiting for it`);
    if (context.stopRequested()) throw interrupted();
    await setTimeout(500);
  }
}

const isThere = async (folder: string, name: string, settings: unknown): Promise<boolean> =>
  E.isRight(await readRecordManifest(folder, name, { settings }));

/** Writes the record folders that are not there yet; under the lock of `folder`. */
async function translateMissing(
  run: StageOneRun,
  step: number,
  missing: readonly Members[],
  folder: string,
  settingsFor: (members: Members) => unknown,
  how: TranslationSettings,
  images: ExperimentImages,
  context: ExperimentContext,
): Promise<void> {
  const total = 2 * missing.reduce((sum, { places }) => sum + places.length, 0);
  const progress = startProgress('translations', total);
  let done = 0;
  const skipped = new Map(SPLITS.map((split) => [split, new Map<string, DataError>()]));
  try {
    for (const split of SPLITS) await removeAbandonedRecords(join(folder, split));
    await withGenerators(run, step, images.shape, async (generators) => {
      for (const each of missing) {
        const { split, group, examples } = each;
        const settings = settingsFor(each);
        for (const [variant, generator] of [
          ['A-F', generators.toSource],
          ['A-G', generators.toTarget],
        ] as const) {
          const name = recordFolder(group, variant);
          if (await isThere(join(folder, split), name, settings)) {
            progress.update((done += examples.length));
            continue;
          }
          const records = translationRecords({
            images,
            examples,
            generator,
            settings: how,
            key: foldKey(randomKey(run.experiment.seed), 'translate', split, name),
            skipped: skipped.get(split)!,
            context,
            onImages: (count) => progress.update((done += count)),
          });
          await replaceRecords(join(folder, split), name, records, { settings, shardSize: how.shardSize });
        }
      }
    });
  } finally {
    progress.stop();
    for (const { where, found } of listed([...skipped.values()]))
      context.say(
        `skipped: ${where}: ${found}; the next image of its group is translated in its place`,
        'warning',
      );
  }
}

/** The folder with one subfolder a split in which a run's translations are, made if need be. */
async function ofRun(
  from: Extract<Source['from'], { readonly kind: 'run' }>,
  members: readonly Members[],
  experiment: StageTwoExperiment,
  how: TranslationSettings,
  images: ExperimentImages,
  context: ExperimentContext,
): Promise<{ readonly folder: string; readonly settingsFor: (members: Members) => unknown }> {
  const run = orExit(await readStageOneRun(from.path));
  assertSameData(run, experiment);
  const refused = members.find(({ label }) => !translatesClass(run.experiment, label));
  if (refused !== undefined) {
    throw new ProgramError(
      `${from.path}: expected a stage-1 run that translates class ${refused.label}, found one of classes ${JSON.stringify(run.experiment.translation.classes)}; correct translations.sources`,
      2,
    );
  }
  const step = checkpointStep(run, from.checkpoint);
  const bound = await images.fingerprint?.(context.stopRequested);
  if (bound !== undefined)
    (await assertSameContents(run, experiment, bound)).forEach((line) => context.say(line, 'warning'));
  const settings = settingsOf(run, step, experiment.data, bound, how);
  const settingsFor = (group: Members): unknown => ({
    ...settings,
    images: digestOf(group, bound ?? {}),
  });
  const folder = join(from.path, 'translations', settingsHash(settings).slice(0, 12));
  const complete = async (): Promise<readonly Members[]> => {
    const absent: Members[] = [];
    for (const each of members) {
      for (const variant of TRANSLATION_VARIANTS) {
        if (await isThere(join(folder, each.split), recordFolder(each.group, variant), settingsFor(each)))
          continue;
        absent.push(each);
        break;
      }
    }
    return absent;
  };
  if ((await complete()).length > 0) {
    const release = await waitForLock(folder, context);
    try {
      const missing = await complete();
      if (missing.length > 0)
        await translateMissing(run, step, missing, folder, settingsFor, how, images, context);
    } finally {
      await release();
    }
    // A program that was killed after its last translation has left its lock.
  } else await tidyFolder(folder);
  return { folder, settingsFor };
}

/** Translations that no generator makes: an image's true counterparts, or the image itself. */
function givenLists(kind: 'true' | 'identity', split: SplitName, images: ExperimentImages): TranslationLists {
  if (kind === 'identity') {
    const own = images.examples(split).map(({ image }) => image);
    return { toSource: own, toTarget: own };
  }
  if (images.counterparts === undefined)
    throw new ProgramError(
      `method.translations: expected data of which the true counterparts are known, found ${images.name}; use mnist-correlation, or translations of stage 1`,
      2,
    );
  return images.counterparts(split);
}

/** The source that translates a class. */
export function sourceOf(sources: readonly Source[], label: number): Source {
  const [source, another] = sources.filter(({ classes }) => classes === 'all' || classes.includes(label));
  if (source === undefined || another !== undefined) {
    throw new ProgramError(
      `method.translations.sources: expected one source for class ${label}, found ${source === undefined ? 'none' : 'two'}; correct their classes`,
      2,
    );
  }
  return source;
}

/** The lists of all groups of all sources. */
async function listsOf(
  bySource: ReadonlyMap<Source, readonly Members[]>,
  experiment: StageTwoExperiment,
  how: Omit<TranslationSettings, 'skipDamaged'>,
  images: ExperimentImages,
  scratch: ScratchFolder,
  context: ExperimentContext,
): Promise<{ readonly train: TranslationLists; readonly contents: TranslationContents }> {
  const contents: Record<string, string> = {};
  const lists: Partial<Record<SplitName, { toSource: ImageReference[]; toTarget: ImageReference[] }>> = {};
  const skipDamaged = skipDamagedOf(experiment);
  for (const [{ from }, group] of bySource) {
    if (from.kind === 'true' || from.kind === 'identity') {
      for (const { split, places } of group) {
        const given = givenLists(from.kind, split, images);
        const list = (lists[split] ??= { toSource: [], toTarget: [] });
        for (const direction of ['toSource', 'toTarget'] as const)
          for (const place of places) list[direction][place] = given[direction][place]!;
      }
      continue;
    }
    const made =
      from.kind === 'run'
        ? await ofRun(from, group, experiment, { ...how, skipDamaged }, images, context)
        : null;
    for (const each of group) {
      const list = (lists[each.split] ??= { toSource: [], toTarget: [] });
      for (const [variant, direction] of [
        ['A-F', 'toSource'],
        ['A-G', 'toTarget'],
      ] as const) {
        const name = recordFolder(each.group, variant);
        const folder = made?.folder ?? from.path;
        const indexed = orExit(
          made === null
            ? await published(folder, each, name, scratch)
            : await indexTranslations(join(folder, each.split, name), scratch, {
                settings: made.settingsFor(each),
              }),
        );
        const fault = misplaced(
          each,
          folder,
          indexed.map(({ value }) => value),
        );
        if (fault !== undefined) return orExit(E.left(fault));
        const records = { folder, split: each.split, name, images: indexed.map(({ image }) => image) };
        contents[`${each.split}/${name}`] =
          made === null ? await foreignContents(records) : orExit(await writtenContents(records));
        each.places.forEach((place, i) => (list[direction][place] = indexed[i]!.image));
      }
    }
  }
  return { ...(lists as { readonly train: TranslationLists }), contents };
}

/** Holds what it has loaded, for images that are asked for again and again. */
function loadedOnce(load: LoadPixels<ImageReference>): LoadPixels<ImageReference> {
  const loaded = new Map<ImageReference, ReturnType<typeof load>>();
  return (image) => {
    const pixels = loaded.get(image) ?? load(image);
    loaded.set(image, pixels);
    return pixels;
  };
}

/**
 * Makes the translations that are not there yet, or finds them; {@link ObtainTranslations} has the parameters.
 */
export const obtainTranslations: ObtainTranslations = async (experiment, images, context) => {
  if (experiment.method.kind !== 'camel') throw new Error('only CAMEL has translations');
  const { sources, evaluationSplits, ...how } = experiment.method.translations;
  const splits = evaluationSplits ? SPLITS : (['train'] as const);
  const members = membersOf(images, splits);
  const bySource = new Map<Source, Members[]>();
  for (const each of members) {
    const source = sourceOf(sources, each.label);
    bySource.set(source, [...(bySource.get(source) ?? []), each]);
  }
  const scratch = scratchFolder();
  const { contents, ...lists } = await listsOf(bySource, experiment, how, images, scratch, context).catch(
    async (error: unknown) => {
      await scratch.remove();
      throw error;
    },
  );
  const inMemory = images.examples('train').every(({ image }) => !('file' in image));
  // Threads and repeated decoding cost more than images that are small enough to be held.
  const pool = openDecodePool({ shape: images.shape, ...(inMemory && { workers: 0 }) });
  const decode: LoadPixels<ImageReference> = (image) => pool.load(image as ImageLocation);
  const load = inMemory ? loadedOnce(decode) : decode;
  return {
    splits: lists,
    contents,
    // Translations that were given may be images of the data set, which it loads itself.
    load: (image) => ('file' in image ? load(image) : images.load(image)),
    close: async () => {
      await pool.close();
      await scratch.remove();
    },
  };
};
