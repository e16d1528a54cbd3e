/**
 * The pixels of MNIST-Correlation. A corrupted image is a pure function of the seed and of the image's split and
 * position, so that parts can be made one by one, in any order, and always agree.
 */
import { either as E } from 'fp-ts';
import { foldKey, randomKey } from '../random/random.ts';
import { dottedLine, zigzag } from './corruptions.ts';
import type { DataError } from './data-error.ts';
import {
  describeMnistCorrelation,
  type MnistCorrelationDescription,
  type MnistCorrelationOptions,
  type MnistCorrelationPart,
} from './mnist-correlation.ts';
import { MNIST_PIXELS, type Mnist } from './mnist.ts';

/** Images of one part, aligned with its description. */
export interface LabelledImages {
  /** Grey values 0 … 255, `[n, 28, 28, 1]` row-major. */
  readonly images: Uint8Array;
  /** Class y (parity of the digit), `[n]`. */
  readonly labels: Int32Array;
  /** Group 2y + z, `[n]`. */
  readonly groups: Int32Array;
  /** The MNIST image, whatever its form: its position, plus the training split's size for test images; `[n]`. */
  readonly ids: Int32Array;
}

/** In which form to give images: `own`, as z says; `clean` or `corrupted`, all of them. */
export type ImageForm = 'own' | 'clean' | 'corrupted';

/** A described data set that can be asked for its images. */
export interface MnistCorrelation {
  readonly description: MnistCorrelationDescription;
  /**
   * Makes the images of a part, anew at each call.
   *
   * @param name The part.
   * @param form `clean` and `corrupted` give the true counterparts, aligned image by image. Default `own`.
   */
  images(name: MnistCorrelationPart, form?: ImageForm): LabelledImages;
}

const CORRUPTIONS = { zigzag, dottedLine } as const;

function makeImages(
  mnist: Mnist,
  { corruption, seed, parts }: MnistCorrelationDescription,
  name: MnistCorrelationPart,
  form: ImageForm,
): LabelledImages {
  const { split, indices, groups } = parts[name];
  const source = mnist[split].images;
  const key = foldKey(randomKey(seed), corruption, split);
  const images = new Uint8Array(indices.length * MNIST_PIXELS);
  indices.forEach((index, i) => {
    const clean = source.subarray(index * MNIST_PIXELS, (index + 1) * MNIST_PIXELS);
    const corrupted = form === 'own' ? groups[i]! % 2 === 1 : form === 'corrupted';
    images.set(corrupted ? CORRUPTIONS[corruption](clean, foldKey(key, index)) : clean, i * MNIST_PIXELS);
  });
  const offset = split === 'train' ? 0 : mnist.train.labels.length;
  return {
    images,
    labels: Int32Array.from(groups, (group) => group >> 1),
    groups: Int32Array.from(groups),
    ids: Int32Array.from(indices, (index) => offset + index),
  };
}

/**
 * MNIST-Correlation: which images each part holds, and on request the images themselves.
 *
 * @param options MNIST, and the options of {@link describeMnistCorrelation}.
 * @returns The data set, or which count cannot be met.
 * @example
 * ```ts
 * import { mnistCorrelation } from 'model-patching/data';
 * const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 10);
 * const split = { images: new Uint8Array(40 * 784), labels };
 * const made = mnistCorrelation({
 *   mnist: { train: split, test: split },
 *   seed: 1,
 *   trainingCounts: [4, 1, 1, 4],
 *   stage1Counts: [1, 1, 1, 1],
 *   gateTrainingCount: 1,
 *   gateHeldOutCount: 1,
 * });
 * if (made._tag === 'Left') throw new Error(made.left.found);
 * const { images, groups } = made.right.images('train');
 * const lit = Array.from(groups, (_, i) => images.subarray(i * 784, (i + 1) * 784).some((value) => value > 0));
 * if (lit.some((value, i) => value !== (groups[i]! % 2 === 1))) throw new Error('only z = 1 is corrupted');
 * ```
 */
export function mnistCorrelation(
  options: MnistCorrelationOptions & { readonly mnist: Mnist },
): E.Either<DataError, MnistCorrelation> {
  const { mnist } = options;
  return E.Functor.map(
    describeMnistCorrelation({ train: mnist.train.labels, test: mnist.test.labels }, options),
    (description) => ({
      description,
      images: (name, form = 'own') => makeImages(mnist, description, name, form),
    }),
  );
}
