/**
 * MNIST-Correlation (Goel, Gu, Li, Ré: "Model patching", ICLR 2021): the class y is the digit's parity, the
 * subgroup z says whether the image carries a corruption, and in the training data nearly all even digits are clean
 * and nearly all odd ones corrupted. A group's number is 2y + z.
 *
 * The first half of MNIST's training images is for training, the second for validation (other shares can be asked
 * for). In each, and in the test images, clean images are taken from the front and corrupted ones from the back of the
 * images of one parity, so that no image appears in both forms. The quality gate's images are chosen by the same rule
 * from the training images that the other parts leave over. With a seed of the drawing, the images are first shuffled.
 */
import { either as E } from 'fp-ts';
import type { GroupTable } from '../groups.ts';
import { foldKey, permutationEntry, randomKey } from '../random/random.ts';
import type { DataError } from './data-error.ts';
import { wholeShare } from './whole-share.ts';

/** One number for each group, in the order (Y=0)(Z=0), (Y=0)(Z=1), (Y=1)(Z=0), (Y=1)(Z=1). */
export type GroupCounts = readonly [number, number, number, number];

/** The parts of the data set. */
export type MnistCorrelationPart =
  'train' | 'validation' | 'test' | 'stage1Source' | 'stage1Target' | 'gateTrain' | 'gateHeldOut';

/** Which images a part holds, group after group; plain data. */
export interface ImageSelection {
  /** The MNIST split that `indices` point into. */
  readonly split: 'train' | 'test';
  /** Positions in the published order of that split, `[n]`. */
  readonly indices: readonly number[];
  /** Group 2y + z of each, `[n]`; z also says in which form the image appears. */
  readonly groups: readonly number[];
}

/** The whole data set without its pixels; plain data that can be written as JSON. */
export interface MnistCorrelationDescription {
  readonly corruption: 'zigzag' | 'dottedLine';
  /** Seed of the corruptions. */
  readonly seed: number;
  readonly splits: 'disjoint' | 'published';
  /** Names, classes and training counts of the four groups. */
  readonly table: GroupTable;
  readonly parts: Readonly<Record<MnistCorrelationPart, ImageSelection>>;
}

/** Sizes and splits of {@link describeMnistCorrelation}. */
export interface MnistCorrelationOptions {
  /** Seed of the corruptions, a safe integer. Default 0. */
  readonly seed?: number;
  /** Seed of which images the groups take, a safe integer. Default: the first and the last ones, as published. */
  readonly drawSeed?: number | null;
  /** Default `zigzag`, as published. */
  readonly corruption?: 'zigzag' | 'dottedLine';
  /**
   * `disjoint` (default): stage 1 sees training images only, and each test image appears in one form. `published`:
   * stage 1's target images are the last of each parity, which lie in the validation part, and each test image
   * appears in both forms.
   */
  readonly splits?: 'disjoint' | 'published';
  /** Share of MNIST's training images, the last ones, that validation takes from, rounded down; in [0, 1). Default 0.5. */
  readonly validationFraction?: number;
  /** Training images of each group. Default 9,900, 100, 100, 9,900. */
  readonly trainingCounts?: GroupCounts;
  /** Validation images of each group. Default: as many as for training. */
  readonly validationCounts?: GroupCounts;
  /** Test images of each group. Default: all that there are. */
  readonly testCounts?: GroupCounts;
  /** Stage-1 images of each group: clean ones are its source, corrupted ones its target. Default 100 each. */
  readonly stage1Counts?: GroupCounts;
  /** Images of each group to train the gate's classifiers on. Default 1,000. */
  readonly gateTrainingCount?: number;
  /** Images of each group to test the gate's classifiers on, and to translate. Default 250. */
  readonly gateHeldOutCount?: number;
}

const GROUPS = [0, 1, 2, 3] as const;
const NAMES = ['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'] as const;
const CLASS_OF = [0, 0, 1, 1] as const;

/** The images that each group may take from, in order. */
type Pool = readonly (readonly number[])[];

const forEachGroup = (count: number): GroupCounts => [count, count, count, count];

/** A way to order images before they are taken. */
type Order = (positions: readonly number[], name: string) => readonly number[];

const shuffledBy =
  (seed: number): Order =>
  (positions, name) => {
    const key = foldKey(randomKey(seed), 'drawn images', name);
    return positions.map((_, i) => positions[permutationEntry(key, i, positions.length)]!);
  };

function poolOf(labels: Uint8Array, start: number, end: number, order: Order, name: string): Pool {
  const positions = order(
    Array.from({ length: end - start }, (_, i) => start + i),
    name,
  );
  const [even, odd] = [0, 1].map((parity) => positions.filter((index) => labels[index]! % 2 === parity));
  return [even!, even!, odd!, odd!];
}

function poolOfGroups({ indices, groups }: ImageSelection): Pool {
  return GROUPS.map((group) => indices.filter((_, i) => groups[i] === group));
}

function withoutSelected(pool: Pool, { indices }: ImageSelection): Pool {
  const taken = new Set(indices);
  return pool.map((images) => images.filter((index) => !taken.has(index)));
}

/** Clean images from the front of a pool, corrupted ones from its back. */
function select(split: 'train' | 'test', pool: Pool, counts: GroupCounts): ImageSelection {
  const chosen = GROUPS.map((group) => {
    const images = pool[group]!;
    return group % 2 === 0 ? images.slice(0, counts[group]) : images.slice(images.length - counts[group]);
  });
  return {
    split,
    indices: chosen.flat(),
    groups: chosen.flatMap((images, group) => images.map(() => group)),
  };
}

function ofForm(selection: ImageSelection, z: 0 | 1): ImageSelection {
  const keep = (_: unknown, i: number) => selection.groups[i]! % 2 === z;
  return { ...selection, indices: selection.indices.filter(keep), groups: selection.groups.filter(keep) };
}

/** What is wrong with counts, if anything; two groups of a class may share images only where the pool says so. */
function countFault(option: string, counts: GroupCounts, pool: Pool, share = false): DataError | undefined {
  const bad = GROUPS.find((group) => !Number.isSafeInteger(counts[group]) || counts[group] < 0);
  if (bad !== undefined) {
    return {
      where: `${option}, group ${NAMES[bad]}`,
      expected: 'a whole number of images, at least 0',
      found: `${counts[bad]}`,
      cure: 'correct the count',
    };
  }
  const needed = (group: number) =>
    share ? counts[group]! : counts[2 * CLASS_OF[group]!]! + counts[2 * CLASS_OF[group]! + 1]!;
  const short = GROUPS.find((group) => needed(group) > pool[group]!.length);
  return short === undefined
    ? undefined
    : {
        where: `${option}, ${share ? `group ${NAMES[short]}` : `class ${CLASS_OF[short]}`}`,
        expected: `at most ${pool[short]!.length} images, all that are left for it`,
        found: `${needed(short)}`,
        cure: 'ask for fewer images, here or in the options that take theirs first',
      };
}

function allTestImages(pool: Pool, splits: 'disjoint' | 'published'): GroupCounts {
  const [even, odd] = [pool[0]!.length, pool[2]!.length];
  return splits === 'published'
    ? [even, even, odd, odd]
    : [Math.floor(even / 2), Math.ceil(even / 2), Math.floor(odd / 2), Math.ceil(odd / 2)];
}

/**
 * Chooses the images of MNIST-Correlation, from the labels alone.
 *
 * @param labels Digits of both MNIST splits, `[n]` each, in the published order.
 * @param options Sizes and splits.
 * @returns The description, or which count cannot be met.
 * @example
 * ```ts
 * import { describeMnistCorrelation, overlaps } from 'model-patching/data';
 * const digits = Uint8Array.from({ length: 40 }, (_, i) => i % 10);
 * const described = describeMnistCorrelation(
 *   { train: digits, test: digits },
 *   { trainingCounts: [4, 1, 1, 4], stage1Counts: [1, 1, 1, 1], gateTrainingCount: 1, gateHeldOutCount: 1 },
 * );
 * if (described._tag === 'Left') throw new Error(described.left.found);
 * if (described.right.parts.train.indices.join() !== '0,2,4,6,18,1,13,15,17,19') throw new Error('other images');
 * if (overlaps(described.right).length > 0) throw new Error('expected disjoint parts');
 * ```
 */
export function describeMnistCorrelation(
  labels: { readonly train: Uint8Array; readonly test: Uint8Array },
  options: MnistCorrelationOptions = {},
): E.Either<DataError, MnistCorrelationDescription> {
  const { seed = 0, drawSeed = null, corruption = 'zigzag', splits = 'disjoint' } = options;
  const order: Order = drawSeed === null ? (positions) => positions : shuffledBy(drawSeed);
  const { trainingCounts = [9900, 100, 100, 9900] as const } = options;
  const { validationCounts = trainingCounts, stage1Counts = forEachGroup(100) } = options;
  const gateTrainingCounts = forEachGroup(options.gateTrainingCount ?? 1000);
  const gateHeldOutCounts = forEachGroup(options.gateHeldOutCount ?? 250);
  const published = splits === 'published';

  const count = labels.train.length;
  const boundary = count - wholeShare(count, options.validationFraction ?? 0.5);
  const trainPool = poolOf(labels.train, 0, boundary, order, 'training');
  const validationPool = poolOf(labels.train, boundary, count, order, 'validation');
  const testPool = poolOf(labels.test, 0, labels.test.length, order, 'test');
  const testCounts = options.testCounts ?? allTestImages(testPool, splits);
  const train = select('train', trainPool, trainingCounts);
  const validation = select('train', validationPool, validationCounts);
  const wholePool = poolOf(labels.train, 0, count, order, 'all');
  const stage1Pool = published ? wholePool : poolOfGroups(train);
  const stage1 = select('train', stage1Pool, stage1Counts);
  const gatePool = [train, validation, stage1].reduce(withoutSelected, wholePool);
  const gateTrain = select('train', gatePool, gateTrainingCounts);
  const heldOutPool = withoutSelected(gatePool, gateTrain);

  const fault =
    countFault('trainingCounts', trainingCounts, trainPool) ??
    countFault('validationCounts', validationCounts, validationPool) ??
    countFault('testCounts', testCounts, testPool, published) ??
    countFault('stage1Counts', stage1Counts, stage1Pool, !published) ??
    countFault('gateTrainingCount', gateTrainingCounts, gatePool) ??
    countFault('gateHeldOutCount', gateHeldOutCounts, heldOutPool);
  if (fault !== undefined) return E.left(fault);
  return E.right({
    corruption,
    seed,
    splits,
    table: { names: NAMES, classOf: CLASS_OF, trainingCounts },
    parts: {
      train,
      validation,
      test: select('test', testPool, testCounts),
      stage1Source: ofForm(stage1, 0),
      stage1Target: ofForm(stage1, 1),
      gateTrain,
      gateHeldOut: select('train', heldOutPool, gateHeldOutCounts),
    },
  });
}
