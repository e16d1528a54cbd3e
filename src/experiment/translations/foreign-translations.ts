/** Translations in a folder that others have made, such as the published ones. */
import { join } from 'node:path';
import type { DataError } from '../../data/data-error.ts';
import { indexTranslations, type ScratchFolder } from '../../streams/record-folder.ts';
import type { IndexedRecord } from '../../streams/record-index.ts';
import { orExit } from '../../system/program.ts';
import { isThere } from '../../system/text-file.ts';
import type { ExperimentContext } from '../context.ts';
import type { Members } from './translation-binding.ts';

/** A group's translations in a folder that others made: below its split, or for training right inside. */
export async function foreignRecords(
  folder: string,
  { split }: Members,
  name: string,
  scratch: ScratchFolder,
  { say }: Pick<ExperimentContext, 'say'>,
): Promise<readonly IndexedRecord<number>[]> {
  const below = join(folder, split, name);
  const inside = split === 'train' && !(await isThere(below));
  const { records, notices } = orExit(await indexTranslations(inside ? join(folder, name) : below, scratch));
  notices.forEach((line) => say(line, 'warning'));
  return records;
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
