/**
 * Waterbirds (Sagawa, Koh, Hashimoto, Liang: "Distributionally robust neural networks for group shifts", ICLR 2020):
 * birds cut out of one collection of photographs and put before backgrounds of another. The class is the bird, the
 * subgroup the background, and nearly all training images show a bird where it lives.
 */
import { either as E, function as F } from 'fp-ts';
import { refuse, type DataError } from './data-error.ts';
import { SPLITS, type Dataset, type GroupLimits, type SplitName } from './dataset.ts';
import type { ExampleFeatures } from './example.ts';
import { binaryFeature, integerFeature, type RecordLabels } from './record-features.ts';
import { describeTable } from './table-dataset.ts';

/** Names of the classes. */
export const WATERBIRDS_CLASSES = ['landbird', 'waterbird'] as const;
/** Names of the subgroups. */
export const WATERBIRDS_SUBGROUPS = ['land', 'water'] as const;

/** Where Waterbirds lies. */
export interface WaterbirdsOptions {
  /** Folder that holds `metadata.csv` and the folders of images. Default none. */
  readonly folder?: string;
  /** What to call the table in an error. Default `metadata.csv`. */
  readonly file?: string;
  /** Most training images of a group. Default: all. */
  readonly limits?: GroupLimits;
  /** Splits that must hold images. Default: all three. */
  readonly required?: readonly SplitName[];
}

/**
 * Waterbirds from the table of its original folder.
 *
 * @param metadata The text of `metadata.csv`, with the columns `img_id`, `img_filename`, `y`, `split` (0, 1, 2),
 *   `place` and `place_filename`, of which four are read.
 * @param options Where the images lie.
 * @returns The data set, or which line of the table is wrong.
 * @example
 * ```ts
 * import { describeWaterbirds } from 'model-patching/data';
 * const rows = [0, 1, 2].flatMap((split) =>
 *   ['0,0', '0,1', '1,0', '1,1'].map((yz, i) => `${split}${i}.jpg,${yz},${split}`));
 * const described = describeWaterbirds(['img_filename,y,place,split', ...rows].join('\n'), { folder: 'birds' });
 * if (described._tag === 'Left') throw new Error(described.left.found);
 * if (described.right.splits.test[1]?.image.file !== 'birds/21.jpg') throw new Error('another test image');
 * ```
 */
export function describeWaterbirds(
  metadata: string,
  options: WaterbirdsOptions = {},
): E.Either<DataError, Dataset> {
  const { folder = '', file = 'metadata.csv', limits = {}, required = SPLITS } = options;
  return describeTable(metadata, {
    name: 'Waterbirds',
    file,
    folder,
    limits,
    required,
    columns: { filename: 'img_filename', split: 'split', y: 'y', z: 'place' },
    classes: WATERBIRDS_CLASSES,
    subgroups: WATERBIRDS_SUBGROUPS,
    splits: { train: '0', validation: '1', test: '2' },
  });
}

/**
 * What a record of Waterbirds says of its image: the features `y`, `place` and `split`.
 *
 * @param features All features of the record.
 * @param where What to call it in an error.
 * @returns Bird, place and split, or which feature is missing or out of range.
 * @example
 * ```ts
 * import { waterbirdsRecord, type ExampleFeatures } from 'model-patching/data';
 * const one = (value: bigint) => ({ kind: 'int64' as const, values: [value] });
 * const features: ExampleFeatures = { y: one(1n), place: one(0n), split: one(2n) };
 * const labels = waterbirdsRecord(features, 'birds.tfrec, record 0');
 * if (labels._tag === 'Left') throw new Error(labels.left.found);
 * const { label, subgroup, split } = labels.right;
 * if (label !== 1 || subgroup !== 0 || split !== 'test') throw new Error('a waterbird on land, for the test');
 * if (waterbirdsRecord({ ...features, y: one(5n) }, '')._tag === 'Right') throw new Error('there is no bird 5');
 * ```
 */
export function waterbirdsRecord(
  features: ExampleFeatures,
  where: string,
): E.Either<DataError, RecordLabels & { readonly split: SplitName }> {
  return F.pipe(
    E.Do,
    E.bind('label', () => binaryFeature(features, 'y', where)),
    E.bind('subgroup', () => binaryFeature(features, 'place', where)),
    E.bind('split', () =>
      E.Monad.chain(integerFeature(features, 'split', where), (index): E.Either<DataError, SplitName> => {
        const split = SPLITS[index];
        return split === undefined
          ? refuse(`${where}, feature split`, '0, 1 or 2', String(index), 'give the records of Waterbirds')
          : E.right(split);
      }),
    ),
  );
}
