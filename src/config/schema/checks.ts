/** What single settings cannot know: faults that lie between two of them. */
import { groupFaults } from './group-checks.ts';
import { imageShapeOf, knownTrainingGroups } from './groups-of-data.ts';
import { faultUnless, type SettingFault } from './setting-fault.ts';
import { sizeFaults } from './size-checks.ts';
import type { StageOneExperiment } from './stage-one.ts';
import type { StageTwoExperiment } from './stage-two.ts';
import type { ScheduleSettings } from './training-settings.ts';

function scheduleFaults(schedule: ScheduleSettings): readonly SettingFault[] {
  if (schedule.kind !== 'piecewise') return [];
  const { boundaries, rates } = schedule;
  const wanted = boundaries.length + 1;
  const ordered = [...new Set(boundaries)].sort((a, b) => a - b);
  const key = 'optimizer.schedule';
  return rates.length !== wanted
    ? faultUnless(
        false,
        `${key}.rates`,
        `${wanted} rates, one more than boundaries`,
        rates.length,
        `give ${wanted} numbers in ${key}.rates`,
      )
    : faultUnless(
        boundaries.join() === ordered.join(),
        `${key}.boundaries`,
        'increasing steps',
        `[${boundaries.join(', ')}]`,
        `write ${key}.boundaries in order and each once: [${ordered.join(', ')}]`,
      );
}

function scalingFaults({ data, images }: StageTwoExperiment): readonly SettingFault[] {
  const channels = imageShapeOf(data)[2];
  return faultUnless(
    images.scaling.kind !== 'ImageNetPreprocessing' || channels === 3,
    'images.scaling.kind',
    'BasicImagePreprocessing, as the images have no three channels',
    `ImageNetPreprocessing of ${channels}`,
    `set images.scaling.kind to BasicImagePreprocessing${data.kind === 'folder' ? ', or data.image.channels to 3' : ''}`,
  );
}

function translatedFaults({ method, evaluation }: StageTwoExperiment): readonly SettingFault[] {
  const key = 'evaluation.translated';
  return method.kind !== 'camel'
    ? faultUnless(
        !evaluation.translated,
        key,
        `false with the method ${method.kind}, which has no translations`,
        true,
        'leave it out, or set method.kind to camel',
      )
    : faultUnless(
        !evaluation.translated || method.translations.evaluationSplits,
        key,
        'false where only training images are translated',
        true,
        'set method.translations.evaluationSplits to true, or leave it out',
      );
}

/** Of a ResNet-50 with an image of one pixel after its last stage, the mean over the batch is the image itself. */
const SMALLEST_NORMALIZED_SIDE = 33;

function normalizationFaults({ data, network, training }: StageTwoExperiment): readonly SettingFault[] {
  const [height, width] = imageShapeOf(data);
  return faultUnless(
    network.kind !== 'resnet50' ||
      network.frozenStages === 5 ||
      training.batchSize > 1 ||
      Math.max(height, width) >= SMALLEST_NORMALIZED_SIDE,
    'training.batchSize',
    `at least 2, as batch normalisation of one image of ${height}×${width} leaves nothing of it`,
    1,
    'set training.batchSize to 2 or more',
  );
}

function filterFaults({ generator, discriminator }: StageOneExperiment): readonly SettingFault[] {
  const tooFew = (name: string, filters: readonly number[]): readonly SettingFault[] =>
    faultUnless(
      filters.length >= 2,
      `${name}.filters`,
      'two or more numbers of filters',
      `[${filters.join(', ')}]`,
      `set ${name}.filters to two numbers at least, e.g. [64, 128]`,
    );
  return [
    ...(generator.kind === 'unet' ? tooFew('generator', generator.filters) : []),
    ...tooFew('discriminator', discriminator.filters),
  ];
}

function dropoutFaults({ generator }: StageOneExperiment): readonly SettingFault[] {
  if (generator.kind !== 'unet') return [];
  const { dropout, filters } = generator;
  const most = Math.max(0, filters.length - 1);
  return faultUnless(
    dropout.length <= most,
    'generator.dropout',
    `at most ${most} rates, one for each decoder block`,
    dropout.length,
    `set generator.dropout to [${dropout.slice(0, most).join(', ')}]`,
  );
}

const poolFaults = ({ pool, training: { batchSize } }: StageOneExperiment): readonly SettingFault[] =>
  faultUnless(
    pool.capacity === 0 || pool.capacity >= batchSize,
    'pool.capacity',
    `at least training.batchSize, ${batchSize}, images under the rule "${pool.rule}"`,
    pool.capacity,
    `set pool.capacity to ${batchSize} or more, or training.batchSize to ${pool.capacity}`,
  );

function noiseFaults({ generator }: StageOneExperiment): readonly SettingFault[] {
  if (generator.kind !== 'unet' || generator.residual !== true) return [];
  return (['toTarget', 'toSource'] as const).flatMap((direction) =>
    faultUnless(
      generator.noise[direction] === 0,
      `generator.noise.${direction}`,
      '0 with generator.residual true, which adds the input to the output',
      generator.noise[direction],
      `set generator.noise.${direction} to 0, or generator.residual to mask`,
    ),
  );
}

/** A warm-up of averages that there are not would do nothing. */
const warmUpFaults = ({
  movingAverageDecay,
  movingAverageWarmUp,
}: StageOneExperiment): readonly SettingFault[] =>
  faultUnless(
    movingAverageDecay !== null || !movingAverageWarmUp,
    'movingAverageWarmUp',
    'false without moving averages',
    true,
    'set movingAverageDecay, e.g. to 0.99, or movingAverageWarmUp to false',
  );

function scarceFaults({ pool, training }: StageOneExperiment): readonly SettingFault[] {
  if (training.scarce.kind !== 'mixed') return [];
  const otherwise = 'training.scarce.kind to asOthers';
  return [
    ...faultUnless(
      training.balanced,
      'training.balanced',
      'true where training.scarce is mixed, which goes by the classes of a batch',
      false,
      `set training.balanced to true, or ${otherwise}`,
    ),
    ...faultUnless(
      pool.capacity === 0,
      'pool.capacity',
      '0 where training.scarce is mixed, as the classes of a pool’s images are not known',
      pool.capacity,
      `set pool.capacity to 0, or ${otherwise}`,
    ),
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
  const atLeast = (name: 'heldOutImages' | 'batchSize', least: number, expected: string) =>
    faultUnless(
      gate[name] >= least,
      `gate.${name}`,
      expected,
      gate[name],
      `set gate.${name} to ${least} or more`,
    );
  return [
    ...atLeast('heldOutImages', 2, 'at least 2 images of each group'),
    ...atLeast('batchSize', groups, `at least ${groups}, one image of each group`),
  ];
}

/** Early stopping goes by what measures: a score that selects, or a gate. */
function stopEarlyFaults(experiment: StageOneExperiment | StageTwoExperiment): readonly SettingFault[] {
  const never = 'training.stopEarly.kind to never';
  if (experiment.training.stopEarly.kind === 'never') return [];
  return experiment.kind === 'stage-1'
    ? faultUnless(
        experiment.gate.kind !== 'none',
        'training.stopEarly.kind',
        'never without a gate, which is to be satisfied',
        'satisfied',
        `set gate.kind to strict, or ${never}`,
      )
    : faultUnless(
        experiment.evaluation.select !== 'last',
        'training.stopEarly.kind',
        'never where the last checkpoint is selected, without a score to go by',
        'patience',
        `set evaluation.select to worst-group, or ${never}`,
      );
}

/** The penalty of a group is a square of a mean over the whole batch, which no sum over its parts gives. */
const accumulationFaults = ({ training, invariance }: StageTwoExperiment): readonly SettingFault[] =>
  faultUnless(
    training.accumulate === 1 || invariance.kind === 'none',
    'training.accumulate',
    '1 with the penalty of invariance, which is no sum over the parts of a batch',
    training.accumulate,
    `set training.accumulate to 1 and training.batchSize to ${training.accumulate * training.batchSize}, or invariance.kind to none`,
  );

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
  ...stopEarlyFaults(experiment),
  ...(experiment.kind === 'stage-1'
    ? [
        ...filterFaults(experiment),
        ...dropoutFaults(experiment),
        ...poolFaults(experiment),
        ...noiseFaults(experiment),
        ...warmUpFaults(experiment),
        ...scarceFaults(experiment),
        ...gateFaults(experiment),
      ]
    : [
        ...scalingFaults(experiment),
        ...translatedFaults(experiment),
        ...normalizationFaults(experiment),
        ...accumulationFaults(experiment),
      ]),
];
