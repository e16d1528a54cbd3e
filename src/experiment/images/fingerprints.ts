/** The fingerprints of data sets: of images on the disk by their files, of digits by their pixels. */
import { relative } from 'node:path';
import { SPLITS, type Dataset, type ImageLocation } from '../../data/dataset.ts';
import { MNIST_PIXELS, type Mnist } from '../../data/mnist.ts';
import { contentHashes } from '../../streams/content-hashes.ts';
import { fingerprintOf, type DataFingerprint } from '../../streams/data-fingerprint.ts';
import { nameOf } from '../../streams/image-bytes.ts';
import { sha256 } from '../../streams/record-manifest.ts';
import { startProgress } from '../../system/progress.ts';
import type { BoundData, ImageReference } from './experiment-images.ts';

/** What is made when it is first asked for, and then given again; if that fails, it is made when next asked for. */
export function once<A, Args extends readonly unknown[] = []>(
  make: (...args: Args) => Promise<A>,
): (...args: Args) => Promise<A> {
  let made: Promise<A> | undefined;
  return (...args) =>
    (made ??= make(...args).catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
}

/** Fewer images take no time worth a progress. */
const SHOWN = 2000;

/**
 * The fingerprint of a data set on the disk. Files whose size or time of change is another one are read.
 *
 * @param root Of the data set.
 * @param dataset As it was opened.
 * @param stopRequested Whether to stop.
 * @throws ProgramError (exit code 75) if a stop was asked for.
 */
export async function picturesFingerprint(
  root: string,
  { classes, subgroups, splits, table }: Pick<Dataset, 'classes' | 'subgroups' | 'splits' | 'table'>,
  stopRequested?: () => boolean,
): Promise<BoundData> {
  const examples = SPLITS.flatMap((split) => splits[split]);
  const progress = examples.length < SHOWN ? null : startProgress('images looked at', examples.length);
  const hashes = await contentHashes(
    root,
    examples.map(({ image }) => image),
    { ...(stopRequested && { stopRequested }), onProgress: (done) => progress?.update(done) },
  ).finally(() => progress?.stop());
  const contents = new Map<ImageReference, string>(examples.map(({ image }, i) => [image, hashes[i]!]));
  const images = examples.map(({ image, split, label, subgroup, group }, i) => ({
    split,
    label,
    subgroup,
    group: table.names[group]!,
    content: hashes[i]!,
    name: nameIn(root, image),
  }));
  const trainingCounts = Object.fromEntries(table.names.map((name, i) => [name, table.trainingCounts[i]!]));
  return {
    ...fingerprintOf({ classes, subgroups, images, trainingCounts }),
    root,
    contentOf: (image) => contents.get(image),
  };
}

const nameIn = (root: string, image: ImageLocation): string => relative(root, nameOf(image));

/** The fingerprint of MNIST's files, of which everything else follows by the settings. */
export function mnistFingerprint(mnist: Mnist): DataFingerprint {
  const images = (['train', 'test'] as const).flatMap((split) =>
    Array.from(mnist[split].labels, (label, i) => ({
      split,
      label,
      subgroup: 0,
      content: sha256(mnist[split].images.subarray(i * MNIST_PIXELS, (i + 1) * MNIST_PIXELS)).slice(0, 32),
      name: `${split} ${i}`,
    })),
  );
  return fingerprintOf({ classes: [], subgroups: [], images });
}
