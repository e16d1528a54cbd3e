/**
 * What the images of an experiment lack, in a line each: who reads a table of groups must know which of them were not
 * there, and which were never trained on.
 */
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import { SPLITS, type SplitName } from '../../data/dataset.ts';
import type { ExperimentImages } from './experiment-images.ts';

type Described = Pick<ExperimentImages, 'table' | 'examples'>;

/** The groups that have images in a split, by their indices. */
const groupsIn = (images: Described, split: SplitName): ReadonlySet<number> =>
  new Set(images.examples(split).map(({ group }) => group));

const isTrained = ({ table }: Described, group: number): boolean => table.trainingCounts[group]! > 0;

/** The groups of training that have no image in a split, by name. */
function absentGroups(images: Described, split: SplitName): readonly string[] {
  const present = groupsIn(images, split);
  return images.table.names.filter((_, group) => isTrained(images, group) && !present.has(group));
}

/**
 * A line for every split that lacks groups of training, and for every group of these splits that is not trained on.
 *
 * @param images The data of an experiment, opened.
 * @param splits Which are looked at; one without any image is left to the caller, who knows what becomes of it.
 */
export function missingGroups(images: Described, splits: readonly SplitName[]): readonly string[] {
  const whole = splits.filter((split) => images.examples(split).length > 0);
  const absent = whole.flatMap((split) => {
    const names = absentGroups(images, split);
    return names.length === 0 ? [] : [`${split}: no images of ${names.join(', ')}`];
  });
  const evaluated = new Set(whole.flatMap((split) => [...groupsIn(images, split)]));
  const untrained = images.table.names.filter(
    (_, group) => evaluated.has(group) && !isTrained(images, group),
  );
  return [
    ...absent,
    ...untrained.map((name) => `${name}: no training images; it is evaluated, not trained on`),
  ];
}

/** The splits that hold images. */
export const splitsWithImages = (images: Pick<ExperimentImages, 'examples'>): readonly SplitName[] =>
  SPLITS.filter((split) => images.examples(split).length > 0);

/** A line for every class and subgroup that has a name and no image: in a table of positions it may be the wrong one. */
function unusedNames(
  images: Pick<ExperimentImages, 'examples' | 'classes' | 'subgroups'>,
): readonly string[] {
  const examples = SPLITS.flatMap((split) => images.examples(split));
  const unused = (what: string, names: readonly string[], used: ReadonlySet<number>): readonly string[] =>
    names.flatMap((name, i) => (used.has(i) ? [] : [`${what} ${i} (${name}): no images in any split`]));
  return [
    ...unused('class', images.classes, new Set(examples.map(({ label }) => label))),
    ...unused('subgroup', images.subgroups, new Set(examples.map(({ subgroup }) => subgroup))),
  ];
}

const SELECTED_BY = { 'worst-group': 'the worst', average: 'the average' } as const;

/**
 * What the images of a stage-2 experiment lack, and what that means for selection and test, in a line each.
 *
 * @param experiment How checkpoints are selected.
 * @param images Its data, opened.
 */
export function missingInStageTwo(
  { evaluation: { select } }: Pick<StageTwoExperiment, 'evaluation'>,
  images: Described & Pick<ExperimentImages, 'classes' | 'subgroups'>,
): readonly string[] {
  const there = splitsWithImages(images);
  const byOthers =
    select !== 'last' && there.includes('validation') && absentGroups(images, 'validation').length > 0;
  return [
    ...unusedNames(images),
    ...missingGroups(images, ['validation', 'test']),
    ...(byOthers
      ? [`the checkpoint is selected by ${SELECTED_BY[select]} of the groups that have validation images`]
      : []),
    ...(there.includes('validation') ? [] : ['no validation images: the last checkpoint is tested']),
    ...(there.includes('test') ? [] : ['no test images: the results will have no accuracies']),
  ];
}
