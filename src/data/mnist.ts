/**
 * MNIST as bytes: 28×28 grey images of handwritten digits with their labels (LeCun, Bottou, Bengio, Haffner:
 * "Gradient-based learning applied to document recognition", Proc. IEEE 86, 1998).
 */
import { either as E } from 'fp-ts';
import { refuse, type DataError } from './data-error.ts';
import { decodeIdx, type IdxArray } from './idx.ts';

/** Height and width of an image. */
export const MNIST_SIDE = 28;

/** Pixels of an image. */
export const MNIST_PIXELS = MNIST_SIDE * MNIST_SIDE;

/** Images and labels of one split, aligned. */
export interface MnistSplit {
  /** Grey values 0 … 255, `[n, 28, 28]` row-major. */
  readonly images: Uint8Array;
  /** Digits 0 … 9, `[n]`. */
  readonly labels: Uint8Array;
}

/** Both splits, in the order of the published files. */
export interface Mnist {
  readonly train: MnistSplit;
  readonly test: MnistSplit;
}

/** The two IDX files of a split, uncompressed, and what to call them in an error. */
export interface MnistSplitFiles {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly imagesName?: string;
  readonly labelsName?: string;
}

function checkImages({ shape, values }: IdxArray, where: string): E.Either<DataError, Uint8Array> {
  return shape.length === 3 && shape[0]! > 0 && shape[1] === MNIST_SIDE && shape[2] === MNIST_SIDE
    ? E.right(values)
    : refuse(
        `${where}, byte 4`,
        'images of shape [n, 28, 28] with n > 0',
        `an array of shape [${shape.join(', ')}]`,
        'check that images and labels, or the files of another data set, are not mixed up',
      );
}

function checkLabels({ shape, values }: IdxArray, count: number, where: string) {
  if (shape.length !== 1 || shape[0] !== count) {
    return refuse(
      `${where}, byte 4`,
      `${count} labels, one for each image`,
      `an array of shape [${shape.join(', ')}]`,
      'take images and labels of the same split',
    );
  }
  const wrong = values.findIndex((label) => label > 9);
  return wrong < 0
    ? E.right(values)
    : refuse(`${where}, byte ${8 + wrong}`, 'a digit 0 to 9', `${values[wrong]}`, 'fetch the file again');
}

/**
 * Decodes the images and labels of one MNIST split and checks that they belong together.
 *
 * @param files The two IDX files.
 * @returns The split, or what is wrong with which file: not IDX, not `[n, 28, 28]`, no images, another number of
 *   labels than images, a label above 9.
 * @example
 * ```ts
 * import { decodeMnistSplit, encodeIdx } from 'model-patching/data';
 * const split = decodeMnistSplit({
 *   images: encodeIdx({ shape: [1, 28, 28], values: new Uint8Array(784) }),
 *   labels: encodeIdx({ shape: [1], values: Uint8Array.of(5) }),
 * });
 * if (split._tag === 'Left' || split.right.labels[0] !== 5) throw new Error('expected one image of a five');
 * ```
 */
export function decodeMnistSplit(files: MnistSplitFiles): E.Either<DataError, MnistSplit> {
  const { imagesName = 'images', labelsName = 'labels' } = files;
  return E.Monad.chain(
    E.Monad.chain(decodeIdx(files.images, imagesName), (array) => checkImages(array, imagesName)),
    (images) =>
      E.Monad.map(
        E.Monad.chain(decodeIdx(files.labels, labelsName), (array) =>
          checkLabels(array, images.length / MNIST_PIXELS, labelsName),
        ),
        (labels) => ({ images, labels }),
      ),
  );
}
