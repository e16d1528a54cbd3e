/** Some images of an experiment in memory, as the gate and the gallery need them. */
import type { Images } from '../../augmentation/images.ts';
import type { DatasetExample } from '../../data/dataset.ts';
import type { Examples } from '../../training/examples.ts';
import { openBatchStream, storedOrder } from '../data/batch-stream.ts';
import type { ExperimentImages, ImageReference } from './experiment-images.ts';

/**
 * Loads images with their labels.
 *
 * @param images The data of the experiment, opened.
 * @param examples Which, at least one.
 * @returns In their order.
 * @throws ProgramError (exit code 2) naming an image that cannot be read.
 */
export async function loadExamples(
  { shape, load }: Pick<ExperimentImages, 'shape' | 'load'>,
  examples: readonly DatasetExample<ImageReference>[],
): Promise<Examples & { readonly images: Images<Uint8Array> }> {
  const stream = openBatchStream({ examples, shape, load, ...storedOrder(examples.length, examples.length) });
  try {
    const { images, labels, groups } = await stream.batch(0);
    return { images, labels, groups };
  } finally {
    stream.close();
  }
}
