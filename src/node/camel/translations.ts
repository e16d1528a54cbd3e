/**
 * Translations of the training images as record folders: for each group and each direction one folder, named as in
 * the published system — `(A-F)` for F, to the source domain, `(A-G)` for G, to the target domain — with the images
 * in the order of the group's training images.
 */
import { array as A, either as E, function as F, taskEither as TE } from 'fp-ts';
import { toBytes } from '../../augmentation/scaling.ts';
import { minusOneToOne } from '../../augmentation/scaling.ts';
import { emptyLike, type Images } from '../../augmentation/images.ts';
import type { DataError } from '../../data/data-error.ts';
import { decodeLabelledImage, encodeLabelledImage } from '../../data/example.ts';
import { decodePng, encodePng } from '../../data/png.ts';
import { gatherExamples, type Examples } from '../../training/examples.ts';
import { translateImages, type TrainedGenerator } from '../../training/generator-measure.ts';
import { interrupted, pause, type ExperimentContext } from '../experiment/context.ts';
import { replaceRecords } from '../experiment/replace-records.ts';
import { readRecordShards, removeAbandonedRecords } from '../record-files.ts';

/** The two directions with their published names. */
const DIRECTIONS = [
  { direction: 'toSource', variant: 'A-F' },
  { direction: 'toTarget', variant: 'A-G' },
] as const;

/** Both translations of every training image, aligned with them. */
export interface TranslatedImages {
  readonly toSource: Images<Uint8Array>;
  readonly toTarget: Images<Uint8Array>;
}

/** Where translations are and what they were made from. */
export interface TranslationFolder {
  readonly folder: string;
  /** JSON data; records made from other settings are refused. */
  readonly settings: unknown;
  /** The training images and the names of their groups. */
  readonly train: Examples;
  readonly groupNames: readonly string[];
}

function membersOf({ groups }: Examples, group: number): number[] {
  return Array.from(groups, (g, i) => (g === group ? i : -1)).filter((i) => i >= 0);
}

/** One folder for each direction and group. */
function parts({ groupNames }: Pick<TranslationFolder, 'groupNames'>) {
  return DIRECTIONS.flatMap(({ direction, variant }) =>
    groupNames.map((name, group) => ({ direction, group, name: `${name}(${variant})` })),
  );
}

async function* records(
  examples: Examples,
  generator: TrainedGenerator,
  { stopRequested }: Pick<ExperimentContext, 'stopRequested'>,
  onImages: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  const batchSize = 500;
  const [, height, width, channels] = examples.images.shape;
  const size = height * width * channels;
  for (let start = 0; start < examples.labels.length; start += batchSize) {
    if (stopRequested()) throw interrupted();
    const count = Math.min(batchSize, examples.labels.length - start);
    const batch = gatherExamples(
      examples,
      Array.from({ length: count }, (_, i) => start + i),
    );
    const { pixels } = toBytes(await translateImages(minusOneToOne(batch.images), generator, pause));
    for (let i = 0; i < count; i++) {
      const image = encodePng({ height, width, channels, pixels: pixels.subarray(i * size, (i + 1) * size) });
      yield encodeLabelledImage({ image, label: batch.labels[i]! });
    }
    onImages(count);
  }
}

/**
 * Translates every training image both ways and writes the record folders that are not there yet.
 *
 * @param generators F and G with the weights that the gate chose.
 * @param context A stop that is asked for ends it.
 * @param onProgress Called with the number of images translated so far, of 2 · the number of training images.
 * @throws ProgramError if a folder cannot be written (exit code 2), or a stop was asked for (75).
 */
export async function writeTranslations(
  options: TranslationFolder,
  generators: { readonly toSource: TrainedGenerator; readonly toTarget: TrainedGenerator },
  context: Pick<ExperimentContext, 'stopRequested'>,
  onProgress: (done: number) => void,
): Promise<void> {
  const { folder, settings, train } = options;
  let done = 0;
  const advance = (count: number): void => onProgress((done += count));
  await removeAbandonedRecords(folder);
  for (const { direction, group, name } of parts(options)) {
    const examples = gatherExamples(train, membersOf(train, group));
    if (E.isRight(await readRecordShards(folder, name, { settings })())) advance(examples.labels.length);
    else
      await replaceRecords(folder, name, records(examples, generators[direction], context, advance), {
        settings,
      });
  }
}

function decodeImage(
  bytes: Uint8Array,
  where: string,
  label: number,
  [, height, width, channels]: Images['shape'],
): E.Either<DataError, Uint8Array> {
  return F.pipe(
    decodeLabelledImage(bytes, where),
    E.filterOrElse(
      (example) => example.label === label,
      (example): DataError => ({
        where: `${where}, label`,
        expected: `${label}, the label of the training image`,
        found: `${example.label}`,
        cure: 'make the translations again',
      }),
    ),
    E.chain(({ image }) => decodePng(image, where)),
    E.filterOrElse(
      (image) => image.height === height && image.width === width && image.channels === channels,
      (image): DataError => ({
        where,
        expected: `an image of [${height}, ${width}, ${channels}]`,
        found: `[${image.height}, ${image.width}, ${image.channels}]`,
        cure: 'make the translations again',
      }),
    ),
    E.map(({ pixels }) => pixels),
  );
}

/** Reads what {@link writeTranslations} wrote, aligned with the training images. */
export function readTranslations(options: TranslationFolder): TE.TaskEither<DataError, TranslatedImages> {
  const { folder, settings, train } = options;
  const { shape } = train.images;
  const size = shape[1] * shape[2] * shape[3];
  const blank = (): Images<Uint8Array> => ({
    pixels: emptyLike(train.images.pixels, train.images.pixels.length),
    shape,
  });
  const translated: TranslatedImages = { toSource: blank(), toTarget: blank() };
  return F.pipe(
    parts(options),
    A.map(({ direction, group, name }) => {
      const members = membersOf(train, group);
      return F.pipe(
        readRecordShards(folder, name, { settings }),
        TE.filterOrElse(
          (shards) => shards.records.length === members.length,
          (shards): DataError => ({
            where: `${folder}/${name}`,
            expected: `${members.length} records, one for each training image`,
            found: `${shards.records.length}`,
            cure: 'delete the folder and run again',
          }),
        ),
        TE.chainEitherK((shards) =>
          F.pipe(
            members.map((member, i) => ({
              member,
              bytes: shards.records[i]!,
              where: `${folder}/${name}, record ${i}`,
            })),
            E.traverseArray(({ member, bytes, where }) =>
              E.Functor.map(decodeImage(bytes, where, train.labels[member]!, shape), (pixels) =>
                translated[direction].pixels.set(pixels, member * size),
              ),
            ),
          ),
        ),
      );
    }),
    TE.sequenceSeqArray,
    TE.map(() => translated),
  );
}
