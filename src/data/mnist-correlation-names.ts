/**
 * The published names of MNIST-Correlation's parts, and which images each stands for:
 *
 * - `mnist_correlation_yz/<corruption>/<y>/<z>/<size>/<test size>/<label>`: one group;
 * - `mnist_correlation_partial/<corruption>/<z>/<size>/<label>`: both classes of one subgroup, half each;
 * - `mnist_correlation/<corruption>/<p>/<size>/<label>`: all groups, ⌊size/2·p⌋ images of each class having z = y.
 *
 * Sizes are of training and validation together; ⌊size·fraction⌋ are for validation and lie in the last part of MNIST's
 * training images, the others in the first. In each, clean images are taken from the front and corrupted ones from the
 * back. Test sets of different groups share images, as published.
 */
import { either as E } from 'fp-ts';
import { refuse, type DataError } from './data-error.ts';
import type { LabelledEntry, SplitName } from './dataset.ts';
import { wholeShare } from './whole-share.ts';

/** One image of MNIST, as it is or corrupted. */
export interface MnistImage {
  /** The MNIST split that `index` points into. */
  readonly split: 'train' | 'test';
  readonly index: number;
  /** Name of the corruption, or null for the image itself. */
  readonly corruption: string | null;
}

/** What a name says. −1 stands for all. */
export interface MnistCorrelationName {
  readonly corruption: string;
  /** Which feature is learnt. */
  readonly label: 'y' | 'z';
  /** Images of each cell for training and validation, and for the test; in the order in which they are stored. */
  readonly cells: readonly {
    readonly y: number;
    readonly z: number;
    readonly size: number;
    readonly testSize: number;
  }[];
}

const FORMS: Readonly<Record<string, string>> = {
  mnist_correlation_yz: '<corruption>/<y>/<z>/<size>/<test size>/<label>',
  mnist_correlation_partial: '<corruption>/<z>/<size>/<label>',
  mnist_correlation: '<corruption>/<probability>/<size>/<label>',
};

/** Test images of each class in the forms that do not say how many. */
const TEST_IMAGES = 5000;

/**
 * Parses a published name.
 *
 * @param name For example `mnist_correlation_yz/zigzag/0/1/200/-1/y`.
 * @param corruptions Names of the corruptions that there are. Default `zigzag` and `dotted_line`.
 * @returns What it says, or which part is wrong.
 * @example
 * ```ts
 * import { parseMnistCorrelationName } from 'model-patching/data';
 * const parsed = parseMnistCorrelationName('mnist_correlation/zigzag/.99/40000/y');
 * if (parsed._tag === 'Left') throw new Error(parsed.left.found);
 * if (parsed.right.cells.map(({ size }) => size).join() !== '19800,200,19800,200') throw new Error('other sizes');
 * ```
 */
export function parseMnistCorrelationName(
  name: string,
  corruptions: readonly string[] = ['zigzag', 'dotted_line'],
): E.Either<DataError, MnistCorrelationName> {
  const [form = '', ...parts] = name.split('/');
  const layout = FORMS[form];
  const fault = (expected: string, found: string) =>
    refuse(`data set ${name}`, expected, found, 'correct the name');
  if (layout === undefined || !Object.hasOwn(FORMS, form)) {
    return fault(`one of ${Object.keys(FORMS).join(', ')}`, JSON.stringify(form));
  }
  const names = layout.split('/');
  if (parts.length !== names.length) return fault(`${form}/${layout}`, `${parts.length} parts`);
  const part = (field: string) => parts[names.indexOf(`<${field}>`)] ?? '';
  const wrong = names.find((field, i) => {
    const value = parts[i]!;
    switch (field) {
      case '<corruption>':
        return !corruptions.includes(value);
      case '<label>':
        return value !== 'y' && value !== 'z';
      case '<probability>':
        return !(/^(\d*\.)?\d+$/.test(value) && Number(value) <= 1);
      case '<test size>':
        return !/^(-1|\d+)$/.test(value);
      case '<size>':
        return !/^\d+$/.test(value);
      default:
        return value !== '0' && value !== '1';
    }
  });
  if (wrong !== undefined) {
    const expected =
      wrong === '<corruption>' ? corruptions.join(' or ') : `a valid ${wrong} in ${form}/${layout}`;
    return fault(expected, JSON.stringify(parts[names.indexOf(wrong)]));
  }
  const size = Number(part('size'));
  if (form !== 'mnist_correlation_yz' && size % 2 !== 0)
    return fault('an even size, half of each class', `${size}`);
  const cells = (() => {
    if (form === 'mnist_correlation_yz') {
      return [{ y: Number(part('y')), z: Number(part('z')), size, testSize: Number(part('test size')) }];
    }
    if (form === 'mnist_correlation_partial') {
      const z = Number(part('z'));
      return [0, 1].map((y) => ({ y, z, size: size / 2, testSize: TEST_IMAGES }));
    }
    const probability = Number(part('probability'));
    const major = {
      size: wholeShare(size / 2, probability),
      testSize: wholeShare(TEST_IMAGES, probability),
    };
    const minor = { size: size / 2 - major.size, testSize: TEST_IMAGES - major.testSize };
    return [0, 1].flatMap((y) => [
      { y, z: y, ...major },
      { y, z: 1 - y, ...minor },
    ]);
  })();
  return E.right({ corruption: part('corruption'), label: part('label') as 'y' | 'z', cells });
}

/**
 * The images that a name stands for.
 *
 * @param name A parsed name.
 * @param labels Digits of both MNIST splits, `[n]` each, in the published order.
 * @param validationFraction Share of the sizes, and of MNIST's training images, for validation, 0 … 1.
 * @returns One entry an image, cell after cell, those for training first; or that there are not so many images.
 * @example
 * ```ts
 * import { mnistCorrelationEntries, parseMnistCorrelationName } from 'model-patching/data';
 * const digits = Uint8Array.from({ length: 40 }, (_, i) => i % 10);
 * const parsed = parseMnistCorrelationName('mnist_correlation_yz/zigzag/0/1/4/1/y');
 * if (parsed._tag === 'Left') throw new Error(parsed.left.found);
 * const entries = mnistCorrelationEntries(parsed.right, { train: digits, test: digits }, 0.5);
 * if (entries._tag === 'Left') throw new Error(entries.left.found);
 * const found = entries.right.map(({ split, image }) => `${split} ${image.index}`).join();
 * if (found !== 'train 16,train 18,validation 36,validation 38,test 38') throw new Error(found);
 * ```
 */
export function mnistCorrelationEntries(
  name: MnistCorrelationName,
  labels: { readonly train: Uint8Array; readonly test: Uint8Array },
  validationFraction: number,
): E.Either<DataError, readonly LabelledEntry<MnistImage>[]> {
  if (!(validationFraction >= 0 && validationFraction <= 1)) {
    throw new RangeError(`validationFraction: expected 0 … 1, received ${validationFraction}`);
  }
  const boundary = labels.train.length - wholeShare(labels.train.length, validationFraction);
  const entries: LabelledEntry<MnistImage>[] = [];
  const ranges = [
    { split: 'train', from: 'train', start: 0, end: boundary },
    { split: 'validation', from: 'train', start: boundary, end: labels.train.length },
    { split: 'test', from: 'test', start: 0, end: labels.test.length },
  ] as const;
  for (const { y, z, size, testSize } of name.cells) {
    const validation = wholeShare(size, validationFraction);
    const wanted: Record<SplitName, number> = { train: size - validation, validation, test: testSize };
    for (const { split, from, start, end } of ranges) {
      const pool: number[] = [];
      for (let i = start; i < end; i++) if (labels[from][i]! % 2 === y) pool.push(i);
      const all = split === 'test' && (testSize < 0 || testSize > pool.length);
      const count = all ? pool.length : wanted[split];
      if (count > pool.length) {
        return refuse(
          `MNIST-Correlation, group (Y=${y})(Z=${z}), ${split}`,
          `at most ${pool.length} images, all that there are`,
          String(count),
          'ask for fewer images',
        );
      }
      const chosen = z === 0 ? pool.slice(0, count) : pool.slice(pool.length - count);
      for (const index of chosen) {
        const image = { split: from, index, corruption: z === 1 ? name.corruption : null };
        entries.push({ image, label: y, subgroup: z, split });
      }
    }
  }
  return E.right(entries);
}
