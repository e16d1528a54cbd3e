/**
 * Opens the data sets whose images lie on the disk. It finds their tables or records, describes them, and makes sure
 * that every image file is there, before a run begins.
 */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { celebaRecord, describeCelebaEntries, type CelebaOptions } from '../data/celeba.ts';
import type { Delimiter } from '../data/csv-header.ts';
import { refuse, shortFault, type DataError } from '../data/data-error.ts';
import {
  describeDataset,
  SPLITS,
  type Dataset,
  type GroupLimits,
  type LabelledEntry,
  type SplitName,
} from '../data/dataset.ts';
import { describeTable, type TableOptions } from '../data/table-dataset.ts';
import {
  describeWaterbirds,
  WATERBIRDS_CLASSES,
  WATERBIRDS_SUBGROUPS,
  waterbirdsRecord,
} from '../data/waterbirds.ts';
import { isThere } from '../system/text-file.ts';
import { celebaFromTables, celebaTables } from './celeba-layout.ts';
import { checkFiles, entriesIn } from './check-files.ts';
import { findShards } from './list-shards.ts';
import { orNearbyFolder } from './nearby-folder.ts';
import { readTable } from './read-table.ts';
import { scratchFolder, type ScratchFolder } from './record-folder.ts';
import { indexRecords } from './record-index.ts';

/** What every data set on the disk has. */
export interface CommonDatasetSettings {
  /** Folder of the data set. */
  readonly root: string;
  /** Most training images of a group. The default is all. */
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
      /** Attributes that are class and subgroup. The default is `Blond_Hair` and `Male`. */
      readonly y?: string;
      readonly z?: string;
      readonly groupSizes?: 'used' | 'published';
    })
  | (CommonDatasetSettings &
      Pick<TableOptions, 'columns' | 'extension' | 'classes' | 'subgroups' | 'splits' | 'leaveOut'> & {
        readonly kind: 'folder';
        /** Splits that must hold images. The default is `train`. */
        readonly required?: readonly SplitName[];
        /** The table in the folder. The default is `metadata.csv`. */
        readonly table?: string;
        /** What separates the columns of the table. By default it is found. */
        readonly delimiter?: Delimiter | 'auto';
        /** The folder of the images below `root`. The default is `root` itself. */
        readonly imageFolder?: string;
      });

/** A data set whose images can be loaded until it is closed. */
export interface OpenedDataset {
  readonly dataset: Dataset;
  /** What was noticed on the way, a line each. */
  readonly notices: readonly string[];
  /** Compressed shards were expanded here. */
  readonly scratch: ScratchFolder;
  /** Removes what was expanded. */
  close(): Promise<void>;
}

type Described = Promise<E.Either<DataError, Dataset>>;

/** Takes lines about what was noticed. */
type Notice = (line: string) => void;

/** The shards of a folder; what was left out is noticed. */
async function shardsIn(folder: string, notice: Notice): Promise<E.Either<DataError, readonly string[]>> {
  const found = await findShards(folder);
  if (E.isLeft(found)) return found;
  found.right.notices.forEach(notice);
  return E.right(found.right.paths);
}

/** Whether a folder holds records, with `auto` by looking for a table. */
async function holdsRecords(
  root: string,
  layout: 'auto' | 'records' | 'folder' | undefined,
  tables: readonly string[],
): Promise<E.Either<DataError, boolean>> {
  if (layout === 'records' || layout === 'folder') return E.right(layout === 'records');
  const names = await entriesIn(root);
  return names === null
    ? refuse(
        root,
        `a folder with ${tables[0]!} and images, or with record shards`,
        'no such folder',
        'give the folder of the data set; docs/guide/data-sets.md says where to get it',
      )
    : E.right(
        (await Promise.all(tables.map((table) => isThere(join(root, table))))).every((there) => !there),
      );
}

/** Splits without which a data set is not opened: one may be trained on without being evaluated. */
const TRAINING: readonly SplitName[] = ['train'];

async function waterbirds(
  { root, layout, limits }: DatasetSettings & { readonly kind: 'waterbirds' },
  scratch: ScratchFolder,
  notice: Notice,
): Described {
  const options = { required: TRAINING, ...(limits === undefined ? {} : { limits }) };
  const records = await holdsRecords(root, layout, ['metadata.csv']);
  if (E.isLeft(records)) return records;
  if (!records.right) {
    const table = await readTable(root, ['metadata.csv'], 'metadata.csv and the folders of images');
    return checkFiles(
      E.Monad.chain(table, ({ file, text }) => describeWaterbirds(text, { folder: root, file, ...options })),
      { root },
    );
  }
  const shards = await shardsIn(root, notice);
  if (E.isLeft(shards)) return shards;
  const indexed = await indexRecords(shards.right, scratch.path, waterbirdsRecord);
  return E.Monad.chain(indexed, (images) =>
    describeDataset({
      name: 'Waterbirds',
      classes: WATERBIRDS_CLASSES,
      subgroups: WATERBIRDS_SUBGROUPS,
      entries: images.map(({ image, value }) => ({ image, ...value })),
      ...options,
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
async function celebaShards(
  root: string,
  split: SplitName,
  notice: Notice,
): Promise<E.Either<DataError, readonly string[]>> {
  const shards = join(root, CELEBA_FOLDERS[split]);
  return (await entriesIn(shards)) === null && split !== 'train' ? E.right([]) : shardsIn(shards, notice);
}

async function celebaFromRecords(
  root: string,
  options: CelebaOptions,
  scratch: ScratchFolder,
  notice: Notice,
): Described {
  const entries: LabelledEntry[] = [];
  for (const split of SPLITS) {
    const shards = await celebaShards(root, split, notice);
    if (E.isLeft(shards)) return shards;
    const indexed = await indexRecords(shards.right, scratch.path, (features, where) =>
      celebaRecord(features, where, options),
    );
    if (E.isLeft(indexed)) return indexed;
    for (const { image, value } of indexed.right) entries.push({ image, ...value, split });
  }
  return describeCelebaEntries(entries, options);
}

async function celeba(
  settings: DatasetSettings & { readonly kind: 'celeba' },
  scratch: ScratchFolder,
  notice: Notice,
): Described {
  const { root, layout, y = 'Blond_Hair', z = 'Male', limits, groupSizes } = settings;
  const options: CelebaOptions = {
    label: y,
    subgroup: z,
    required: TRAINING,
    ...(limits === undefined ? {} : { limits }),
    ...(groupSizes === undefined ? {} : { groupSizes }),
  };
  const records = await holdsRecords(root, layout, celebaTables('list_attr_celeba'));
  if (E.isLeft(records)) return records;
  return records.right
    ? celebaFromRecords(root, options, scratch, notice)
    : celebaFromTables(root, options, notice);
}

/** What is said where a folder holds other tables than the one that is meant. */
function otherTables(entries: readonly string[]): string | undefined {
  const tables = entries.filter((name) => /^[^.].*\.(?:csv|tsv|tab|txt)$/i.test(name));
  return tables.length === 0
    ? undefined
    : `set data.table to ${tables.slice(0, 3).join(' or ')}, or give the folder of the data set`;
}

async function folder(settings: DatasetSettings & { readonly kind: 'folder' }): Described {
  const { delimiter = 'auto', ...described } = settings;
  const { root, table = 'metadata.csv', imageFolder = '', extension = '', required = TRAINING } = settings;
  const images = imageFolder === '' ? root : join(root, imageFolder);
  const read = await readTable(root, [table], `${table} and the images that it names`, otherTables);
  return checkFiles(
    E.Monad.chain(read, ({ file, text }) =>
      describeTable(text, {
        ...described,
        ...(delimiter !== 'auto' && { delimiter }),
        required,
        name: table,
        file,
        folder: images,
      }),
    ),
    { root, settings: { imageFolder, extension } },
  );
}

/** The tables by which the folder of a data set is known. */
const tablesOf = (settings: DatasetSettings): readonly string[] =>
  settings.kind === 'celeba'
    ? celebaTables('list_attr_celeba')
    : [settings.kind === 'folder' ? (settings.table ?? 'metadata.csv') : 'metadata.csv'];

function describedAsKind(settings: DatasetSettings, scratch: ScratchFolder, notice: Notice): Described {
  if (settings.kind === 'waterbirds') return waterbirds(settings, scratch, notice);
  return settings.kind === 'celeba' ? celeba(settings, scratch, notice) : folder(settings);
}

const describedBy = async (settings: DatasetSettings, scratch: ScratchFolder, notice: Notice): Described =>
  orNearbyFolder(await describedAsKind(settings, scratch, notice), settings.root, tablesOf(settings));

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
 * const opened = await openDataset({ kind: 'folder', root });
 * if (opened._tag === 'Left') throw new Error(opened.left.found);
 * const { classes, splits } = opened.right.dataset;
 * await opened.right.close();
 * await rm(root, { recursive: true });
 * if (classes.join() !== 'cat' || splits.train.length !== 1) throw new Error('one cat expected');
 * ```
 */
export async function openDataset(settings: DatasetSettings): Promise<E.Either<DataError, OpenedDataset>> {
  const scratch = scratchFolder();
  const notices: string[] = [];
  const described = await describedBy(settings, scratch, (line) => notices.push(line)).catch(
    async (error: unknown) => {
      await scratch.remove();
      throw error;
    },
  );
  if (E.isLeft(described)) {
    await scratch.remove();
    return E.left(shortFault(described.left));
  }
  const dataset = settings.label === 'z' ? learnSubgroups(described.right) : described.right;
  return E.right({ dataset, notices, scratch, close: scratch.remove });
}
