/** What single settings cannot know: faults that lie between two of them. */
import { groupFaults } from './group-checks.ts';
import { imageShapeOf, knownTrainingGroups } from './groups-of-data.ts';
import type { SettingFault } from './setting-fault.ts';
import { sizeFaults } from './size-checks.ts';
import type { StageOneExperiment } from './stage-one.ts';
import type { StageTwoExperiment } from './stage-two.ts';
import type { ScheduleSettings } from './training-settings.ts';

function scheduleFaults(schedule: ScheduleSettings): readonly SettingFault[] {
  if (schedule.kind !== 'piecewise') return [];
  const { boundaries, rates } = schedule;
  const path = ['optimizer', 'schedule'];
  if (rates.length !== boundaries.length + 1) {
    return [
      {
        path: [...path, 'rates'],
        expected: `${boundaries.length + 1} rates, one more than boundaries`,
        found: String(rates.length),
        cure: `give ${boundaries.length + 1} numbers in optimizer.schedule.rates`,
      },
    ];
  }
  const ordered = [...new Set(boundaries)].sort((a, b) => a - b);
  return boundaries.join() === ordered.join()
    ? []
    : [
        {
          path: [...path, 'boundaries'],
          expected: 'increasing steps',
          found: `[${boundaries.join(', ')}]`,
          cure: `write optimizer.schedule.boundaries in order and each once: [${ordered.join(', ')}]`,
        },
      ];
}

function scalingFaults({ data, images }: StageTwoExperiment): readonly SettingFault[] {
  const channels = imageShapeOf(data)[2];
  return images.scaling.kind !== 'ImageNetPreprocessing' || channels === 3
    ? []
    : [
        {
          path: ['images', 'scaling', 'kind'],
          expected: 'BasicImagePreprocessing, as the images have no three channels',
          found: `ImageNetPreprocessing of ${channels}`,
          cure: `set images.scaling.kind to BasicImagePreprocessing${data.kind === 'folder' ? ', or data.image.channels to 3' : ''}`,
        },
      ];
}

function translatedFaults({ method, evaluation }: StageTwoExperiment): readonly SettingFault[] {
  if (!evaluation.translated) return [];
  const path = ['evaluation', 'translated'];
  if (method.kind !== 'camel')
    return [
      {
        path,
        expected: `false with the method ${method.kind}, which has no translations`,
        found: 'true',
        cure: 'leave it out, or set method.kind to camel',
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

/** Of a ResNet-50 with an image of one pixel after its last stage, the mean over the batch is the image itself. */
const SMALLEST_NORMALIZED_SIDE = 33;

function normalizationFaults({ data, network, training }: StageTwoExperiment): readonly SettingFault[] {
  const [height, width] = imageShapeOf(data);
  return network.kind !== 'resnet50' ||
    network.frozenStages === 5 ||
    training.batchSize > 1 ||
    Math.max(height, width) >= SMALLEST_NORMALIZED_SIDE
    ? []
    : [
        {
          path: ['training', 'batchSize'],
          expected: `at least 2, as batch normalisation of one image of ${height}×${width} leaves nothing of it`,
          found: '1',
          cure: 'set training.batchSize to 2 or more',
        },
      ];
}

function filterFaults({ generator, discriminator }: StageOneExperiment): readonly SettingFault[] {
  const tooFew = (name: string, filters: readonly number[]): readonly SettingFault[] =>
    filters.length >= 2
      ? []
      : [
          {
            path: [name, 'filters'],
            expected: 'two or more numbers of filters',
            found: `[${filters.join(', ')}]`,
            cure: `set ${name}.filters to two numbers at least, e.g. [64, 128]`,
          },
        ];
  return [
    ...(generator.kind === 'unet' ? tooFew('generator', generator.filters) : []),
    ...tooFew('discriminator', discriminator.filters),
  ];
}

function dropoutFaults({ generator }: StageOneExperiment): readonly SettingFault[] {
  if (generator.kind !== 'unet') return [];
  const { dropout, filters } = generator;
  const most = Math.max(0, filters.length - 1);
  return dropout.length <= most
    ? []
    : [
        {
          path: ['generator', 'dropout'],
          expected: `at most ${most} rates, one for each decoder block`,
          found: String(dropout.length),
          cure: `set generator.dropout to [${dropout.slice(0, most).join(', ')}]`,
        },
      ];
}

function poolFaults({ pool, training }: StageOneExperiment): readonly SettingFault[] {
  return pool.capacity >= training.batchSize
    ? []
    : [
        {
          path: ['pool', 'capacity'],
          expected: `at least training.batchSize, ${training.batchSize}, images under the rule "${pool.rule}"`,
          found: String(pool.capacity),
          cure: `set pool.capacity to ${training.batchSize} or more, or training.batchSize to ${pool.capacity}`,
        },
      ];
}

function gateFaults({ data, translation, gate }: StageOneExperiment): readonly SettingFault[] {
  if (gate.kind !== 'strict') return [];
  const { classes, source, target } = translation;
  const judged = knownTrainingGroups(data)?.filter(
    ({ y, z }) =>
      (classes === 'all' || classes.includes(y)) && [source.subgroup, target.subgroup].includes(z),
  );
  const groups = Math.max(2, judged?.length ?? 2);
  return [
    ...(gate.heldOutImages >= 2
      ? []
      : [
          {
            path: ['gate', 'heldOutImages'],
            expected: 'at least 2 images of each group',
            found: String(gate.heldOutImages),
            cure: 'set gate.heldOutImages to 2 or more',
          },
        ]),
    ...(gate.batchSize >= groups
      ? []
      : [
          {
            path: ['gate', 'batchSize'],
            expected: `at least ${groups}, one image of each group`,
            found: String(gate.batchSize),
            cure: `set gate.batchSize to ${groups} or more`,
          },
        ]),
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
  ...groupFaults(experiment),
  ...sizeFaults(experiment),
  ...scheduleFaults(experiment.optimizer.schedule),
  ...(experiment.kind === 'stage-1'
    ? [
        ...filterFaults(experiment),
        ...dropoutFaults(experiment),
        ...poolFaults(experiment),
        ...gateFaults(experiment),
      ]
    : [...scalingFaults(experiment), ...translatedFaults(experiment), ...normalizationFaults(experiment)]),
];
