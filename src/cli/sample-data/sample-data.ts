/**
 * Writes small stand-ins for data sets that cannot be shipped, in exactly their formats: the folder of Waterbirds, that
 * of CelebA, both also as records, and a table of skin lesions. Each data set appears whole or not at all.
 */
import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ExampleFeatures } from '../../data/example.ts';
import { encodeExample } from '../../data/example.ts';
import { fitImage } from '../../data/fit-image.ts';
import type { ByteImage } from '../../data/png.ts';
import { birdPicture } from './bird.ts';
import { facePicture } from './face.ts';
import { lesionPicture } from './lesion.ts';
import { plannedPictures, samplePlan, type PlannedPicture, type SampleName } from './plan.ts';
import { encodeTfRecords, shardFileName } from '../../data/tfrecord.ts';
import { CELEBA_ATTRIBUTES } from '../../config/schema/celeba-attributes.ts';
import { foldKey, randomKey, uniform } from '../../random/random.ts';
import { makeFolder } from '../../system/make-folder.ts';
import { ProgramError } from '../../system/program.ts';
import { isThere, readText } from '../../system/text-file.ts';
import { encodeJpeg } from '../../data/jpeg/encode-jpeg.ts';

/** Options of {@link makeSampleData}. */
export interface SampleDataOptions {
  /** Seed of the pictures, a safe integer. Default 0. */
  readonly seed?: number;
  /** Without the spurious link. Default false. */
  readonly null?: boolean;
  /** Factor of the numbers of pictures of each group, rounded, at least one. Default 1. */
  readonly share?: number;
  /** Share of the pictures' height and width, for quick tests. Default 1. */
  readonly scale?: number;
  /** Which data sets; default all. */
  readonly only?: readonly SampleName[];
  /** Told of each data set when it is written. */
  readonly onWritten?: (folder: string, pictures: number) => void;
}

type Write = (path: string, contents: string | Uint8Array) => Promise<void>;

interface Picture extends PlannedPicture {
  readonly image: ByteImage;
  readonly draws: Float32Array;
}

const DRAW = { waterbirds: birdPicture, celeba: facePicture, 'skin-lesions': lesionPicture } as const;

/** Sizes of the originals; lesions differ from one another. */
function pictureSize(name: SampleName, number: number, scale: number): readonly [number, number] {
  const [height, width] =
    name === 'waterbirds' ? [224, 224] : name === 'celeba' ? [218, 178] : [150 + 10 * (number % 4), 200];
  return [Math.max(8, Math.round(height * scale)), Math.max(8, Math.round(width * scale))];
}

function* picturesOf(name: SampleName, options: SampleDataOptions): Generator<Picture> {
  const { seed = 0, scale = 1 } = options;
  const key = foldKey(randomKey(seed), 'sample data', name);
  for (const picture of plannedPictures(samplePlan(name, options))) {
    const own = foldKey(key, picture.number);
    const image = DRAW[name](picture.y, picture.z, pictureSize(name, picture.number, scale), own);
    yield { ...picture, image, draws: uniform(foldKey(own, 'attributes'), 40) };
  }
}

const SPLIT_NUMBER = { train: 0, validation: 1, test: 2 } as const;
const int64 = (value: number): ExampleFeatures[string] => ({ kind: 'int64', values: [BigInt(value)] });
const bytes = (value: string | Uint8Array): ExampleFeatures[string] => ({
  kind: 'bytes',
  values: [typeof value === 'string' ? new TextEncoder().encode(value) : value],
});

/** The text of `sample.json`, beside the data: how it was made. */
function provenance(name: SampleName, options: SampleDataOptions): string {
  const { seed = 0, share = 1, scale = 1 } = options;
  const variant = options.null === true ? 'null' : 'spurious';
  const plan = samplePlan(name, options);
  return `${JSON.stringify({ sample: name, variant, seed, share, scale, cells: 'y0z0, y0z1, y1z0, y1z1', plan }, null, 2)}\n`;
}

async function writeWaterbirds(write: Write, records: Write, options: SampleDataOptions): Promise<number> {
  const table = ['img_id,img_filename,y,split,place,place_filename'];
  const shard: Uint8Array[] = [];
  for (const { image, number, y, z, split } of picturesOf('waterbirds', options)) {
    const species =
      y === 0 ? `${101 + (number % 3)}.Sample_Landbird` : `${1 + (number % 3)}.Sample_Waterbird`;
    const folder = species.padStart(y === 0 ? 0 : species.length + 2, '0');
    const file = `${folder}/${folder.slice(4)}_${String(number).padStart(4, '0')}.jpg`;
    const place = `/${z === 0 ? 'b/bamboo_forest' : 'o/ocean'}/${String(number).padStart(8, '0')}.jpg`;
    const jpeg = encodeJpeg(image, 92);
    await write(file, jpeg);
    table.push([number + 1, file, y, SPLIT_NUMBER[split], z, place].join());
    shard.push(
      encodeExample({
        image: bytes(jpeg),
        img_id: int64(number + 1),
        img_filename: bytes(file),
        place_filename: bytes(place),
        y: int64(y),
        split: int64(SPLIT_NUMBER[split]),
        place: int64(z),
      }),
    );
  }
  await write('metadata.csv', `${table.join('\n')}\n`);
  await records(shardFileName(0), encodeTfRecords(shard));
  return shard.length;
}

/** Forty attributes: those that the picture shows, others by chance. */
function attributesOf({ y, z, draws }: Picture): readonly number[] {
  return CELEBA_ATTRIBUTES.map((attribute, i) => {
    if (attribute === 'Blond_Hair') return y;
    if (attribute === 'Male') return z;
    if (/^(Black|Brown|Gray)_Hair$/.test(attribute)) return y === 0 && draws[i]! < 0.33 ? 1 : 0;
    if (/Shadow|Goatee|Mustache|Sideburns/.test(attribute)) return z === 1 && draws[i]! < 0.4 ? 1 : 0;
    if (/Lipstick|Makeup/.test(attribute)) return z === 0 && draws[i]! < 0.8 ? 1 : 0;
    return draws[i]! < 0.3 ? 1 : 0;
  });
}

async function writeCeleba(write: Write, records: Write, options: SampleDataOptions): Promise<number> {
  const rows: string[] = [];
  const partition: string[] = [];
  const shards: Record<number, Uint8Array[]> = { 0: [], 1: [], 2: [] };
  const side = Math.max(8, Math.round(128 * (options.scale ?? 1)));
  for (const picture of picturesOf('celeba', options)) {
    const file = `${String(picture.number + 1).padStart(6, '0')}.jpg`;
    const attributes = attributesOf(picture);
    const split = SPLIT_NUMBER[picture.split];
    await write(`img_align_celeba/${file}`, encodeJpeg(picture.image, 92));
    rows.push([file, ...attributes.map((value) => 2 * value - 1)].join());
    partition.push(`${file},${split}`);
    const stored = encodeJpeg(fitImage(picture.image, [side, side, 3], { antialias: true }), 92);
    const features = CELEBA_ATTRIBUTES.map((attribute, i) => [attribute, int64(attributes[i]!)] as const);
    shards[split]!.push(encodeExample({ image: bytes(stored), ...Object.fromEntries(features) }));
  }
  const words = (row: string) =>
    row
      .split(',')
      .map((word) => word.padStart(2))
      .join(' ');
  const header = `${rows.length}\n${CELEBA_ATTRIBUTES.join(' ')} `;
  await write('list_attr_celeba.txt', `${header}\n${rows.map(words).join('\n')}\n`);
  await write('list_attr_celeba.csv', `image_id,${CELEBA_ATTRIBUTES.join()}\n${rows.join('\n')}\n`);
  await write('list_eval_partition.txt', `${partition.map(words).join('\n').replaceAll('  ', ' ')}\n`);
  await write('list_eval_partition.csv', `image_id,partition\n${partition.join('\n')}\n`);
  for (const [split, folder] of ['train', 'val', 'test'].entries()) {
    await records(`${folder}/${shardFileName(0)}`, encodeTfRecords(shards[split]!));
  }
  return rows.length;
}

async function writeLesions(write: Write, options: SampleDataOptions): Promise<number> {
  const table = ['filename,split,diagnosis,bandage,age'];
  for (const { image, number, y, z, split, draws } of picturesOf('skin-lesions', options)) {
    const file = `images/ISIC_${String(number + 1).padStart(7, '0')}.jpg`;
    await write(file, encodeJpeg(image, 92));
    const [diagnosis, bandage] = [['benign', 'malignant'][y]!, ['without', 'with'][z]!];
    table.push([file, split, diagnosis, bandage, 20 + Math.floor(60 * draws[0]!)].join());
  }
  await write('metadata.csv', `${table.join('\n')}\n`);
  return table.length - 1;
}

/** Makes those of the folders that are not there, each at once and only when everything in all of them is written. */
async function writeWhole(
  folders: readonly string[],
  fill: (writes: readonly Write[]) => Promise<number>,
): Promise<number> {
  const temporary = folders.map((folder) => `${folder}.${randomUUID()}.tmp`);
  const writes = temporary.map((folder): Write => async (path, contents) => {
    const file = join(folder, path);
    await makeFolder(dirname(file));
    await writeFile(file, contents);
  });
  try {
    const pictures = await fill(writes);
    for (const [i, folder] of folders.entries())
      if (!(await isThere(folder))) await rename(temporary[i]!, folder);
    return pictures;
  } finally {
    for (const folder of temporary) await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Writes the sample data sets into `waterbirds`, `waterbirds-records`, `celeba`, `celeba-records` and `skin-lesions`
 * under a folder. Those that are there already stay as they are.
 *
 * @param root The folder; it is made if it is not there.
 * @param options Seed, variant, size.
 * @returns The folders that were written.
 * @throws ProgramError (exit code 2) if sample data are there that were made with other options.
 */
export async function makeSampleData(
  root: string,
  options: SampleDataOptions = {},
): Promise<readonly string[]> {
  await makeFolder(root);
  const written: string[] = [];
  const make = async (
    name: SampleName,
    folders: readonly string[],
    fill: (writes: readonly Write[]) => Promise<number>,
  ) => {
    if (options.only !== undefined && !options.only.includes(name)) return;
    const paths = folders.map((folder) => join(root, folder));
    const there = await Promise.all(paths.map(isThere));
    const whole = !there.includes(false);
    for (const path of paths.filter((_, i) => there[i])) {
      const made = await readText(join(path, 'sample.json'));
      // Data of one's own have no such file; but a program that was ended between two renames leaves one of a pair.
      if (made !== provenance(name, options) && !(whole && made === null))
        throw new ProgramError(
          `${path}: expected sample data made with the same options, found others; choose another folder, or move it away`,
          2,
        );
    }
    if (whole) return;
    const pictures = await writeWhole(paths, async (writes) => {
      for (const write of writes) await write('sample.json', provenance(name, options));
      return fill(writes);
    });
    const missing = paths.filter((_, i) => !there[i]);
    written.push(...missing);
    for (const path of missing) options.onWritten?.(path, pictures);
  };
  await make('waterbirds', ['waterbirds', 'waterbirds-records'], ([folder, records]) =>
    writeWaterbirds(folder!, records!, options),
  );
  await make('celeba', ['celeba', 'celeba-records'], ([folder, records]) =>
    writeCeleba(folder!, records!, options),
  );
  await make('skin-lesions', ['skin-lesions'], ([folder]) => writeLesions(folder!, options));
  return written;
}
