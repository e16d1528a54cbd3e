/**
 * What translations are bound to: the images of each group of a split, in their order, and the stage-1 run, its
 * checkpoint, the data and the mode that they were made with.
 */
import type { DataSettings } from '../../config/schema/data-settings.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import type { DatasetExample, ImageLocation, SplitName } from '../../data/dataset.ts';
import { checkRunData } from '../../runs/run-data.ts';
import { orExit, ProgramError } from '../../system/program.ts';
import { settingsHash } from '../../streams/record-manifest.ts';
import type { BoundData, ExperimentImages, ImageReference } from '../images/experiment-images.ts';
import type { StageOneRun } from '../stage-one/stage-one-run.ts';
import type { TranslationSettings } from './translation-records.ts';
import type { TRANSLATION_VARIANTS } from './translations.ts';

type Example = DatasetExample<ImageReference>;

/** The images of one group in one split, and where they are among those of the split. */
export interface Members {
  readonly split: SplitName;
  readonly group: string;
  /** Class y of the group. */
  readonly label: number;
  readonly places: readonly number[];
  readonly examples: readonly Example[];
}

export function membersOf(images: ExperimentImages, splits: readonly SplitName[]): readonly Members[] {
  return splits.flatMap((split) =>
    images.table.names.flatMap((name, group) => {
      const examples = images.examples(split);
      const places = [...examples.keys()].filter((i) => examples[i]!.group === group);
      if (places.length === 0) return [];
      const members = places.map((i) => examples[i]!);
      return [{ split, group: name, label: images.table.classOf[group]!, places, examples: members }];
    }),
  );
}

export const recordFolder = (group: string, variant: (typeof TRANSLATION_VARIANTS)[number]): string =>
  `${group}(${variant})`;

/** Settings of data by which translations differ; where the files lie does not matter. */
const identityOf = (data: DataSettings): unknown =>
  Object.fromEntries(
    Object.entries(data).filter(([name]) => !['root', 'layout', 'skipDamaged', 'groupSizes'].includes(name)),
  );

/** Where an image is that has no contents known; images that are made in memory are nowhere. */
const placeOf = (image: ImageReference): string => (image as Partial<ImageLocation>).file ?? '';

/** Which images a group holds, and in what order: their labels and contents. */
export function digestOf(
  { examples }: Members,
  { contentOf = placeOf }: Pick<BoundData, 'contentOf'>,
): string {
  return settingsHash(examples.map(({ image, label }) => `${label} ${contentOf(image) ?? ''}`)).slice(0, 16);
}

/** What is translated by which checkpoint, and how: translations made otherwise are not taken. */
export function settingsOf(
  run: StageOneRun,
  step: number,
  data: DataSettings,
  bound: BoundData | undefined,
  { mode, batchSize, format }: TranslationSettings,
): Readonly<Record<string, unknown>> {
  return {
    run: settingsHash({ ...run.settings, roots: null }),
    step,
    data: identityOf(data),
    // Images that follow from other files by the settings have no contents of their own.
    ...(bound !== undefined && bound.contentOf === undefined && { digest: bound.digest }),
    mode,
    format,
    // In inference mode the neighbours of an image do not matter.
    ...(mode === 'published' && { batchSize }),
  };
}

/** Settings by which the images of a data set differ in what they show or how large they are. */
const SAME = ['kind', 'y', 'z', 'size', 'corruption', 'classes', 'subgroups', 'image'] as const;

/** Refuses a stage-1 run of other data than those of an experiment, naming what differs. */
export function assertSameData(run: StageOneRun, experiment: StageTwoExperiment): void {
  const told = (data: DataSettings): ReadonlyMap<string, string> => {
    const settings = data as Readonly<Record<string, unknown>>;
    const kind = data.kind.replace(/^mnist.*/, 'mnist');
    return new Map(
      SAME.filter((name) => name in settings).map((name) => [
        name,
        JSON.stringify(name === 'kind' ? kind : settings[name]),
      ]),
    );
  };
  const [theirs, ours] = [told(run.experiment.data), told(experiment.data)];
  const differing = SAME.filter((name) => theirs.get(name) !== ours.get(name));
  if (differing.length === 0) return;
  // Of data of another kind all is different.
  const named = differing[0] === 'kind' ? (['kind'] as const) : differing;
  const list = (of: ReadonlyMap<string, string>): string =>
    named.map((name) => `data.${name} ${of.get(name) ?? 'not set'}`).join(', ');
  throw new ProgramError(
    `${run.folder}: expected a stage-1 run of the data of this experiment, ${list(ours)}, found one of ${list(theirs)}; name another run in method.translations.sources`,
    2,
  );
}

/**
 * Refuses a stage-1 run that was begun with other images than an experiment has now, if both have the same settings of
 * data. Those of other settings, such as limits, cannot be compared.
 */
export async function assertSameContents(
  run: StageOneRun,
  { data }: Pick<StageTwoExperiment, 'data'>,
  bound: BoundData,
): Promise<void> {
  const placeless = (settings: DataSettings): string => settingsHash({ ...settings, root: null });
  if (placeless(run.experiment.data) === placeless(data))
    orExit(await checkRunData(run.folder, run.file, bound));
}
