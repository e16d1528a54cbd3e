/** The digits of the bench: every part of MNIST-Correlation as labelled images, made when they are asked for. */
import { either as E } from 'fp-ts';
import { imageBatch, type Images } from '../../src/augmentation/images.ts';
import type { DataError } from '../../src/data/data-error.ts';
import { mnistCorrelation, type ImageForm } from '../../src/data/mnist-correlation-images.ts';
import type { MnistCorrelationPart } from '../../src/data/mnist-correlation.ts';
import { MNIST_SIDE } from '../../src/data/mnist.ts';
import type { GroupTable } from '../../src/groups.ts';
import type { Examples } from '../../src/training/examples.ts';
import { readMnist } from '../../src/streams/mnist-files.ts';

/** The data set of an experiment. */
export interface Digits {
  readonly table: GroupTable;
  examples(part: MnistCorrelationPart, form?: ImageForm): Examples;
}

/** Images of each group and part that the bench reads. */
const SIZES = {
  splits: 'disjoint',
  trainingCounts: [2400, 100, 100, 2400],
  validationCounts: [250, 250, 250, 250],
  stage1Counts: [100, 100, 100, 100],
  gateTrainingCount: 2500,
  gateHeldOutCount: 250,
} as const;

/**
 * Reads MNIST and builds MNIST-Correlation.
 *
 * @param folder Holds the four MNIST files.
 */
export const digits = async (folder: string): Promise<E.Either<DataError, Digits>> =>
  E.Functor.map(
    E.Monad.chain(await readMnist(folder), (mnist) => mnistCorrelation({ mnist, seed: 0, ...SIZES })),
    ({ description, images }) => ({
      table: description.table,
      examples: (part, form) => {
        const made = images(part, form);
        return { images: asImages(made.images), labels: made.labels, groups: made.groups };
      },
    }),
  );

function asImages(pixels: Uint8Array): Images<Uint8Array> {
  return imageBatch(pixels, [pixels.length / MNIST_SIDE ** 2, MNIST_SIDE, MNIST_SIDE, 1]);
}
