/**
 * Leaks between the parts of a data set: an image that two parts share, in whatever form, lets one know the other.
 */
import type {
  ImageSelection,
  MnistCorrelationDescription,
  MnistCorrelationPart,
} from './mnist-correlation.ts';

/** Two parts that share images. */
export interface Overlap {
  readonly first: MnistCorrelationPart;
  readonly second: MnistCorrelationPart;
  /** The MNIST split that `indices` point into. */
  readonly split: 'train' | 'test';
  /** Images that both parts hold, in ascending order. */
  readonly indices: readonly number[];
}

const STAGE_1 = new Set<MnistCorrelationPart>(['stage1Source', 'stage1Target']);

function shared(first: ImageSelection, second: ImageSelection, mayShareForm: boolean): number[] {
  if (first.split !== second.split) return [];
  const forms = new Map(first.indices.map((index, i) => [index, first.groups[i]! % 2]));
  const common = second.indices.filter((index, i) => {
    const form = forms.get(index);
    return form !== undefined && !(mayShareForm && form === second.groups[i]! % 2);
  });
  return [...new Set(common)].sort((a, b) => a - b);
}

/**
 * Every pair of parts that share an underlying MNIST image. Stage 1 is meant to learn from training images, so that
 * its two parts may share images with the part `train`, if in the same form.
 *
 * @param description A data set.
 * @returns The pairs; none for disjoint splits. Published splits have one: stage 1's target images are validation
 *   images.
 * @example
 * ```ts
 * import { describeMnistCorrelation, overlaps } from 'model-patching/data';
 * const digits = Uint8Array.from({ length: 40 }, (_, i) => i % 10);
 * const described = describeMnistCorrelation(
 *   { train: digits, test: digits },
 *   {
 *     splits: 'published',
 *     trainingCounts: [4, 1, 1, 4],
 *     stage1Counts: [1, 1, 1, 1],
 *     gateTrainingCount: 1,
 *     gateHeldOutCount: 1,
 *   },
 * );
 * if (described._tag === 'Left') throw new Error(described.left.found);
 * const [leak] = overlaps(described.right);
 * if (leak?.first !== 'validation' || leak.second !== 'stage1Target') throw new Error('expected the leak');
 * ```
 */
export function overlaps({ parts }: Pick<MnistCorrelationDescription, 'parts'>): Overlap[] {
  const names = Object.keys(parts) as MnistCorrelationPart[];
  return names.flatMap((first, i) =>
    names.slice(i + 1).flatMap((second) => {
      const indices = shared(parts[first], parts[second], first === 'train' && STAGE_1.has(second));
      return indices.length === 0 ? [] : [{ first, second, split: parts[first].split, indices }];
    }),
  );
}
