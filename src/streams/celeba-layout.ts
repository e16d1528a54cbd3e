/**
 * Where the files of CelebA lie. Its authors hand out `Anno`, `Eval` and `Img`, others all of it in one folder, and
 * archives that are unpacked into a folder of their name put it there twice. Its images are also handed out as PNG,
 * under the names of the tables but for their ending.
 */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { describeCeleba, type CelebaOptions } from '../data/celeba.ts';
import type { DataError } from '../data/data-error.ts';
import type { Dataset, SplitName } from '../data/dataset.ts';
import { isThere } from '../system/text-file.ts';
import { checkFiles } from './check-files.ts';
import { readTable } from './read-table.ts';

/** Where a table of CelebA may be below the root. */
export const celebaTables = (name: string): readonly string[] =>
  ['', 'Anno/', 'Eval/'].flatMap((folder) => [`${folder}${name}.txt`, `${folder}${name}.csv`]);

/** The folder of the images that is meant where none is there. */
const CELEBA_IMAGES = 'img_align_celeba';

const PLACES: readonly string[] = [CELEBA_IMAGES, `${CELEBA_IMAGES}_png`].flatMap((folder) => [
  folder,
  `Img/${folder}`,
  `${folder}/${folder}`,
  `Img/${folder}/${folder}`,
]);

/** A folder of images, and the ending of their names there where it is another than in the tables. */
interface ImagesPlace {
  readonly folder: string;
  readonly ending?: '.png';
}

const withEnding = (name: string, ending: string | undefined): string =>
  ending === undefined ? name : name.replace(/\.jpe?g$/i, ending);

/** The first place that holds an image of the tables. */
async function placeOf(root: string, name: string): Promise<ImagesPlace | undefined> {
  for (const folder of PLACES)
    for (const ending of [undefined, '.png'] as const)
      if (await isThere(join(root, folder, withEnding(name, ending))))
        return ending === undefined ? { folder } : { folder, ending };
  return undefined;
}

/**
 * CelebA with its images where they are.
 *
 * @param dataset Described with its images in {@link CELEBA_IMAGES}.
 * @param root Its folder.
 * @param notice Told that the images have another ending than the tables say.
 * @returns The same data set where no image is found anywhere.
 */
async function withImagesFound(
  dataset: Dataset,
  root: string,
  notice: (line: string) => void,
): Promise<Dataset> {
  const usual = join(root, CELEBA_IMAGES);
  const nameOf = (file: string): string => file.slice(usual.length + 1);
  const first = dataset.splits.train[0];
  const place = first && (await placeOf(root, nameOf(first.image.file)));
  if (place === undefined || (place.folder === CELEBA_IMAGES && place.ending === undefined)) return dataset;
  const { folder, ending } = place;
  if (ending !== undefined) notice(`${join(root, folder)}: PNG images for what the tables call .jpg`);
  const found = (split: SplitName) =>
    dataset.splits[split].map((example) => ({
      ...example,
      image: { ...example.image, file: join(root, folder, withEnding(nameOf(example.image.file), ending)) },
    }));
  return {
    ...dataset,
    splits: { train: found('train'), validation: found('validation'), test: found('test') },
  };
}

const CELEBA_LAYOUT =
  'list_attr_celeba, list_eval_partition (.txt or .csv) and img_align_celeba, or with Anno, Eval and Img';

/**
 * CelebA from its tables and images.
 *
 * @param root Its folder.
 * @param options Which attributes, and how many images.
 * @param notice Told what is to be known of it.
 * @returns The data set, or which table or image is missing or wrong.
 */
export async function celebaFromTables(
  root: string,
  options: CelebaOptions,
  notice: (line: string) => void,
): Promise<E.Either<DataError, Dataset>> {
  const attributes = await readTable(root, celebaTables('list_attr_celeba'), CELEBA_LAYOUT);
  if (E.isLeft(attributes)) return attributes;
  const partition = await readTable(root, celebaTables('list_eval_partition'), CELEBA_LAYOUT);
  if (E.isLeft(partition)) return partition;
  const described = describeCeleba(
    {
      attributes: attributes.right.text,
      attributesFile: attributes.right.file,
      partition: partition.right.text,
      partitionFile: partition.right.file,
      folder: join(root, CELEBA_IMAGES),
    },
    options,
  );
  if (E.isLeft(described)) return described;
  return checkFiles(E.right(await withImagesFound(described.right, root, notice)), { root });
}
