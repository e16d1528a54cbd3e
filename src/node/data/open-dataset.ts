/**
 * Opens the data sets whose images lie on the disk: finds their tables or records, describes them, and makes sure that
 * every image file is there, before a run begins.
 */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { either as E, function as F, taskEither as TE } from 'fp-ts';
import {
  celebaRecord,
  describeCeleba,
  describeCelebaEntries,
  type CelebaOptions,
} from '../../data/celeba.ts';
import type { DataError } from '../../data/data-error.ts';
import {
  describeDataset,
  SPLITS,
  type Dataset,
  type GroupLimits,
  type LabelledEntry,
  type SplitName,
} from '../../data/dataset.ts';
import { describeTable, type TableOptions } from '../../data/table-dataset.ts';
import {
  describeWaterbirds,
  WATERBIRDS_CLASSES,
  WATERBIRDS_SUBGROUPS,
  waterbirdsRecord,
} from '../../data/waterbirds.ts';
import { hasCode } from '../text-file.ts';
import { readTable } from './read-table.ts';
import { scratchFolder, type ScratchFolder } from './record-folder.ts';
import { indexRecords, listShards } from './record-index.ts';

/** What every data set on the disk has. */
export interface CommonDatasetSettings {
  /** Folder of the data set. */
  readonly root: string;
  /** Most training images of a group. Default: all. */
  readonly limits?: GroupLimits;
  /** What the classifier learns: the class y (default), or the subgroup z; groups stay what they are. */
  readonly label?: 'y' | 'z';
}

/** Which data set, and where it lies. */
export type DatasetSettings =
  | (CommonDatasetSettings & {
      readonly kind: 'waterbirds';
      /** Record shards, or `metadata.csv` and the images; `auto` (default) takes what is there. */
      readonly layout?: 'auto' | 'records' | 'folder';
    })
  | (CommonDatasetSettings & {
      readonly kind: 'celeba';
      readonly layout?: 'auto' | 'records' | 'folder';
      /** Attributes that are class and subgroup. Default `Blond_Hair` and `Male`. */
      readonly y?: string;
      readonly z?: string;
      readonly groupSizes?: 'used' | 'published';
    })
  | (CommonDatasetSettings &
      Pick<TableOptions, 'columns' | 'extension' | 'classes' | 'subgroups' | 'splits' | 'leaveOut'> & {
        readonly kind: 'folder';
        /** Splits that must hold images. Default: `train`. */
        readonly required?: readonly SplitName[];
        /** The table in the folder. Default `metadata.csv`. */
        readonly table?: string;
      });

/** A data set whose images can be loaded until it is closed. */
export interface OpenedDataset {
  readonly dataset: Dataset;
  /** Where compressed shards were expanded. */
  readonly scratch: ScratchFolder;
  /** Removes what was expanded. */
  close(): Promise<void>;
}

type Described = TE.TaskEither<DataError, Dataset>;

/** The names in a folder, or null if there is none. */
const namesIn = (folder: string): Promise<readonly string[] | null> =>
  readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return null;
    throw error;
  });

/** Makes sure that the files of all images are there, reading every folder once. */
async function withoutMissing(dataset: Dataset): Promise<E.Either<DataError, Dataset>> {
  const folders = new Map<string, ReadonlySet<string> | null>();
  const missing: string[] = [];
  for (const { image } of SPLITS.flatMap((split) => dataset.splits[split])) {
    if (image.record !== undefined) continue;
    const folder = dirname(image.file);
    if (!folders.has(folder)) {
      const names = await namesIn(folder);
      folders.set(folder, names === null ? null : new Set(names));
    }
    if (folders.get(folder)?.has(image.file.slice(image.file.lastIndexOf('/') + 1)) !== true) {
      missing.push(image.file);
    }
  }
  return missing.length === 0
    ? E.right(dataset)
    : E.left({
        where: missing[0]!,
        expected: `this image, which the table of ${dataset.name} names`,
        found:
          missing.length === 1 ? 'no such file' : `no such file, and ${missing.length - 1} others likewise`,
        cure: 'unpack all images there, or give the folder that holds them',
      });
}

const checkFiles = (described: Described): Described =>
  F.pipe(
    described,
    TE.chain((dataset) => () => withoutMissing(dataset)),
  );

/** Whether a folder holds records, with `auto` by looking for a table. */
function holdsRecords(
  root: string,
  layout: 'auto' | 'records' | 'folder' | undefined,
  tables: readonly string[],
): TE.TaskEither<DataError, boolean> {
  if (layout === 'records' || layout === 'folder') return TE.right(layout === 'records');
  return async () => {
    const names = await namesIn(root);
    return names === null
      ? E.left({
          where: root,
          expected: `a folder with ${tables[0]!} and images, or with record shards`,
          found: 'no such folder',
          cure: 'give the folder of the data set; docs/datasets.md says where to get it',
        })
      : E.right(!names.some((name) => tables.includes(name)));
  };
}

/** Splits without which a data set is not opened: one may be trained on without being evaluated. */
const TRAINING: readonly SplitName[] = ['train'];

function waterbirds(
  { root, layout, limits }: DatasetSettings & { readonly kind: 'waterbirds' },
  scratch: ScratchFolder,
) {
  const options = { required: TRAINING, ...(limits === undefined ? {} : { limits }) };
  return F.pipe(
    holdsRecords(root, layout, ['metadata.csv']),
    TE.chain((records): Described => {
      if (!records) {
        return checkFiles(
          F.pipe(
            readTable(root, ['metadata.csv'], 'metadata.csv and the folders of images'),
            TE.chainEitherK(({ file, text }) => describeWaterbirds(text, { folder: root, file, ...options })),
          ),
        );
      }
      return F.pipe(
        listShards(root),
        TE.chain((shards) => indexRecords(shards, scratch.path, waterbirdsRecord)),
        TE.chainEitherK((indexed) =>
          describeDataset({
            name: 'Waterbirds',
            classes: WATERBIRDS_CLASSES,
            subgroups: WATERBIRDS_SUBGROUPS,
            entries: indexed.map(({ image, value }) => ({ image, ...value })),
            ...options,
          }),
        ),
      );
    }),
  );
}

/** What the folders of CelebA's splits are called. */
const CELEBA_FOLDERS: Readonly<Record<SplitName, string>> = {
  train: 'train',
  validation: 'val',
  test: 'test',
};

/** The shards of a split: none where there is no folder, if it is not that of training. */
const celebaShards = (root: string, split: SplitName): TE.TaskEither<DataError, readonly string[]> => {
  const shards = join(root, CELEBA_FOLDERS[split]);
  return F.pipe(
    TE.fromTask(() => namesIn(shards)),
    TE.chain((names) => (names === null && split !== 'train' ? TE.right([]) : listShards(shards))),
  );
};

const CELEBA_LAYOUT = 'list_attr_celeba, list_eval_partition (.txt or .csv) and img_align_celeba';

function celeba(settings: DatasetSettings & { readonly kind: 'celeba' }, scratch: ScratchFolder): Described {
  const { root, layout, y = 'Blond_Hair', z = 'Male', limits, groupSizes } = settings;
  const options: CelebaOptions = {
    label: y,
    subgroup: z,
    required: TRAINING,
    ...(limits === undefined ? {} : { limits }),
    ...(groupSizes === undefined ? {} : { groupSizes }),
  };
  const tables = (name: string) => [`${name}.txt`, `${name}.csv`];
  const fromTables = F.pipe(
    TE.Do,
    TE.bind('attributes', () => readTable(root, tables('list_attr_celeba'), CELEBA_LAYOUT)),
    TE.bind('partition', () => readTable(root, tables('list_eval_partition'), CELEBA_LAYOUT)),
    TE.chainEitherK(({ attributes, partition }) =>
      describeCeleba(
        {
          attributes: attributes.text,
          attributesFile: attributes.file,
          partition: partition.text,
          partitionFile: partition.file,
          folder: join(root, 'img_align_celeba'),
        },
        options,
      ),
    ),
  );
  const fromRecords = F.pipe(
    SPLITS,
    TE.traverseSeqArray((split) =>
      F.pipe(
        celebaShards(root, split),
        TE.chain((shards) =>
          indexRecords(shards, scratch.path, (features, where) => celebaRecord(features, where, options)),
        ),
        TE.map((indexed) => indexed.map(({ image, value }): LabelledEntry => ({ image, ...value, split }))),
      ),
    ),
    TE.chainEitherK((splits) => describeCelebaEntries(splits.flat(), options)),
  );
  return F.pipe(
    holdsRecords(root, layout, tables('list_attr_celeba')),
    TE.chain((records) => (records ? fromRecords : checkFiles(fromTables))),
  );
}

function folder(settings: DatasetSettings & { readonly kind: 'folder' }): Described {
  const { root, table = 'metadata.csv', required = TRAINING } = settings;
  return checkFiles(
    F.pipe(
      readTable(root, [table], `${table} and the images that it names`),
      TE.chainEitherK(({ file, text }) =>
        describeTable(text, { ...settings, required, name: table, file, folder: root }),
      ),
    ),
  );
}

/** The data set with subgroups for classes: what is learnt changes, groups stay what they are. */
function learnSubgroups(dataset: Dataset): Dataset {
  const swapped = (split: SplitName) =>
    dataset.splits[split].map((example) => ({ ...example, label: example.subgroup }));
  return {
    ...dataset,
    classes: dataset.subgroups,
    splits: { train: swapped('train'), validation: swapped('validation'), test: swapped('test') },
  };
}

/**
 * Opens a data set. Only its training images must be there, unless the settings of a folder require more.
 *
 * @param settings Which one, and where it lies.
 * @returns The data set; or which file is missing, which line of a table or which record is wrong.
 * @example
 * ```ts
 * import { mkdtemp, rm, writeFile } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { encodePng } from 'model-patching/data';
 * import { openDataset } from 'model-patching/node';
 * const root = await mkdtemp(join(tmpdir(), 'pets-'));
 * await writeFile(join(root, 'a.png'), encodePng({ height: 1, width: 1, channels: 1, pixels: Uint8Array.of(7) }));
 * await writeFile(join(root, 'metadata.csv'), 'filename,split,y,z\na.png,train,cat,indoors\n');
 * const opened = await openDataset({ kind: 'folder', root })();
 * if (opened._tag === 'Left') throw new Error(opened.left.found);
 * const { classes, splits } = opened.right.dataset;
 * await opened.right.close();
 * await rm(root, { recursive: true });
 * if (classes.join() !== 'cat' || splits.train.length !== 1) throw new Error('one cat expected');
 * ```
 */
export function openDataset(settings: DatasetSettings): TE.TaskEither<DataError, OpenedDataset> {
  const scratch = scratchFolder();
  const described =
    settings.kind === 'waterbirds'
      ? waterbirds(settings, scratch)
      : settings.kind === 'celeba'
        ? celeba(settings, scratch)
        : folder(settings);
  return F.pipe(
    described,
    TE.map((dataset) => ({
      dataset: settings.label === 'z' ? learnSubgroups(dataset) : dataset,
      scratch,
      close: scratch.remove,
    })),
    TE.orElse((fault) => async () => {
      await scratch.remove();
      return E.left(fault);
    }),
  );
}
