/** Translations of all groups, each from the source that the settings name for its class. */
import { either as E } from 'fp-ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import { SPLITS, type ImageLocation, type SplitName } from '../../data/dataset.ts';
import type { LoadPixels } from '../../streams/batch-stream.ts';
import { openDecodePool } from '../../streams/decode-pool.ts';
import { scratchFolder, type ScratchFolder } from '../../streams/record-folder.ts';
import { orExit, ProgramError } from '../../system/program.ts';
import type { ExperimentContext } from '../context.ts';
import type { ExperimentImages, ImageReference, TranslationLists } from '../images/experiment-images.ts';
import { skipDamagedOf } from '../images/skipped-images.ts';
import { foreignRecords, misplaced } from './foreign-translations.ts';
import { translationsBy, translationsLeftBy } from './stage-one-translations.ts';
import { membersOf, recordFolder, type Members } from './translation-binding.ts';
import { foreignContents, writtenContents } from './translation-contents.ts';
import type { TranslationSettings } from './translation-records.ts';
import type { ObtainTranslations, Source, Translations } from './translations.ts';

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

/** Where the translations of an experiment come from, and how they are made. */
interface Asked {
  readonly bySource: ReadonlyMap<Source, readonly Members[]>;
  readonly how: TranslationSettings;
}

function askedOf(experiment: StageTwoExperiment, images: ExperimentImages): Asked {
  if (experiment.method.kind !== 'camel') throw new Error('only CAMEL has translations');
  const { sources, evaluationSplits, ...how } = experiment.method.translations;
  const bySource = new Map<Source, Members[]>();
  for (const each of membersOf(images, evaluationSplits ? SPLITS : ['train'])) {
    const source = sourceOf(sources, each.label);
    bySource.set(source, [...(bySource.get(source) ?? []), each]);
  }
  return { bySource, how: { ...how, skipDamaged: skipDamagedOf(experiment) } };
}

/** The lists of all groups of all sources. */
async function listsOf(
  { bySource, how }: Asked,
  experiment: StageTwoExperiment,
  images: ExperimentImages,
  scratch: ScratchFolder,
  context: ExperimentContext,
): Promise<Pick<Required<Translations>, 'contents' | 'madeBy'> & { readonly train: TranslationLists }> {
  const contents: Record<string, string> = {};
  const madeBy: Record<string, string> = {};
  const lists: Partial<Record<SplitName, { toSource: ImageReference[]; toTarget: ImageReference[] }>> = {};
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
        ? await translationsBy(from, group, experiment, how, images, scratch, context)
        : null;
    for (const each of group) {
      const { split } = each;
      const list = (lists[split] ??= { toSource: [], toTarget: [] });
      for (const [variant, direction] of [
        ['A-F', 'toSource'],
        ['A-G', 'toTarget'],
      ] as const) {
        const name = recordFolder(each.group, variant);
        const place = `${split}/${name}`;
        const folder = made?.folder ?? from.path;
        const indexed =
          made?.records.get(place) ?? (await foreignRecords(folder, each, name, scratch, context));
        const labels = indexed.map(({ value }) => value);
        const fault = misplaced(each, folder, labels);
        if (fault !== undefined) return orExit(E.left(fault));
        const records = { folder, split, name, images: indexed.map(({ image }) => image) };
        contents[place] =
          made === null ? await foreignContents(records) : orExit(await writtenContents(records));
        if (made !== null) madeBy[place] = made.madeBy;
        each.places.forEach((at, i) => (list[direction][at] = indexed[i]!.image));
      }
    }
  }
  return { ...(lists as { readonly train: TranslationLists }), contents, madeBy };
}

/**
 * What is left of the translations that a run of stage 2 has learnt from. Those of others must be there; those of a
 * stage-1 run may be gone, and are not made again.
 *
 * @param experiment Of the method `camel`, roots put in.
 * @param images The data of the experiment, opened.
 * @param context Output, and whether a stop was asked for.
 * @returns Digests as in `run.json`.
 * @throws ProgramError: what is wrong with translations of others (exit code 2), a stop asked for (75).
 */
export async function translationsLeft(
  experiment: StageTwoExperiment,
  images: ExperimentImages,
  context: ExperimentContext,
): Promise<Pick<Required<Translations>, 'contents' | 'madeBy'>> {
  const { bySource, how } = askedOf(experiment, images);
  const others = new Map([...bySource].filter(([{ from }]) => from.kind === 'folder'));
  const scratch = scratchFolder();
  try {
    const { contents } = await listsOf({ bySource: others, how }, experiment, images, scratch, context);
    const madeBy: Record<string, string> = {};
    const left = { contents: { ...contents }, madeBy };
    for (const [{ from }, group] of bySource) {
      if (from.kind !== 'run') continue;
      const there = await translationsLeftBy(from, group, experiment, how, images, context);
      Object.assign(left.contents, there.contents);
      Object.assign(left.madeBy, there.madeBy);
    }
    return left;
  } finally {
    await scratch.remove();
  }
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
  const asked = askedOf(experiment, images);
  const scratch = scratchFolder();
  const { contents, madeBy, ...lists } = await listsOf(asked, experiment, images, scratch, context).catch(
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
    madeBy,
    // Translations that were given may be images of the data set, which it loads itself.
    load: (image) => ('file' in image ? load(image) : images.load(image)),
    close: async () => {
      await pool.close();
      await scratch.remove();
    },
  };
};
