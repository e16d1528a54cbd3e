/** The images of the main job: every part of MNIST-Correlation as labelled images, made when they are asked for. */
import { function as F, taskEither as TE } from 'fp-ts';
import { imageBatch, type Images } from '../../augmentation/images.ts';
import type { DataError } from '../../data/data-error.ts';
import { mnistCorrelation, type ImageForm } from '../../data/mnist-correlation-images.ts';
import type { MnistCorrelationPart } from '../../data/mnist-correlation.ts';
import { MNIST_SIDE } from '../../data/mnist.ts';
import { overlaps, type Overlap } from '../../data/overlaps.ts';
import type { GroupTable } from '../../groups.ts';
import type { Examples } from '../../training/examples.ts';
import { readMnist } from '../mnist-files.ts';
import type { DataSettings } from './settings.ts';

/** What a reader calls the groups. */
export const GROUP_LABELS: Readonly<Record<string, string>> = {
  '(Y=0)(Z=0)': 'even, clean',
  '(Y=0)(Z=1)': 'even, zigzag',
  '(Y=1)(Z=0)': 'odd, clean',
  '(Y=1)(Z=1)': 'odd, zigzag',
};

/** z of each group: 0 is the source domain, 1 the target domain. */
export const DOMAIN_OF_GROUP = [0, 1, 0, 1] as const;

/** The data set of an experiment. */
export interface ExperimentData {
  readonly table: GroupTable;
  /** Parts that share images; none with disjoint splits. */
  readonly overlaps: readonly Overlap[];
  examples(part: MnistCorrelationPart, form?: ImageForm): Examples;
}

/** Images of one domain (z) only. */
export function ofDomain(examples: Examples, domain: 0 | 1): number[] {
  return Array.from(examples.groups.keys()).filter(
    (i) => DOMAIN_OF_GROUP[examples.groups[i] as 0 | 1 | 2 | 3] === domain,
  );
}

/**
 * Reads MNIST and builds MNIST-Correlation.
 *
 * @param folder Holds the four MNIST files.
 * @param seed Of the zigzags.
 */
export function experimentData(
  folder: string,
  settings: DataSettings,
  seed: number,
): TE.TaskEither<DataError, ExperimentData> {
  const { testCount, ...counts } = settings;
  return F.pipe(
    readMnist(folder),
    TE.chainEitherK((mnist) =>
      mnistCorrelation({
        mnist,
        seed,
        ...counts,
        stage1Counts: [0, 1, 2, 3].map((group) => Math.min(100, counts.trainingCounts[group]!)) as [
          number,
          number,
          number,
          number,
        ],
        ...(testCount !== null && { testCounts: [testCount, testCount, testCount, testCount] as const }),
      }),
    ),
    TE.map(({ description, images }) => ({
      table: description.table,
      overlaps: overlaps(description),
      examples: (part, form) => {
        const made = images(part, form);
        return { images: asImages(made.images), labels: made.labels, groups: made.groups };
      },
    })),
  );
}

function asImages(pixels: Uint8Array): Images<Uint8Array> {
  return imageBatch(pixels, [pixels.length / MNIST_SIDE ** 2, MNIST_SIDE, MNIST_SIDE, 1]);
}
