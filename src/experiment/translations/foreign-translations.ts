/** Translations in a folder that others have made, such as the published ones. */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import type { DataError } from '../../data/data-error.ts';
import { indexTranslations, type ScratchFolder } from '../../streams/record-folder.ts';
import type { Members } from './translation-binding.ts';

/** Where a group's translations are in a folder that others made: below its split, or for training right inside. */
export async function published(folder: string, { split }: Members, name: string, scratch: ScratchFolder) {
  const below = await indexTranslations(join(folder, split, name), scratch);
  return E.isRight(below) || split !== 'train' ? below : indexTranslations(join(folder, name), scratch);
}

/** What is wrong with translations of a group that are not those of its images, by their number and labels. */
export function misplaced(
  { label, examples, split, group }: Members,
  folder: string,
  labels: readonly number[],
): DataError | undefined {
  const where = `${folder}, ${group} of ${split}`;
  const cure = 'give the translations of this data set, in its order';
  if (labels.length !== examples.length)
    return { where, expected: `${examples.length} records, one an image`, found: `${labels.length}`, cure };
  // Where the subgroup is what is learnt, our records hold it.
  const wrong = labels.findIndex((each, i) => each !== label && each !== examples[i]!.label);
  return wrong < 0
    ? undefined
    : { where: `${where}, record ${wrong}`, expected: `label ${label}`, found: `${labels[wrong]}`, cure };
}
