/** The batches of a stage-2 step, streamed: images are read and decoded ahead of the step that takes them. */
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import { imagePipeline, imageScaling } from '../../augmentation/pipelines.ts';
import { imageGallery } from '../../augmentation/gallery.ts';
import { imageBatch, type Images } from '../../augmentation/images.ts';
import { concatenateImages } from '../../augmentation/pairing.ts';
import { groupBatches } from '../../group-batches.ts';
import type { Network } from '../../models/network.ts';
import { foldKey, randomKey } from '../../random/random.ts';
import { trainedGroups } from '../../trained-groups.ts';
import { gatherImages } from '../../training/examples.ts';
import type { RobustBatch } from '../../training/robust-step.ts';
import { robustBatch } from '../../training/stage-two.ts';
import { openBatchStream } from '../../streams/batch-stream.ts';
import type { ExperimentImages } from '../images/experiment-images.ts';
import { imagesInStep } from './budget.ts';
import { invarianceParts } from './methods.ts';
import { learningRateOf } from '../optimizers.ts';
import { loadPaired, originals, translationLists } from './paired-examples.ts';
import type { Skipped } from '../../runs/skipped-images.ts';
import type { Translations } from '../translations/translations.ts';

/** What batches are made from. */
export interface StageTwoBatchesOptions {
  readonly experiment: StageTwoExperiment;
  readonly images: ExperimentImages;
  readonly translations: Translations | null;
  readonly network: Pick<Network, 'masks'>;
  /** Whether a batch holds the same number of images of each group. */
  readonly balanced: boolean;
  /** Steps of the whole training. */
  readonly steps: number;
  readonly skipDamaged: number;
  /** Training images that are damaged, is added to. */
  readonly skipped: Skipped;
}

/** Batches of training; close the stream that they come from. */
export interface StageTwoBatchStream {
  /**
   * The batch of step 0, 1, 2, …, owned by the caller; everything random in it depends on seed and step only. Its
   * learning rate is that of the schedule times `rateFactor`.
   */
  batchAt(step: number, rateFactor?: number): Promise<RobustBatch>;
  /** Some images of a step as they are augmented, one row, and their translations, a row for each list. */
  picture(step: number): Promise<Images<Uint8Array>>;
  close(): void;
}

/** Images in a row of a picture. */
const IN_A_ROW = 8;

/** The first images of every list. */
function pictureOf(all: Images, lists: number): Images<Uint8Array> {
  const size = all.shape[0] / lists;
  const shown = Math.min(IN_A_ROW, size);
  const chosen = Array.from({ length: lists * shown }, (_, i) => Math.floor(i / shown) * size + (i % shown));
  const { pixels, shape } = imageGallery(gatherImages(all, chosen), shown);
  return imageBatch(Uint8Array.from(pixels), shape);
}

/**
 * Opens the batches of training, with groups as the objective counts them, see `trainedGroups`. Originals and translations of an image are augmented each with draws of its own.
 *
 * @param options Experiment, data, network.
 */
export function openStageTwoBatches(options: StageTwoBatchesOptions): StageTwoBatchStream {
  const { experiment, images, translations, network, balanced, steps, skipDamaged, skipped } = options;
  const { optimizer, training, seed } = experiment;
  const { indexOf } = trainedGroups(images.table);
  const examples = images
    .examples('train')
    .map((example) => ({ ...example, group: indexOf[example.group]! }));
  const stream = openBatchStream({
    examples: originals(examples),
    translations: translations === null ? [] : translationLists(translations.splits.train),
    shape: images.shape,
    indicesAt: groupBatches(
      examples.map(({ group }) => group),
      { batchSize: imagesInStep(training), seed, balanced },
    ),
    load: loadPaired(images, translations),
    steps,
    skipDamaged,
    skipped,
  });
  const augment = imagePipeline({ augmentations: experiment.images.augmentation });
  const scale = imageScaling(experiment.images.scaling);
  const learningRate = learningRateOf(optimizer, optimizer.learningRate, steps);
  const invariance = invarianceParts(experiment.invariance);
  const key = foldKey(randomKey(seed), 'stage 2');
  const augmented = async (step: number) => {
    const batch = await stream.batch(step);
    const all = concatenateImages([batch.images, ...batch.translations]);
    return { batch, all: augment(all, foldKey(key, 'augmentation', step)) };
  };
  return {
    async picture(step) {
      const { batch, all } = await augmented(step);
      return pictureOf(all, 1 + batch.translations.length);
    },
    async batchAt(step, rateFactor = 1) {
      const { batch, all } = await augmented(step);
      return robustBatch(scale(all), batch, {
        learningRate: learningRate(step) * rateFactor,
        masks: network.masks(foldKey(key, 'dropout', step), all.shape[0]),
        ...(invariance && { invarianceWeight: invariance.weightAt(step) }),
      });
    },
    close: stream.close,
  };
}
