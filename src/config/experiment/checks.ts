/** What single settings cannot know: faults that lie between two of them. */
import { dataGroups, groupGrid, imageShapeOf } from './groups-of-data.ts';
import type { DataSettings } from './data-settings.ts';
import type { StageOneExperiment } from './stage-one.ts';
import type { StageTwoExperiment } from './stage-two.ts';
import type { ScheduleSettings } from './training-settings.ts';

/** A fault between settings; each text is a phrase without a final stop. */
export interface SettingFault {
  readonly path: readonly string[];
  readonly expected: string;
  readonly found: string;
  readonly cure: string;
}

function limitFaults(data: DataSettings): SettingFault[] {
  if (!('limits' in data)) return [];
  const keys = dataGroups(data).map(({ key }) => key);
  return Object.keys(data.limits)
    .filter((key) => !keys.includes(key))
    .map((key) => ({
      path: ['data', 'limits', key],
      expected: `a group from ${keys[0]} to ${keys.at(-1)}`,
      found: `"${key}"`,
      cure: 'name a group that there is',
    }));
}

function classFaults(
  classes: 'all' | readonly number[],
  data: DataSettings,
  path: readonly string[],
): SettingFault[] {
  const count = groupGrid(data).classes;
  return classes === 'all' || classes.every((y) => y < count)
    ? []
    : [
        {
          path,
          expected: `classes from 0 to ${count - 1}`,
          found: `[${classes.join(', ')}]`,
          cure: 'correct it',
        },
      ];
}

function scheduleFaults(schedule: ScheduleSettings, path: readonly string[]): SettingFault[] {
  if (schedule.kind !== 'piecewise') return [];
  const { boundaries, rates } = schedule;
  if (rates.length !== boundaries.length + 1) {
    return [
      {
        path: [...path, 'rates'],
        expected: `${boundaries.length + 1} rates, one more than boundaries`,
        found: String(rates.length),
        cure: 'give a rate for each stretch',
      },
    ];
  }
  return boundaries.every((boundary, i) => i === 0 || boundary > boundaries[i - 1]!)
    ? []
    : [
        {
          path: [...path, 'boundaries'],
          expected: 'increasing steps',
          found: `[${boundaries.join(', ')}]`,
          cure: 'put them in order',
        },
      ];
}

/** Below it nothing is left after the two stages of small-cnn: each takes two pixels off and halves the rest. */
const SMALL_CNN_SIDE = 10;

function smallCnnFaults(data: DataSettings, path: readonly string[], instead: string): SettingFault[] {
  const [height, width] = imageShapeOf(data);
  return Math.min(height, width) >= SMALL_CNN_SIDE
    ? []
    : [
        {
          path,
          expected: `images of at least ${SMALL_CNN_SIDE}×${SMALL_CNN_SIDE} pixels for its small convolutional classifier`,
          found: `${height}×${width}`,
          cure: `enlarge the images, or ${instead}`,
        },
      ];
}

function scalingFaults({ data, images }: StageTwoExperiment): SettingFault[] {
  const channels = imageShapeOf(data)[2];
  return images.scaling.kind !== 'ImageNetPreprocessing' || channels === 3
    ? []
    : [
        {
          path: ['images', 'scaling', 'kind'],
          expected: 'BasicImagePreprocessing, as the images have no three channels',
          found: `ImageNetPreprocessing of ${channels}`,
          cure: 'use it for colour images only',
        },
      ];
}

function translatedFaults({ method, evaluation }: StageTwoExperiment): SettingFault[] {
  if (!evaluation.translated) return [];
  const path = ['evaluation', 'translated'];
  if (method.kind !== 'camel')
    return [
      {
        path,
        expected: `false with the method ${method.kind}, which has no translations`,
        found: 'true',
        cure: 'leave it out, or use the method camel',
      },
    ];
  return method.translations.evaluationSplits
    ? []
    : [
        {
          path,
          expected: 'false where only training images are translated',
          found: 'true',
          cure: 'set method.translations.evaluationSplits to true, or leave it out',
        },
      ];
}

function stageOneFaults({
  data,
  translation,
  pool,
  training,
  optimizer,
  gate,
}: StageOneExperiment): SettingFault[] {
  const { subgroups, classes } = groupGrid(data);
  const domains = (['source', 'target'] as const).map((name) => ({ name, ...translation[name] }));
  const translated = translation.classes === 'all' ? classes : translation.classes.length;
  return [
    ...classFaults(translation.classes, data, ['translation', 'classes']),
    ...domains
      .filter(({ subgroup }) => subgroup >= subgroups)
      .map(({ name, subgroup }) => ({
        path: ['translation', name, 'subgroup'],
        expected: `a subgroup below ${subgroups}`,
        found: String(subgroup),
        cure:
          data.kind === 'mnist' && subgroups === 1
            ? 'choose data.corruption, which makes subgroup 1'
            : 'name a subgroup that there is',
      })),
    ...domains
      .filter(({ images }) => images !== null && images % translated !== 0)
      .map(({ name, images }) => ({
        path: ['translation', name, 'images'],
        expected: `a multiple of ${translated}, as many from each class`,
        found: String(images),
        cure: 'correct it',
      })),
    ...(translation.source.subgroup === translation.target.subgroup
      ? [
          {
            path: ['translation', 'target', 'subgroup'],
            expected: 'another subgroup than that of the source',
            found: String(translation.target.subgroup),
            cure: 'name the other one',
          },
        ]
      : []),
    ...(pool.rule === 'reference' && pool.capacity < training.batchSize
      ? [
          {
            path: ['pool', 'capacity'],
            expected: `at least training.batchSize, ${training.batchSize}, images under the rule "reference"`,
            found: String(pool.capacity),
            cure: 'enlarge the pool, or make batches smaller',
          },
        ]
      : []),
    ...scheduleFaults(optimizer.schedule, ['optimizer', 'schedule']),
    ...(gate.kind === 'strict' ? smallCnnFaults(data, ['gate', 'kind'], 'set gate.kind to none') : []),
  ];
}

function sourceFaults({ data, method }: StageTwoExperiment): SettingFault[] {
  if (method.kind !== 'camel') return [];
  const path = ['method', 'translations', 'sources'];
  const { sources } = method.translations;
  const all = Array.from({ length: groupGrid(data).classes }, (_, y) => y);
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
            cure: 'say in "classes" which classes a source translates',
          },
        ]),
    ...(groupGrid(data).subgroups === 2
      ? []
      : [
          {
            path: ['method', 'kind'],
            expected: 'two subgroups, between which CAMEL translates',
            found: String(groupGrid(data).subgroups),
            cure: 'use data of two subgroups, or another method',
          },
        ]),
  ];
}

function stageTwoFaults(experiment: StageTwoExperiment): SettingFault[] {
  const { data, network, method, training, optimizer } = experiment;
  const groups = dataGroups(data).length;
  const balanced = method.kind !== 'erm' || method.sampling === 'balanced';
  return [
    ...sourceFaults(experiment),
    ...scalingFaults(experiment),
    ...translatedFaults(experiment),
    ...(network.kind === 'small-cnn' ? smallCnnFaults(data, ['network', 'kind'], 'use another network') : []),
    ...(balanced && training.batchSize < groups
      ? [
          {
            path: ['training', 'batchSize'],
            expected: `at least ${groups}, one image of each group`,
            found: String(training.batchSize),
            cure: 'enlarge the batch',
          },
        ]
      : []),
    ...scheduleFaults(optimizer.schedule, ['optimizer', 'schedule']),
  ];
}

/**
 * Faults between settings that are right each for itself.
 *
 * @param experiment Decoded.
 */
export const settingFaults = (
  experiment: StageOneExperiment | StageTwoExperiment,
): readonly SettingFault[] => [
  ...limitFaults(experiment.data),
  ...(experiment.kind === 'stage-1' ? stageOneFaults(experiment) : stageTwoFaults(experiment)),
];
