/** The groups of a data set as its settings say them: classes y times subgroups z, in the order of y and then z. */
import { wholeShare } from '../../data/whole-share.ts';
import type { DataSettings } from './data-settings.ts';

/** One group. */
export interface DataGroup {
  /** As files write it, e.g. `y0z1`. */
  readonly key: string;
  /** As reports write it, e.g. `(Y=0)(Z=1)`. */
  readonly name: string;
  readonly y: number;
  readonly z: number;
}

/**
 * How many classes and subgroups there are.
 *
 * @param data Decoded settings.
 * @returns Numbers of classes and of subgroups.
 * @example
 * ```ts
 * import { DataCodec, decode, groupGrid } from 'model-patching/config';
 * const data = decode(DataCodec, { kind: 'celeba' }, 'faces.yaml');
 * if (data._tag === 'Left') throw new Error(data.left[0]!.found);
 * const { classes, subgroups } = groupGrid(data.right);
 * if (classes !== 2 || subgroups !== 2) throw new Error('two times two');
 * ```
 */
export function groupGrid(data: DataSettings): { readonly classes: number; readonly subgroups: number } {
  switch (data.kind) {
    case 'folder':
      return { classes: data.classes.length, subgroups: data.subgroups.length };
    case 'mnist':
      return { classes: 10, subgroups: data.corruption === 'none' ? 1 : 2 };
    default:
      return { classes: 2, subgroups: 2 };
  }
}

/**
 * The groups of a data set.
 *
 * @param data Decoded settings.
 * @returns Class after class, subgroup after subgroup.
 * @example
 * ```ts
 * import { DataCodec, dataGroups, decode } from 'model-patching/config';
 * const data = decode(DataCodec, { kind: 'waterbirds' }, 'birds.yaml');
 * if (data._tag === 'Left') throw new Error(data.left[0]!.found);
 * const names = dataGroups(data.right).map(({ name }) => name);
 * if (names.join() !== '(Y=0)(Z=0),(Y=0)(Z=1),(Y=1)(Z=0),(Y=1)(Z=1)') throw new Error('four groups expected');
 * ```
 */
export function dataGroups(data: DataSettings): readonly DataGroup[] {
  const { classes, subgroups } = groupGrid(data);
  return Array.from({ length: classes * subgroups }, (_, i) => {
    const [y, z] = [Math.floor(i / subgroups), i % subgroups];
    return { key: `y${y}z${z}`, name: `(Y=${y})(Z=${z})`, y, z };
  });
}

/** That have training images in the published data sets; the attributes of CelebA may be others. */
const isPublished = (data: DataSettings): boolean =>
  data.kind === 'waterbirds' || (data.kind === 'celeba' && data.y === 'Blond_Hair' && data.z === 'Male');

/**
 * The groups that have training images, as far as settings tell: all of them for digits and the published pictures.
 *
 * @param data Decoded settings.
 * @returns In their order; null where only the data know.
 * @example
 * ```ts
 * import { DataCodec, decode, knownTrainingGroups } from 'model-patching/config';
 * const sizes = { kind: 'correlation', probability: 1 };
 * const data = decode(DataCodec, { kind: 'mnist-correlation', sizes }, 'digits.yaml');
 * if (data._tag === 'Left') throw new Error(data.left[0]!.found);
 * const keys = knownTrainingGroups(data.right)?.map(({ key }) => key);
 * if (keys?.join() !== 'y0z0,y1z1') throw new Error('only the groups whose subgroup equals their class');
 * ```
 */
export function knownTrainingGroups(data: DataSettings): readonly DataGroup[] | null {
  const groups = dataGroups(data);
  if (data.kind === 'mnist-correlation') {
    const { training } = mnistCorrelationCounts(data);
    return groups.filter((_, i) => training[i]! > 0);
  }
  return data.kind === 'mnist' || isPublished(data) ? groups : null;
}

/**
 * The shape of the images as the networks see them.
 *
 * @param data Decoded settings.
 * @returns `[height, width, channels]`.
 * @example
 * ```ts
 * import { DataCodec, decode, imageShapeOf } from 'model-patching/config';
 * const data = decode(DataCodec, { kind: 'waterbirds', size: 96 }, 'birds.yaml');
 * if (data._tag === 'Left') throw new Error(data.left[0]!.found);
 * if (imageShapeOf(data.right).join() !== '96,96,3') throw new Error('colour images of 96 pixels');
 * ```
 */
export function imageShapeOf(data: DataSettings): readonly [number, number, number] {
  switch (data.kind) {
    case 'folder':
      return [data.image.height, data.image.width, data.image.channels];
    case 'waterbirds':
    case 'celeba':
      return [data.size, data.size, 3];
    default:
      return [28, 28, 1];
  }
}

/** Images of the groups y0z0, y0z1, y1z0, y1z1. */
export type FourCounts = readonly [number, number, number, number];

type MnistSizes = Extract<DataSettings, { kind: 'mnist-correlation' }>['sizes'];

const fourCounts = ({
  y0z0,
  y0z1,
  y1z0,
  y1z1,
}: Readonly<Record<'y0z0' | 'y0z1' | 'y1z0' | 'y1z1', number>>): FourCounts => [y0z0, y0z1, y1z0, y1z1];

/** Images of each group of MNIST-Correlation, training and validation together. */
function mnistSizes(sizes: Exclude<MnistSizes, { readonly kind: 'parts' }>): FourCounts {
  switch (sizes.kind) {
    case 'counts':
      return fourCounts(sizes);
    case 'balanced': {
      const half = Math.floor(sizes.images / 2);
      return [half, half, half, half];
    }
    case 'correlation': {
      const half = Math.floor(sizes.images / 2);
      const aligned = wholeShare(half, sizes.probability);
      return [aligned, half - aligned, half - aligned, aligned];
    }
  }
}

/**
 * How many images of each group MNIST-Correlation has for training and for validation.
 *
 * @param data Decoded settings.
 * @returns ⌊size · validation fraction⌋ for validation, the others for training; sizes by parts as they are.
 * @example
 * ```ts
 * import { mnistCorrelationCounts } from 'model-patching/config';
 * const { training } = mnistCorrelationCounts({
 *   sizes: { kind: 'correlation', probability: 0.99, images: 40_000 },
 *   validationFraction: 0.5,
 * });
 * if (training.join() !== '9900,100,100,9900') throw new Error('99 of 100 expected');
 * ```
 */
export function mnistCorrelationCounts({
  sizes,
  validationFraction,
}: Pick<Extract<DataSettings, { kind: 'mnist-correlation' }>, 'sizes' | 'validationFraction'>): {
  readonly training: FourCounts;
  readonly validation: FourCounts;
} {
  if (sizes.kind === 'parts')
    return { training: fourCounts(sizes.training), validation: fourCounts(sizes.validation) };
  const all = mnistSizes(sizes);
  const validationOf = (size: number): number => wholeShare(size, validationFraction);
  const of = ([a, b, c, d]: FourCounts, count: (size: number) => number): FourCounts => [
    count(a),
    count(b),
    count(c),
    count(d),
  ];
  return {
    training: of(all, (size) => size - validationOf(size)),
    validation: of(all, validationOf),
  };
}
