/** Translated images as records, one by one, so that a data set of any size can be translated. */
import * as tf from '@tensorflow/tfjs';
import type { StageTwoExperiment } from '../../config/experiment/stage-two.ts';
import type { Images } from '../../augmentation/images.ts';
import { minusOneToOne, toBytes } from '../../augmentation/scaling.ts';
import type { DatasetExample } from '../../data/dataset.ts';
import { encodeLabelledImage } from '../../data/example.ts';
import { encodePng } from '../../data/png.ts';
import type { RandomKey } from '../../random.ts';
import { foldKey } from '../../random.ts';
import { imageTensor } from '../../training/examples.ts';
import type { TrainedGenerator } from '../../training/gate.ts';
import { openBatchStream, storedOrder } from '../data/batch-stream.ts';
import { encodeJpeg } from '../data/encode-jpeg.ts';
import { interrupted, pause, type ExperimentContext } from './context.ts';
import type { ExperimentImages, ImageReference } from './experiment-images.ts';
import type { Skipped } from './skipped-images.ts';

/** How translations are made and stored. */
export type TranslationSettings = Pick<
  Extract<StageTwoExperiment['method'], { readonly kind: 'camel' }>['translations'],
  'mode' | 'batchSize' | 'format' | 'shardSize'
> & {
  /** In place of a damaged image the next one of its group is translated; so many may be. */
  readonly skipDamaged: number;
};

async function translate(
  images: Images<Uint8Array>,
  { network, weights }: TrainedGenerator,
  { mode }: TranslationSettings,
  key: RandomKey,
): Promise<Images<Uint8Array>> {
  const output = tf.tidy(
    () =>
      network.forward(
        imageTensor(minusOneToOne(images)),
        mode === 'published' ? { mode: 'translate', weights, key } : { mode: 'infer', weights },
      ).output,
  );
  const translation = { pixels: Float32Array.from(await output.data()), shape: images.shape };
  output.dispose();
  return toBytes(translation, { rounding: mode === 'published' ? 'truncate' : 'nearest' });
}

/**
 * Translations of images, in their order.
 *
 * @param images The data of the experiment, opened.
 * @param examples Which, at least one.
 * @param generator That translates them.
 * @param settings How, and in what format.
 * @param key Of the dropout of published mode.
 * @param skipped Damaged images of their split, is added to.
 * @param context A stop that is asked for ends it.
 * @param onImages Called with the number of images of every batch.
 */
export async function* translationRecords(
  { shape, load }: Pick<ExperimentImages, 'shape' | 'load'>,
  examples: readonly DatasetExample<ImageReference>[],
  generator: TrainedGenerator,
  settings: TranslationSettings,
  key: RandomKey,
  skipped: Skipped,
  context: ExperimentContext,
  onImages: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  const [height, width, channels] = shape;
  const size = height * width * channels;
  const { steps, indicesAt } = storedOrder(examples.length, settings.batchSize);
  const stream = openBatchStream({
    examples,
    shape,
    load,
    steps,
    indicesAt,
    skipDamaged: settings.skipDamaged,
    skipped,
  });
  try {
    for (let step = 0; step < steps; step++) {
      if (context.stopRequested()) throw interrupted();
      const batch = await stream.batch(step);
      const { pixels } = await translate(batch.images, generator, settings, foldKey(key, step));
      for (const [i, label] of batch.labels.entries()) {
        const picture = { height, width, channels, pixels: pixels.subarray(i * size, (i + 1) * size) };
        const image =
          settings.format.kind === 'png' ? encodePng(picture) : encodeJpeg(picture, settings.format.quality);
        yield encodeLabelledImage({ image, label });
      }
      onImages(batch.labels.length);
      await pause();
    }
  } finally {
    stream.close();
  }
}
