/** Images and their translations as one list of references, so that one stream loads both. */
import type { DatasetExample } from '../../data/dataset.ts';
import type { LoadPixels } from '../../streams/batch-stream.ts';
import type { ExperimentImages, ImageReference, TranslationLists } from '../images/experiment-images.ts';
import type { Translations } from '../translations/translations.ts';

/** An image of the data set, or a translation. */
export interface PairedReference {
  readonly translated: boolean;
  readonly image: ImageReference;
}

/** Examples of a data set as references of {@link loadPaired}. */
export const originals = (
  examples: readonly DatasetExample<ImageReference>[],
): readonly DatasetExample<PairedReference>[] =>
  examples.map((example) => ({ ...example, image: { translated: false, image: example.image } }));

const translated = (images: readonly ImageReference[]): readonly PairedReference[] =>
  images.map((image) => ({ translated: true, image }));

/** Both lists of translations, aligned with the examples, in the published order. */
export const translationLists = ({ toSource, toTarget }: TranslationLists) => [
  translated(toSource),
  translated(toTarget),
];

/** Every example followed by its translations, each kind in a group of its own, see `withVariants`. */
export function withTranslations(
  examples: readonly DatasetExample<ImageReference>[],
  lists: TranslationLists,
): readonly DatasetExample<PairedReference>[] {
  const variants = translationLists(lists);
  const parts = 1 + variants.length;
  return originals(examples).flatMap((example, i) => [
    { ...example, group: parts * example.group },
    ...variants.map((list, v) => ({ ...example, image: list[i]!, group: parts * example.group + v + 1 })),
  ]);
}

/** Loads either. */
export const loadPaired =
  (images: Pick<ExperimentImages, 'load'>, translations: Translations | null): LoadPixels<PairedReference> =>
  (reference) =>
    reference.translated ? translations!.load(reference.image) : images.load(reference.image);
