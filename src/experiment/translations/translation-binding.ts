/**
 * What translations are bound to: the images of each group of a split, in their order, and the stage-1 run, its
 * checkpoint, the data and the mode that they were made with.
 */
import type { DataSettings } from '../../config/schema/data-settings.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import type { DatasetExample, ImageLocation, SplitName } from '../../data/dataset.ts';
import { listingChanges, type DataListing } from '../../data/data-listing.ts';
import { checkRunData, readRunData } from '../../runs/run-data.ts';
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
const SAME = [
  ...(['kind', 'y', 'z', 'size', 'corruption', 'classes', 'subgroups', 'image'] as const),
  ...(['orientation', 'sixteenBitMaximum'] as const),
] as const;

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

/** Settings that choose images, or say what they mean; with the same ones the same images are expected. */
const choosing = (data: DataSettings): string =>
  settingsHash({ ...(identityOf(data) as object), delimiter: null, required: null });

/** Whether images of the same name have the same label and subgroup by two settings. */
const sameMeaning = (there: DataSettings, here: DataSettings): boolean => {
  const [theirs, ours] = [there, here].map((data) => data as Readonly<Record<string, unknown>>);
  return ['columns', 'label'].every((name) => settingsHash(theirs![name]) === settingsHash(ours![name]));
};

/**
 * Refuses a stage-1 run that was begun with other images than an experiment has now, if both choose their images by the
 * same settings. The files of digits must be the same, whatever the settings are.
 *
 * @returns What there is to say of other settings, such as limits, with which other images may be meant.
 */
export async function assertSameContents(
  run: StageOneRun,
  { data }: Pick<StageTwoExperiment, 'data'>,
  bound: BoundData,
): Promise<readonly string[]> {
  const theirs = run.experiment.data;
  if (bound.contentOf !== undefined && choosing(theirs) !== choosing(data)) {
    const there = await readRunData(run.folder);
    return there === null
      ? [
          `warning: ${run.folder}: data.gz is missing or damaged, so that nothing tells whether this stage-1 run has learnt from these images`,
        ]
      : stageOneNotices(run.folder, there, bound.listing, sameMeaning(theirs, data));
  }
  orExit(await checkRunData(run.folder, run.file, bound));
  return drawNotices(run.folder, theirs, data);
}

/** Settings by which digits of the same files are dealt out to the parts, and corrupted. */
const DRAWS = ['drawSeed', 'sizes', 'validationFraction', 'splits', 'corruptionSeed'] as const;

/**
 * What there is to say of a stage-1 run whose digits were dealt out or corrupted in another way.
 *
 * @param folder Of the run.
 * @param there Its settings of data.
 * @param here Those of the experiment.
 */
export function drawNotices(folder: string, there: DataSettings, here: DataSettings): readonly string[] {
  if (there.kind !== 'mnist-correlation' || here.kind !== 'mnist-correlation') return [];
  const differing = DRAWS.filter((name) => settingsHash(there[name]) !== settingsHash(here[name]));
  return differing.length === 0
    ? []
    : [
        `warning: ${folder}: this stage-1 run has learnt from other digits or corruptions (${differing.map((name) => `data.${name} ${JSON.stringify(there[name])} there, ${JSON.stringify(here[name])} here`).join('; ')}), so that the two stages together may see more of the scarce groups than either`,
      ];
}

const trainingContents = ({ images }: DataListing): ReadonlySet<string> =>
  new Set(images.flatMap(({ split, content }) => (split === 'train' ? [content] : [])));

/** Of the training images here, those that a stage-1 run has in any split; a line if there are strikingly few. */
function strangers(folder: string, there: DataListing, here: DataListing): readonly string[] {
  const all = new Set(there.images.map(({ content }) => content));
  const [theirs, ours] = [there, here].map(trainingContents) as [ReadonlySet<string>, ReadonlySet<string>];
  const known = [...ours].filter((content) => all.has(content)).length;
  // Limits may leave out most images of either, so that both can share no more than the smaller one has.
  if (2 * known >= Math.min(theirs.size, ours.size)) return [];
  return [
    `warning: ${folder}: this stage-1 run knows ${known === 0 ? 'none' : known} of the ${ours.size} training images here; it translates images that it has not learnt from, so make sure that it is the right run`,
  ];
}

/**
 * What there is to say of a stage-1 run with other settings of data: images of the same names that have changed since,
 * images that it has learnt from and others are tested on, and that it knows few of the training images.
 *
 * @param folder Of the run.
 * @param there Its data.
 * @param here Those of the experiment.
 * @param meaning Whether labels and subgroups of both are told by the same settings.
 */
export function stageOneNotices(
  folder: string,
  there: DataListing,
  here: DataListing,
  meaning: boolean,
): readonly string[] {
  const now = new Map(here.images.map((image) => [image.name, image]));
  const common = there.images.filter(({ name }) => now.has(name));
  // Splits are what other settings make of them.
  const same = common.map((image) => {
    const { content, label, subgroup } = now.get(image.name)!;
    return { ...image, content, ...(meaning && { label, subgroup }) };
  });
  const changes = listingChanges({ ...there, images: common }, { ...there, images: same });
  const learnt = trainingContents(there);
  const tested = here.images.filter(({ split, content }) => split === 'test' && learnt.has(content));
  return [
    ...strangers(folder, there, here),
    ...(changes.length === 0
      ? []
      : [`warning: ${folder}: the data have changed since this stage-1 run: ${changes.join('; ')}`]),
    ...(tested.length === 0
      ? []
      : [
          `warning: ${folder}: ${tested.length} test ${tested.length === 1 ? 'image is a training image' : 'images are training images'} of this stage-1 run, so that results look better than they are (first: ${tested[0]!.name})`,
        ]),
  ];
}
