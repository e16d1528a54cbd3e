/**
 * Waterbirds, CelebA and MNIST at random, written by plain code as they are handed out: groups, splits and pixels are held
 * to what their maker knows. `DATA_SET_SEED` gives a failing seed again.
 */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { it } from 'vitest';
import { draws } from '../support/plain-pictures.ts';
import { plainExample, plainIdx, plainRecords } from '../support/plain-records.ts';
import {
  expectRead,
  fileOf,
  inFolder,
  runs,
  SPLITS,
  stored,
  write,
  type Known,
} from '../support/random-data.ts';

/** Records of images in shards: which names, and how they are compressed. */
const shards = fc.record({
  naming: fc.constantFrom(
    (i: number) => `0${i}-10240.tfrec`,
    (i: number) => `birds.TFRecord-0000${i}-of-0000N`,
    (i: number) => `birds-0000${i}-of-0000N.tfrecords`,
    (i: number) => `part ${'abc'[i]!}.tfrecord`,
  ),
  count: fc.integer({ min: 1, max: 3 }),
  isCompressed: fc.boolean(),
  folder: fc.constantFrom('', 'inner/', 'a/b c/'),
  hasByproducts: fc.boolean(),
});

type Shards = typeof shards extends fc.Arbitrary<infer A> ? A : never;

function writeShards(
  root: string,
  { naming, count, isCompressed, folder, hasByproducts }: Shards,
  records: readonly Buffer[],
) {
  const files = Math.min(count, Math.max(1, records.length));
  const each = Math.ceil(records.length / files) || 1;
  const parts = Array.from({ length: Math.max(1, Math.ceil(records.length / each)) }, (_, i) =>
    records.slice(i * each, (i + 1) * each),
  );
  parts.forEach((part, i) => {
    const bytes = plainRecords(part);
    const name = naming(i).replace('N', String(parts.length));
    write(root, `${folder}${name}${isCompressed ? '.gz' : ''}`, isCompressed ? gzipSync(bytes) : bytes);
  });
  if (!hasByproducts) return;
  write(root, `${folder}._${naming(0).replace('N', String(parts.length))}`, 'of a Mac');
  write(root, `__MACOSX/${naming(0)}`, 'of a Mac');
}

/** Images of two classes and subgroups, the first of them of training. */
const binary = fc
  .array(fc.record({ y: fc.nat(1), z: fc.nat(1), split: fc.constantFrom(...SPLITS), file: stored }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((all) => all.map((image, i) => (i === 0 ? { ...image, split: 'train' as const } : image)));
const size = fc.integer({ min: 1, max: 20 });
const orientations = fc.constantFrom<'upright' | 'stored'>('upright', 'stored');

/** Binary images as files of a square size, and what is known of them. */
const drawn = (
  all: typeof binary extends fc.Arbitrary<infer A> ? A : never,
  side: number,
  orientation: 'upright' | 'stored',
  format: 'jpeg' | 'png' | 'any' = 'any',
) =>
  all.map(({ file, ...image }) => {
    const shape = { height: side, width: side, channels: 3 } as const;
    const made = fileOf(shape, file, format);
    const asStored = fileOf(shape, { ...file, orientation: 1 }, format).shown;
    return { ...image, ...made, pixels: orientation === 'upright' ? made.shown : asStored };
  });

it('Waterbirds, as a folder and as records', { timeout: 600_000 }, async () => {
  const birds = fc.record({
    all: binary,
    side: size,
    orientation: orientations,
    shards,
    isFolder: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(birds, ({ all, side, orientation, shards: how, isFolder }) =>
      inFolder(async (root) => {
        const known = drawn(all, side, orientation);
        if (isFolder) {
          const lines = known.map(({ y, z, split, bytes }, i) => {
            const name = `00${i}.Some_bird/Bird_${i}.jpg`;
            write(root, name, bytes);
            return `${i},${name},${y},${SPLITS.indexOf(split)},${z},/o/ocean/${i}.jpg`;
          });
          write(
            root,
            'metadata.csv',
            ['img_id,img_filename,y,split,place,place_filename', ...lines].join('\n'),
          );
        } else
          writeShards(
            root,
            how,
            known.map(({ bytes, y, z, split }, i) =>
              plainExample({ image: bytes, y, place: z, split: SPLITS.indexOf(split), img_id: i }),
            ),
          );
        await expectRead({ kind: 'waterbirds', root, size: side, orientation }, known);
      }),
    ),
    runs(25),
  );
});

/** A table of CelebA: words as handed out, or CSV in one of its forms. */
const FORMS = ['txt', 'csv', 'csv with an index', 'csv without image_id', 'csv;'] as const;

function celebaTable(
  form: (typeof FORMS)[number],
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  isAttributes: boolean,
): string {
  if (form === 'txt') {
    const head = isAttributes ? [String(rows.length), `${columns.join(' ')} `] : [];
    return [...head, ...rows.map((row) => row.join('  '))].join('\n');
  }
  const mark = form === 'csv;' ? ';' : ',';
  const header = ['image_id', ...columns];
  if (form === 'csv without image_id') header[0] = '';
  const isIndexed = form === 'csv with an index';
  return [
    isIndexed ? ['', ...header] : header,
    ...rows.map((row, i) => (isIndexed ? [String(i), ...row] : row)),
  ]
    .map((row) => row.join(mark))
    .join('\n');
}

it('CelebA, as a folder and as records', { timeout: 600_000 }, async () => {
  const faces = fc.record({
    all: binary,
    side: size,
    orientation: orientations,
    shards,
    layout: fc.constantFrom('flat', 'authors', 'records'),
    form: fc.constantFrom(...FORMS),
    splitForm: fc.constantFrom(...FORMS),
    isPng: fc.boolean(),
    isTwice: fc.boolean(),
    limit: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(
      faces,
      ({ all, side, orientation, shards: how, layout, form, splitForm, isPng, isTwice, limit }) =>
        inFolder(async (root) => {
          const known = drawn(all, side, orientation, layout === 'records' ? 'any' : isPng ? 'png' : 'jpeg');
          const nameOf = (i: number) => String(i + 1).padStart(6, '0');
          if (layout === 'records') {
            for (const [split, folder] of [
              ['train', 'train'],
              ['validation', 'val'],
              ['test', 'test'],
            ] as const) {
              const records = known.filter((image) => image.split === split);
              if (records.length > 0)
                writeShards(
                  join(root, folder),
                  { ...how, folder: '' },
                  records.map(({ bytes, y, z }) =>
                    plainExample({ Blond_Hair: y, Male: z, image: bytes, Young: 1 }),
                  ),
                );
            }
          } else {
            const [anno, evaluation, img] = layout === 'flat' ? ['', '', ''] : ['Anno/', 'Eval/', 'Img/'];
            const place = `${img}img_align_celeba${isTwice ? '/img_align_celeba' : ''}`;
            known.forEach(({ bytes, ending }, i) => write(root, `${place}/${nameOf(i)}${ending}`, bytes));
            const [one, none] = [' 1', '-1'];
            const cell = (value: number) => (value === 1 ? one.trim() : none);
            const attributes = known.map(({ y, z }, i) => [
              `${nameOf(i)}.jpg`,
              cell(1 - y),
              cell(z),
              cell(y),
            ]);
            const partition = known.map(({ split }, i) => [
              `${nameOf(i)}.jpg`,
              String(SPLITS.indexOf(split)),
            ]);
            const ending = (of: string) => (of === 'txt' ? 'txt' : 'csv');
            write(
              root,
              `${anno}list_attr_celeba.${ending(form)}`,
              celebaTable(form, ['Bald', 'Male', 'Blond_Hair'], attributes, true),
            );
            write(
              root,
              `${evaluation}list_eval_partition.${ending(splitForm)}`,
              celebaTable(splitForm, ['partition'], partition, false),
            );
          }
          const limits = limit === undefined ? {} : { y0z0: limit };
          const bySplits =
            layout === 'records'
              ? SPLITS.flatMap((split) => known.filter((image) => image.split === split))
              : known;
          await expectRead({ kind: 'celeba', root, size: side, orientation, limits }, bySplits, limits);
        }),
    ),
    runs(25),
  );
});

it('MNIST, whose files are its splits', { timeout: 600_000 }, async () => {
  const digits = fc.record({
    labels: fc.array(fc.nat(9), { minLength: 2, maxLength: 6 }),
    testLabels: fc.array(fc.nat(9), { minLength: 1, maxLength: 4 }),
    isCompressed: fc.boolean(),
    validationFraction: fc.constantFrom(0, 0.5),
    ofSeed: fc.nat(999),
  });
  await fc.assert(
    fc.asyncProperty(digits, ({ labels, testLabels, isCompressed, validationFraction, ofSeed }) =>
      inFolder(async (root) => {
        const random = draws(ofSeed);
        const made = (name: string, of: readonly number[]) => {
          const pixels = Uint8Array.from({ length: 784 * of.length }, () => random(256));
          const files = [
            [`${name}-images-idx3-ubyte`, plainIdx([of.length, 28, 28], pixels)],
            [`${name}-labels-idx1-ubyte`, plainIdx([of.length], Uint8Array.from(of))],
          ] as const;
          for (const [file, bytes] of files)
            write(root, isCompressed ? `${file}.gz` : file, isCompressed ? gzipSync(bytes) : bytes);
          return of.map((y, i) => ({ y, z: 0, within: 0, pixels: pixels.slice(784 * i, 784 * (i + 1)) }));
        };
        const [train, test] = [made('train', labels), made('t10k', testLabels)];
        const boundary =
          validationFraction === 0
            ? labels.length
            : labels.length - Math.floor(labels.length * validationFraction);
        const known: readonly Known[] = [
          ...train.map((image, i) => ({
            ...image,
            split: i < boundary ? ('train' as const) : ('validation' as const),
          })),
          ...(validationFraction === 0
            ? test.map((image) => ({ ...image, split: 'validation' as const }))
            : []),
          ...test.map((image) => ({ ...image, split: 'test' as const })),
        ];
        await expectRead({ kind: 'mnist', root, validationFraction }, known);
      }),
    ),
    runs(15),
  );
});
