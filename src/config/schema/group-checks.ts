/** Classes, subgroups and groups that the data of an experiment do not have, and batches that do not hold them all. */
import type { DataSettings } from './data-settings.ts';
import { dataGroups, groupGrid, knownTrainingGroups } from './groups-of-data.ts';
import { faultUnless, type SettingFault } from './setting-fault.ts';
import type { StageOneExperiment } from './stage-one.ts';
import type { StageTwoExperiment } from './stage-two.ts';

type Classes = 'all' | readonly number[];

function limitFaults(data: DataSettings): readonly SettingFault[] {
  if (!('limits' in data)) return [];
  const keys = dataGroups(data).map(({ key }) => key);
  const [first, last] = [keys[0]!, keys.at(-1)!];
  return Object.keys(data.limits).flatMap((key) =>
    faultUnless(
      keys.includes(key),
      `data.limits.${key}`,
      `a group from ${first} to ${last}`,
      `"${key}"`,
      `name one of them in data.limits, e.g. ${last}, or leave it out`,
    ),
  );
}

function oneClassFaults(data: DataSettings): readonly SettingFault[] {
  if (data.kind === 'folder')
    return faultUnless(
      data.classes.length >= 2,
      'data.classes',
      'two classes or more, which a classifier tells apart',
      `[${data.classes.join(', ')}]`,
      'name every value of the class column in data.classes',
    );
  const known = knownTrainingGroups(data) ?? [];
  const learnt = new Set(known.map(({ y, z }) => ('label' in data && data.label === 'z' ? z : y)));
  return faultUnless(
    data.kind !== 'mnist-correlation' || learnt.size >= 2,
    'data.sizes',
    'training images of two classes',
    'none',
    'set data.sizes.images to 2 or more',
  );
}

function classFaults(classes: Classes, data: DataSettings, key: string): readonly SettingFault[] {
  if (classes === 'all') return [];
  const count = groupGrid(data).classes;
  const there = classes.filter((y) => y < count);
  return faultUnless(
    there.length === classes.length,
    key,
    `classes from 0 to ${count - 1}`,
    `[${classes.join(', ')}]`,
    `set ${key} to ${there.length > 0 ? `[${there.join(', ')}]` : 'all'}`,
  );
}

/** How there can be two subgroups. */
const twoSubgroups = (data: DataSettings): string =>
  data.kind === 'mnist'
    ? 'choose data.corruption, zigzag or dottedLine, which makes subgroup 1'
    : 'name two values of the subgroup column in data.subgroups';

/** The domains of stage 1, from which one translates and to which. */
const domainsOf = ({ translation }: StageOneExperiment) =>
  (['source', 'target'] as const).map((name) => ({ ...translation[name], key: `translation.${name}` }));

function subgroupFaults(experiment: StageOneExperiment): readonly SettingFault[] {
  const { data, translation } = experiment;
  const { subgroups } = groupGrid(data);
  const known = knownTrainingGroups(data);
  const translates = (y: number): boolean => translation.classes === 'all' || translation.classes.includes(y);
  // Where no class is translated that there is, that is the fault.
  const hasImages = (subgroup: number): boolean =>
    known === null ||
    !dataGroups(data).some(({ y }) => translates(y)) ||
    known.some(({ y, z }) => z === subgroup && translates(y));
  return domainsOf(experiment).flatMap(({ subgroup, key }) =>
    subgroup >= subgroups
      ? faultUnless(
          false,
          `${key}.subgroup`,
          `a subgroup below ${subgroups}`,
          subgroup,
          subgroups === 1 ? twoSubgroups(data) : `set ${key}.subgroup to one from 0 to ${subgroups - 1}`,
        )
      : faultUnless(
          hasImages(subgroup),
          `${key}.subgroup`,
          'a subgroup of which the translated classes have training images',
          subgroup,
          'set data.sizes so that it has some, or translation.classes to all',
        ),
  );
}

function domainSizeFaults(experiment: StageOneExperiment): readonly SettingFault[] {
  const { classes } = experiment.translation;
  const translated = classes === 'all' ? groupGrid(experiment.data).classes : classes.length;
  return domainsOf(experiment).flatMap(({ images, key }) =>
    images === null
      ? []
      : faultUnless(
          images % translated === 0,
          `${key}.images`,
          `a multiple of ${translated}, as many from each class`,
          images,
          `set ${key}.images to ${Math.ceil(images / translated) * translated}`,
        ),
  );
}

function ontoItselfFaults({ data, translation }: StageOneExperiment): readonly SettingFault[] {
  const { source, target } = translation;
  const other = source.subgroup === 0 ? 1 : 0;
  return faultUnless(
    source.subgroup !== target.subgroup,
    'translation.target.subgroup',
    'another subgroup than that of the source',
    target.subgroup,
    groupGrid(data).subgroups === 1 ? twoSubgroups(data) : `set translation.target.subgroup to ${other}`,
  );
}

function sourceFaults({ data, method }: StageTwoExperiment): readonly SettingFault[] {
  if (method.kind !== 'camel') return [];
  const key = 'method.translations.sources';
  const { sources } = method.translations;
  const { classes: count, subgroups } = groupGrid(data);
  const all = Array.from({ length: count }, (_, y) => y);
  const covered = sources.flatMap(({ classes }) => (classes === 'all' ? all : classes));
  const times = (y: number): number => covered.filter((each) => each === y).length;
  const wrong = all.find((y) => times(y) !== 1) ?? -1;
  return [
    ...sources.flatMap(({ classes }, i) => classFaults(classes, data, `${key}.${i}.classes`)),
    ...faultUnless(
      wrong < 0,
      key,
      `one source for every class`,
      `${times(wrong)} for class ${wrong}`,
      `name class ${wrong} in "classes" of one entry of ${key}`,
    ),
    ...faultUnless(
      subgroups === 2,
      'method.kind',
      'two subgroups, between which CAMEL translates',
      subgroups,
      `${twoSubgroups(data)}, or set method.kind to group-dro`,
    ),
  ];
}

/** Where only the data know their groups, there are two at least: a classifier tells two classes apart. */
const FEWEST_GROUPS = 2;

/**
 * What is wrong with a batch that takes the same number of images from each group.
 *
 * @param experiment Its method and batch size.
 * @param groups How many groups have training images.
 */
export function batchFaults(
  { method, training: { batchSize, accumulate } }: Pick<StageTwoExperiment, 'method' | 'training'>,
  groups: number,
): readonly SettingFault[] {
  const least = Math.ceil(groups / accumulate);
  const balanced = method.kind !== 'erm' || method.sampling === 'balanced';
  return faultUnless(
    !balanced || batchSize >= least,
    'training.batchSize',
    `at least ${least}, one image of each group${accumulate === 1 ? '' : ' in a step'}`,
    batchSize,
    `set training.batchSize to ${least} or more${method.kind === 'erm' ? ', or method.sampling to natural' : ''}`,
  );
}

/**
 * What is wrong with batches of stage 1 that hold equal numbers of each class.
 *
 * @param experiment Its training.
 * @param classes How many classes the domain with the most of them has.
 */
export function balanceFaults(
  { training: { balanced, batchSize, scarce } }: Pick<StageOneExperiment, 'training'>,
  classes: number,
): readonly SettingFault[] {
  const share = Math.floor(batchSize / classes);
  if (!balanced) return [];
  if (share === 0 || scarce.kind !== 'mixed')
    return faultUnless(
      share > 0,
      'training.batchSize',
      `at least ${classes}, one image of each class`,
      batchSize,
      `set training.batchSize to ${classes} or more, or training.balanced to false`,
    );
  return faultUnless(
    scarce.realInputs <= share,
    'training.scarce.realInputs',
    `at most ${share}, the images of a class in a batch`,
    scarce.realInputs,
    `set training.scarce.realInputs to ${share} or less, or training.batchSize to ${scarce.realInputs * classes} or more`,
  );
}

/** Of the domain with the most of them, as far as settings tell: where only the data know, there is one at least. */
function knownClasses({ data, translation }: StageOneExperiment): number {
  const known = knownTrainingGroups(data) ?? [];
  const { classes, source, target } = translation;
  const counts = [source.subgroup, target.subgroup].map(
    (subgroup) =>
      known.filter(({ y, z }) => z === subgroup && (classes === 'all' || classes.includes(y))).length,
  );
  return Math.max(1, ...counts);
}

/**
 * Faults between the groups of the data and what else an experiment says of them.
 *
 * @param experiment Decoded.
 */
export const groupFaults = (experiment: StageOneExperiment | StageTwoExperiment): readonly SettingFault[] => [
  ...limitFaults(experiment.data),
  ...oneClassFaults(experiment.data),
  ...(experiment.kind === 'stage-1'
    ? [
        ...classFaults(experiment.translation.classes, experiment.data, 'translation.classes'),
        ...subgroupFaults(experiment),
        ...domainSizeFaults(experiment),
        ...ontoItselfFaults(experiment),
        ...balanceFaults(experiment, knownClasses(experiment)),
      ]
    : [
        ...sourceFaults(experiment),
        ...batchFaults(experiment, knownTrainingGroups(experiment.data)?.length ?? FEWEST_GROUPS),
      ]),
];
