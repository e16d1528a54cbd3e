/** Some images of an experiment in memory, as the gate and the gallery need them. */
import { either as E } from 'fp-ts';
import type { Images } from '../../augmentation/images.ts';
import { formatDataError } from '../../data/data-error.ts';
import type { DatasetExample } from '../../data/dataset.ts';
import type { Examples } from '../../training/examples.ts';
import {
  DamagedImagesError,
  openBatchStream,
  storedOrder,
  type BatchStream,
} from '../../streams/batch-stream.ts';
import type { ExperimentImages, ImageReference } from './experiment-images.ts';
import type { Skipped } from '../../runs/skipped-images.ts';

type Example = DatasetExample<ImageReference>;
type Source = Pick<ExperimentImages, 'shape' | 'load'>;

/** Images with their labels. */
export interface LoadedExamples extends Examples {
  readonly images: Images<Uint8Array>;
}

async function onlyBatch(stream: BatchStream): Promise<LoadedExamples> {
  try {
    const { images, labels, groups } = await stream.batch(0);
    return { images, labels, groups };
  } finally {
    stream.close();
  }
}

/**
 * Loads images with their labels. Damaged ones are left out, so that none counts twice.
 *
 * @param images The data of the experiment, opened.
 * @param examples Which, at least one.
 * @param skipDamaged How many of them may be damaged.
 * @param skipped Those that are, is added to.
 * @returns In their order.
 * @throws ProgramError (exit code 2) naming a damaged image too many, or one of a group of which none is whole.
 */
export async function loadExamples(
  { shape, load }: Source,
  examples: readonly Example[],
  skipDamaged: number,
  skipped: Skipped,
): Promise<LoadedExamples> {
  const order = storedOrder(examples.length, examples.length);
  const loaded = await onlyBatch(
    openBatchStream({ examples, shape, load, ...order, skipDamaged, skipped, damaged: 'omit' }),
  );
  const whole = new Set(loaded.groups);
  const lost = examples.find(({ group }) => !whole.has(group));
  if (lost === undefined) return loaded;
  // What was skipped may be of any group: this one's fault is asked for again.
  const again = await load(lost.image);
  if (E.isRight(again)) throw new Error('an image has changed while it was read');
  const { left: fault } = again;
  throw new DamagedImagesError(
    formatDataError({ ...fault, cure: `${fault.cure}; every image of its group is damaged` }),
    [fault],
  );
}

/**
 * Loads the first images of a list. The next one of its group stands in for a damaged one.
 *
 * @param images The data of the experiment, opened.
 * @param examples The whole list.
 * @param count How many, at most as many as there are.
 * @param skipDamaged How many images may be damaged.
 * @param skipped Those that are, is added to.
 * @throws ProgramError (exit code 2) naming a damaged image too many.
 */
export const loadFirst = (
  { shape, load }: Source,
  examples: readonly Example[],
  count: number,
  skipDamaged: number,
  skipped: Skipped,
): Promise<LoadedExamples> =>
  onlyBatch(openBatchStream({ examples, shape, load, ...storedOrder(count, count), skipDamaged, skipped }));
