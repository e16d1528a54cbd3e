/** Translated images as records, one by one, so that a data set of any size can be translated. */
import * as tf from '@tensorflow/tfjs';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import type { Images } from '../../augmentation/images.ts';
import { minusOneToOne, toBytes } from '../../augmentation/scaling.ts';
import type { DatasetExample } from '../../data/dataset.ts';
import { encodeLabelledImage } from '../../data/example.ts';
import { encodePng } from '../../data/png.ts';
import { foldKey, type RandomKey } from '../../random/random.ts';
import { imageTensor } from '../../training/examples.ts';
import { imagesWithNoise, type TrainedGenerator } from '../../training/generator-measure.ts';
import { openBatchStream, storedOrder } from '../../streams/batch-stream.ts';
import { encodeJpeg } from '../../data/jpeg/encode-jpeg.ts';
import { interrupted, pause, type ExperimentContext } from '../context.ts';
import type { ExperimentImages, ImageReference } from '../images/experiment-images.ts';
import type { Skipped } from '../../runs/skipped-images.ts';

/** How translations are made and stored. */
export type TranslationSettings = Pick<
  Extract<StageTwoExperiment['method'], { readonly kind: 'camel' }>['translations'],
  'mode' | 'batchSize' | 'format' | 'shardSize'
> & {
  /** In place of a damaged image the next one of its group is translated; so many may be. */
  readonly skipDamaged: number;
};

/** Values of images that are translated at once, at least; fewer leave most of the time to the starting of operations. */
const LEAST_VALUES = 2 ** 16;

/** How many images are translated at once. In inference mode this changes no pixel. */
const countAtOnce = ({ mode, batchSize }: TranslationSettings, size: number): number =>
  mode === 'published' ? batchSize : Math.max(batchSize, Math.floor(LEAST_VALUES / size));

async function translate(
  images: Images<Uint8Array>,
  { network, weights, noise }: TrainedGenerator,
  { mode }: TranslationSettings,
  key: RandomKey,
  first: number,
): Promise<Images<Uint8Array>> {
  const output = tf.tidy(
    () =>
      network.forward(
        imageTensor(imagesWithNoise(minusOneToOne(images), noise, first)),
        mode === 'published' ? { mode: 'translate', weights, key } : { mode: 'infer', weights },
      ).output,
  );
  const translation = { pixels: Float32Array.from(await output.data()), shape: images.shape };
  output.dispose();
  return toBytes(translation, { rounding: mode === 'published' ? 'truncate' : 'nearest' });
}

/** What is translated, and by what. */
export interface TranslationRecordsOptions {
  /** The data of the experiment, opened. */
  readonly images: Pick<ExperimentImages, 'shape' | 'load'>;
  /** Which of them, at least one. */
  readonly examples: readonly DatasetExample<ImageReference>[];
  readonly generator: TrainedGenerator;
  readonly settings: TranslationSettings;
  /** Of the dropout of published mode. */
  readonly key: RandomKey;
  /** Damaged images of their split, is added to. */
  readonly skipped: Skipped;
  /** A stop that is asked for ends it. */
  readonly context: ExperimentContext;
  /** Called with the number of images of every batch. */
  readonly onImages: (count: number) => void;
}

/**
 * Translations of images, in their order.
 *
 * @param options What is translated, and by what.
 * @throws ProgramError if more images are damaged than may be (exit code 2), or a stop was asked for (75).
 */
export async function* translationRecords({
  images: { shape, load },
  examples,
  generator,
  settings,
  key,
  skipped,
  context,
  onImages,
}: TranslationRecordsOptions): AsyncGenerator<Uint8Array> {
  const [height, width, channels] = shape;
  const size = height * width * channels;
  const atOnce = countAtOnce(settings, size);
  const order = storedOrder(examples.length, atOnce);
  const { skipDamaged } = settings;
  const stream = openBatchStream({ examples, shape, load, ...order, skipDamaged, skipped });
  try {
    for (let step = 0; step < order.steps; step++) {
      if (context.stopRequested()) throw interrupted();
      const batch = await stream.batch(step);
      const { pixels } = await translate(
        batch.images,
        generator,
        settings,
        foldKey(key, step),
        step * atOnce,
      );
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
