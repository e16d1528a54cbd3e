/** Classes, subgroups and groups that the data of an experiment do not have, and batches that do not hold them all. */
import type { DataSettings } from './data-settings.ts';
import { dataGroups, groupGrid, knownTrainingGroups } from './groups-of-data.ts';
import type { SettingFault } from './setting-fault.ts';
import type { StageOneExperiment } from './stage-one.ts';
import type { StageTwoExperiment } from './stage-two.ts';

type Classes = 'all' | readonly number[];

function limitFaults(data: DataSettings): readonly SettingFault[] {
  if (!('limits' in data)) return [];
  const keys = dataGroups(data).map(({ key }) => key);
  const [first, last] = [keys[0]!, keys.at(-1)!];
  return Object.keys(data.limits)
    .filter((key) => !keys.includes(key))
    .map((key) => ({
      path: ['data', 'limits', key],
      expected: `a group from ${first} to ${last}`,
      found: `"${key}"`,
      cure: `name one of them in data.limits, e.g. ${last}, or leave it out`,
    }));
}

function oneClassFaults(data: DataSettings): readonly SettingFault[] {
  if (data.kind === 'folder')
    return data.classes.length >= 2
      ? []
      : [
          {
            path: ['data', 'classes'],
            expected: 'two classes or more, which a classifier tells apart',
            found: `[${data.classes.join(', ')}]`,
            cure: 'name every value of the class column in data.classes',
          },
        ];
  const known = knownTrainingGroups(data) ?? [];
  const learnt = new Set(known.map(({ y, z }) => ('label' in data && data.label === 'z' ? z : y)));
  return data.kind !== 'mnist-correlation' || learnt.size >= 2
    ? []
    : [
        {
          path: ['data', 'sizes'],
          expected: 'training images of two classes',
          found: 'none',
          cure: 'set data.sizes.images to 2 or more',
        },
      ];
}

function classFaults(classes: Classes, data: DataSettings, path: readonly string[]): readonly SettingFault[] {
  const count = groupGrid(data).classes;
  if (classes === 'all' || classes.every((y) => y < count)) return [];
  const there = classes.filter((y) => y < count);
  return [
    {
      path,
      expected: `classes from 0 to ${count - 1}`,
      found: `[${classes.join(', ')}]`,
      cure: `set ${path.join('.')} to ${there.length > 0 ? `[${there.join(', ')}]` : 'all'}`,
    },
  ];
}

/** How there can be two subgroups. */
const twoSubgroups = (data: DataSettings): string =>
  data.kind === 'mnist'
    ? 'choose data.corruption, zigzag or dottedLine, which makes subgroup 1'
    : 'name two values of the subgroup column in data.subgroups';

/** The domains of stage 1, from which one translates and to which. */
const domainsOf = ({ translation }: StageOneExperiment) =>
  (['source', 'target'] as const).map((name) => ({
    ...translation[name],
    path: ['translation', name],
    at: `translation.${name}`,
  }));

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
  return domainsOf(experiment).flatMap(({ subgroup, path, at }) => {
    const fault = { path: [...path, 'subgroup'], found: String(subgroup) };
    if (subgroup >= subgroups)
      return [
        {
          ...fault,
          expected: `a subgroup below ${subgroups}`,
          cure: subgroups === 1 ? twoSubgroups(data) : `set ${at}.subgroup to one from 0 to ${subgroups - 1}`,
        },
      ];
    return hasImages(subgroup)
      ? []
      : [
          {
            ...fault,
            expected: 'a subgroup of which the translated classes have training images',
            cure: 'set data.sizes so that it has some, or translation.classes to all',
          },
        ];
  });
}

function domainSizeFaults(experiment: StageOneExperiment): readonly SettingFault[] {
  const { classes } = experiment.translation;
  const translated = classes === 'all' ? groupGrid(experiment.data).classes : classes.length;
  return domainsOf(experiment).flatMap(({ images, path, at }) =>
    images === null || images % translated === 0
      ? []
      : [
          {
            path: [...path, 'images'],
            expected: `a multiple of ${translated}, as many from each class`,
            found: String(images),
            cure: `set ${at}.images to ${Math.ceil(images / translated) * translated}`,
          },
        ],
  );
}

function ontoItselfFaults({ data, translation }: StageOneExperiment): readonly SettingFault[] {
  const { source, target } = translation;
  if (source.subgroup !== target.subgroup) return [];
  const { subgroups } = groupGrid(data);
  const other = source.subgroup === 0 ? 1 : 0;
  return [
    {
      path: ['translation', 'target', 'subgroup'],
      expected: 'another subgroup than that of the source',
      found: String(target.subgroup),
      cure: subgroups === 1 ? twoSubgroups(data) : `set translation.target.subgroup to ${other}`,
    },
  ];
}

function sourceFaults({ data, method }: StageTwoExperiment): readonly SettingFault[] {
  if (method.kind !== 'camel') return [];
  const path = ['method', 'translations', 'sources'];
  const { sources } = method.translations;
  const { classes: count, subgroups } = groupGrid(data);
  const all = Array.from({ length: count }, (_, y) => y);
  const covered = sources.flatMap(({ classes }) => (classes === 'all' ? all : classes));
  const times = (y: number): number => covered.filter((each) => each === y).length;
  const wrong = all.find((y) => times(y) !== 1);
  return [
    ...sources.flatMap(({ classes }, i) => classFaults(classes, data, [...path, String(i), 'classes'])),
    ...(wrong === undefined
      ? []
      : [
          {
            path,
            expected: `one source for every class`,
            found: `${times(wrong)} for class ${wrong}`,
            cure: `name class ${wrong} in "classes" of one entry of method.translations.sources`,
          },
        ]),
    ...(subgroups === 2
      ? []
      : [
          {
            path: ['method', 'kind'],
            expected: 'two subgroups, between which CAMEL translates',
            found: String(subgroups),
            cure: `${twoSubgroups(data)}, or set method.kind to group-dro`,
          },
        ]),
  ];
}

/** Where only the data know their groups, there are two at least: a classifier tells two classes apart. */
const FEWEST_GROUPS = 2;

function batchFaults({ data, method, training }: StageTwoExperiment): readonly SettingFault[] {
  const groups = knownTrainingGroups(data)?.length ?? FEWEST_GROUPS;
  const fault = batchFault({ method, training }, groups);
  return fault === undefined ? [] : [fault];
}

/**
 * What is wrong with a batch that takes the same number of images from each group.
 *
 * @param experiment Its method and batch size.
 * @param groups How many groups have training images.
 */
export function batchFault(
  { method, training: { batchSize } }: Pick<StageTwoExperiment, 'method' | 'training'>,
  groups: number,
): SettingFault | undefined {
  const balanced = method.kind !== 'erm' || method.sampling === 'balanced';
  return !balanced || batchSize >= groups
    ? undefined
    : {
        path: ['training', 'batchSize'],
        expected: `at least ${groups}, one image of each group`,
        found: String(batchSize),
        cure: `set training.batchSize to ${groups} or more${method.kind === 'erm' ? ', or method.sampling to natural' : ''}`,
      };
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
        ...classFaults(experiment.translation.classes, experiment.data, ['translation', 'classes']),
        ...subgroupFaults(experiment),
        ...domainSizeFaults(experiment),
        ...ontoItselfFaults(experiment),
      ]
    : [...sourceFaults(experiment), ...batchFaults(experiment)]),
];
