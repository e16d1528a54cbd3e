/** Images of a size that something in an experiment cannot take. */
import { leavesPixels } from '../../augmentation/crop-and-enlarge.ts';
import {
  patchDiscriminatorSides,
  PUBLISHED_GENERATOR_SIDES,
  RESNET_GENERATOR_SIDES,
  SMALL_CNN_SIDES,
  type ImageSides,
} from '../../models/image-sizes.ts';
import type { DataSettings } from './data-settings.ts';
import { imageShapeOf } from './groups-of-data.ts';
import { faultUnless, type SettingFault } from './setting-fault.ts';
import type { StageOneExperiment } from './stage-one.ts';
import type { StageTwoExperiment } from './stage-two.ts';
import type { AugmentationSettings } from './training-settings.ts';

/** A network of an experiment that does not take every size. */
interface SizedNetwork {
  readonly path: readonly string[];
  readonly name: string;
  readonly sides: ImageSides;
  /** What can be done in place of other images, and by which setting, if there is any. */
  readonly otherwise: string;
  readonly setting: string | undefined;
}

const generatorsOf = ({ generator }: StageOneExperiment): readonly SizedNetwork[] => {
  if (generator.kind === 'unet') return [];
  const [name, sides] =
    generator.kind === 'published'
      ? ['its published generators', PUBLISHED_GENERATOR_SIDES]
      : ['its residual generators', RESNET_GENERATOR_SIDES];
  const otherwise = 'use other generators';
  return [{ path: ['generator', 'kind'], name, sides, otherwise, setting: 'generator.kind to unet' }];
};

function discriminatorsOf({ data, discriminator }: StageOneExperiment): SizedNetwork {
  const [height, width] = imageShapeOf(data);
  const most = Math.floor(Math.log2(Math.min(height, width) - 1));
  return {
    path: ['discriminator', 'filters'],
    name: `its discriminators of ${discriminator.filters.length} filters`,
    sides: patchDiscriminatorSides(discriminator.filters.length),
    otherwise: 'use shallower discriminators',
    setting: most >= 2 ? `discriminator.filters to a list of ${most} numbers` : undefined,
  };
}

const SMALL_CNN = { name: 'its small convolutional classifier', sides: SMALL_CNN_SIDES };

const GATE: SizedNetwork = {
  ...SMALL_CNN,
  path: ['gate', 'kind'],
  otherwise: 'do without the gate',
  setting: 'gate.kind to none',
};

const CLASSIFIER: SizedNetwork = {
  ...SMALL_CNN,
  path: ['network', 'kind'],
  otherwise: 'use another network',
  setting: 'network.kind to resnet50',
};

const stageOneNetworks = (experiment: StageOneExperiment): readonly SizedNetwork[] => [
  ...generatorsOf(experiment),
  discriminatorsOf(experiment),
  ...(experiment.gate.kind === 'strict' ? [GATE] : []),
];

const stageTwoNetworks = ({ network }: StageTwoExperiment): readonly SizedNetwork[] =>
  network.kind === 'small-cnn' ? [CLASSIFIER] : [];

/** Height and width. */
type Size = readonly [number, number];

const LARGEST_SIDE = 8192;

/** The side nearest to one that all networks take, the larger of two. */
function nearestSide(side: number, networks: readonly SizedNetwork[]): number | undefined {
  const taken = (each: number): boolean => each >= 1 && networks.every(({ sides }) => sides.takes(each));
  for (let away = 0; away <= LARGEST_SIDE; away++) {
    const found = [side + away, side - away].find(taken);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The size that every network takes; undefined where there is none, or none can be set. */
function rightSize(data: DataSettings, networks: readonly SizedNetwork[]): Size | undefined {
  if (data.kind === 'mnist' || data.kind === 'mnist-correlation') return undefined;
  const [height, width] = imageShapeOf(data);
  const [rows, columns] = [nearestSide(height, networks), nearestSide(width, networks)];
  return rows === undefined || columns === undefined ? undefined : [rows, columns];
}

/** Settings that change the size of the images, e.g. `data.size to 17`. */
function sizeSettings(data: DataSettings, [rows, columns]: Size): string {
  if (data.kind !== 'folder') return `data.size to ${rows}`;
  const { height, width } = data.image;
  return [
    ...(rows === height ? [] : [`data.image.height to ${rows}`]),
    ...(columns === width ? [] : [`data.image.width to ${columns}`]),
  ].join(' and ');
}

function networkFaults(data: DataSettings, networks: readonly SizedNetwork[]): readonly SettingFault[] {
  const [height, width] = imageShapeOf(data);
  const size = rightSize(data, networks);
  const larger = size !== undefined && size[0] >= height && size[1] >= width;
  return networks
    .filter(({ sides }) => !(sides.takes(height) && sides.takes(width)))
    .map(({ path, name, sides, otherwise, setting }) => {
      const ways = [
        ...(size === undefined ? [] : [`${larger ? 'enlarge' : 'resize'} the images`]),
        ...(setting === undefined && size !== undefined ? [] : [otherwise]),
      ];
      const settings = [
        ...(size === undefined ? [] : [sizeSettings(data, size)]),
        ...(setting ? [setting] : []),
      ];
      return {
        path,
        expected: `images of ${sides.expected} for ${name}`,
        found: `${height}×${width}`,
        cure: ways.join(', or ') + (settings.length > 0 ? `: set ${settings.join(', or ')}` : ''),
      };
    });
}

function augmentationFaults(
  augmentation: AugmentationSettings,
  [height, width]: readonly [number, number, number],
  where: string,
): readonly SettingFault[] {
  const sides = [height, width];
  const shown = `images of ${height}×${width}`;
  const reduced = (setting: string, value: number): string =>
    value > 0 ? `set ${where}.${setting} to ${value}` : `leave ${where} out`;
  switch (augmentation.kind) {
    case 'crop':
      return faultUnless(
        sides.every((side) => leavesPixels(augmentation.fraction, side)),
        `${where}.fraction`,
        `a share that leaves pixels of ${shown}`,
        augmentation.fraction,
        reduced('fraction', 0.25),
      );
    case 'pad:crop':
      return faultUnless(
        sides.every((side) => augmentation.padding < side),
        `${where}.padding`,
        `fewer pixels than shift ${shown} out of sight`,
        augmentation.padding,
        reduced('padding', Math.ceil((Math.min(...sides) - 1) / 7)),
      );
    case 'cutout':
      return faultUnless(
        sides.some((side) => augmentation.size < 2 * side),
        `${where}.size`,
        `a square that does not hide all of ${shown} wherever it lies`,
        augmentation.size,
        reduced('size', 2 * Math.floor(Math.max(...sides) / 4)),
      );
    default:
      return [];
  }
}

/** What the discriminators see of an image must not be black altogether. */
function viewFaults({ data, discriminator: { augmentation } }: StageOneExperiment): readonly SettingFault[] {
  if (augmentation.kind !== 'random') return [];
  const [height, width] = imageShapeOf(data);
  const side = Math.min(height, width);
  const where = 'discriminator.augmentation';
  return (
    [
      ['shift', 'fewer pixels than shift', 'out of sight', Math.min(2, side - 1)],
      ['cutout', 'a square that is smaller than', '', Math.floor(side / 4)],
    ] as const
  ).flatMap(([name, what, whereTo, cure]) =>
    faultUnless(
      augmentation[name] < side,
      `${where}.${name}`,
      `${what} images of ${height}×${width} ${whereTo}`.trim(),
      augmentation[name],
      `set ${where}.${name} to ${cure}`,
    ),
  );
}

/**
 * Faults between the size of the images and the networks and augmentations that see them.
 *
 * @param experiment Decoded.
 */
export const sizeFaults = (experiment: StageOneExperiment | StageTwoExperiment): readonly SettingFault[] => [
  ...networkFaults(
    experiment.data,
    experiment.kind === 'stage-1' ? stageOneNetworks(experiment) : stageTwoNetworks(experiment),
  ),
  ...experiment.images.augmentation.flatMap((each, i) =>
    augmentationFaults(each, imageShapeOf(experiment.data), `images.augmentation.${i}`),
  ),
  ...(experiment.kind === 'stage-1' ? viewFaults(experiment) : []),
];
