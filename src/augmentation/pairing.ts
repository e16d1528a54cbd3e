/**
 * This is the bookkeeping between the stages of model patching (Goel, Gu, Li, Ré, ICLR 2021). Every dataset becomes
 * three aligned ones: itself and its translations by F and by G. Translations are made on consecutive batches in
 * stored order. The order is fixed: with batch statistics in the generator an image's translation depends on its
 * batch.
 */
import { emptyLike, type Images, type Pixels } from './images.ts';

/** One dataset of the stage-2 step. */
export interface PairedDataset {
  /** The source's name, with `(A-F)` or `(A-G)` after it when translated. */
  readonly alias: string;
  /** Index of the dataset it comes from; datasets with one source are aligned, image by image. */
  readonly source: number;
  /** Which generator made it; null for an original. */
  readonly translation: 'F' | 'G' | null;
}

/**
 * The datasets of stage 2 in their order: for each source the original, then F, then G.
 *
 * @param sources Names, and whether each has translations.
 * @param options `keepOriginals`: whether a translated source stays itself in the list; default true. A source
 *   without translations always stays.
 * @example
 * ```ts
 * import { pairTranslations } from 'model-patching/augmentation';
 * const pairs = pairTranslations([{ alias: '(Y=0)(Z=0)', translated: true }]);
 * if (pairs.map((pair) => pair.alias).join() !== '(Y=0)(Z=0),(Y=0)(Z=0)(A-F),(Y=0)(Z=0)(A-G)') throw new Error('order');
 * ```
 */
export function pairTranslations(
  sources: readonly { readonly alias: string; readonly translated: boolean }[],
  options: { readonly keepOriginals?: boolean } = {},
): PairedDataset[] {
  const { keepOriginals = true } = options;
  return sources.flatMap(({ alias, translated }, source): PairedDataset[] => {
    const original = { alias, source, translation: null };
    if (!translated) return [original];
    const translations: PairedDataset[] = [
      { alias: `${alias}(A-F)`, source, translation: 'F' },
      { alias: `${alias}(A-G)`, source, translation: 'G' },
    ];
    return keepOriginals ? [original, ...translations] : translations;
  });
}

/**
 * Consecutive batches in stored order; the last one may be short. They share the pixels of `images`.
 *
 * @param images `[n, h, w, c]`.
 * @param batchSize A whole number ≥ 1.
 * @throws RangeError unless `batchSize` is a whole number ≥ 1.
 * @example
 * ```ts
 * import { consecutiveBatches, imageBatch } from 'model-patching/augmentation';
 * const batches = consecutiveBatches(imageBatch(new Uint8Array(7), [7, 1, 1, 1]), 3);
 * if (batches.map((batch) => batch.shape[0]).join() !== '3,3,1') throw new Error('3, 3 and 1 expected');
 * ```
 */
export function consecutiveBatches<P extends Pixels>(images: Images<P>, batchSize: number): Images<P>[] {
  if (!(Number.isInteger(batchSize) && batchSize >= 1)) {
    throw new RangeError(`batchSize: expected a whole number ≥ 1, received ${batchSize}`);
  }
  const [count, height, width, channels] = images.shape;
  const size = height * width * channels;
  return Array.from({ length: Math.ceil(count / batchSize) }, (_, batch) => {
    const start = batch * batchSize;
    const end = Math.min(count, start + batchSize);
    return {
      pixels: images.pixels.subarray(start * size, end * size) as P,
      shape: [end - start, height, width, channels],
    };
  });
}

/**
 * Batches joined into one, in order.
 *
 * @param batches At least one, all `[·, h, w, c]` and of the same kind of number.
 * @returns `[Σ n, h, w, c]`.
 * @throws RangeError if there is none, or if their shapes or kinds of number differ.
 * @example
 * ```ts
 * import { concatenateImages, consecutiveBatches, imageBatch } from 'model-patching/augmentation';
 * const images = imageBatch(Uint8Array.of(1, 2, 3), [3, 1, 1, 1]);
 * if (concatenateImages(consecutiveBatches(images, 2)).pixels.join() !== '1,2,3') throw new Error('order lost');
 * ```
 */
export function concatenateImages<P extends Pixels>(batches: readonly Images<P>[]): Images<P> {
  const [first] = batches;
  if (!first) throw new RangeError('batches: expected at least one, received none');
  for (const batch of batches) {
    const sameKind = batch.pixels instanceof Uint8Array === first.pixels instanceof Uint8Array;
    if (!sameKind || batch.shape.slice(1).join() !== first.shape.slice(1).join()) {
      const expected = `[n,${first.shape.slice(1).join()}] of ${first.pixels.constructor.name}`;
      const received = `[${batch.shape.join()}] of ${batch.pixels.constructor.name}`;
      throw new RangeError(`batches: expected ${expected}, received ${received}`);
    }
  }
  const pixels = emptyLike(
    first.pixels,
    batches.reduce((sum, batch) => sum + batch.pixels.length, 0),
  );
  let at = 0;
  for (const batch of batches) {
    pixels.set(batch.pixels, at);
    at += batch.pixels.length;
  }
  const count = batches.reduce((sum, batch) => sum + batch.shape[0], 0);
  return { pixels, shape: [count, first.shape[1], first.shape[2], first.shape[3]] };
}
