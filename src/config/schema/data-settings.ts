/**
 * Data sets: what is read, from where, and how many images of each group. A group is a class y and a subgroup z; it is
 * written `y0z1` in a file and `(Y=0)(Z=1)` in reports, and is not named anywhere else.
 */
import * as t from 'io-ts';
import { cellValue } from '../../data/cell-values.ts';
import {
  belowOne,
  integer,
  naturalNumber,
  nullable,
  positiveInteger,
  refine,
  unitInterval,
} from '../codecs.ts';
import { CELEBA_ATTRIBUTES } from './celeba-attributes.ts';
import { choice, listOf, required, section, setting, variants } from './section.ts';
import { cell, distinct, groupCounts, oneOrMore, path } from './values.ts';

const corruption = choice('zigzag', 'dottedLine');
const corruptionSeed = setting(
  'Seed of the corruptions. Stage 1 and stage 2 need the same one to see the same images.',
  integer,
  0,
);
const mnistRoot = setting('Folder of the four MNIST files, plain or gzipped.', path, '${DATA}/mnist');
const label = setting(
  'What the classifier learns: y, or the subgroup z (groups stay what they are).',
  choice('y', 'z'),
  'y',
);
const limits = setting(
  'Most training images of a group, by group, e.g. { y0z0: 4054 }; the first ones are kept. Groups that are not named keep all.',
  groupCounts,
  {},
);
const skipDamaged = setting(
  'Damaged images that are skipped, counted and listed before the run gives up; images.',
  naturalNumber,
  0,
);
const size = (pixels: number) =>
  setting('Height and width; stored images of another size are resized; pixels.', positiveInteger, pixels);
const layout = setting(
  'Record shards, or the original folder of images and tables; auto looks for either.',
  choice('auto', 'records', 'folder'),
  'auto',
);

const orientation = setting(
  'upright: images are turned as their Exif or XMP orientation says; stored: they are left as they are stored, as published.',
  choice('upright', 'stored'),
  'upright',
);

/** How many images the groups of MNIST-Correlation have. */
const fourCounts = (common: number, rare: number) => ({
  y0z0: setting('Even digits, clean; images.', positiveInteger, common),
  y0z1: setting('Even digits, corrupted; images.', positiveInteger, rare),
  y1z0: setting('Odd digits, clean; images.', positiveInteger, rare),
  y1z1: setting('Odd digits, corrupted; images.', positiveInteger, common),
});
const partCounts = (common: number, rare: number) =>
  section('images of each group', fourCounts(common, rare));

/** How many images of each group MNIST-Correlation has. */
const mnistSizes = variants('sizes', {
  counts: fourCounts(19_800, 200),
  correlation: {
    probability: setting('Share of each class whose subgroup equals its class.', unitInterval, 0.99),
    images: setting('Of all groups together; half of them of each class.', positiveInteger, 40_000),
  },
  balanced: {
    images: setting('Of each subgroup; half of them of each class.', positiveInteger, 200),
  },
  parts: {
    training: setting('Training images of each group.', partCounts(2400, 24), {}),
    validation: setting('Validation images of each group.', partCounts(250, 250), {}),
    gate: setting(
      'Digits that no other part holds, for the gate of stage 1.',
      section('gate', {
        training: setting('Of each group, that its classifiers may learn from.', positiveInteger, 2500),
        heldOut: setting(
          'Of each group, that it may translate and judge.',
          refine(positiveInteger, (images) => images >= 2, 'an integer above 1'),
          250,
        ),
      }),
      {},
    ),
  },
});

const folderImage = section('image', {
  height: required('Height to which images are resized, pixels.', positiveInteger, 128),
  width: required('Width to which images are resized, pixels.', positiveInteger, 128),
  channels: setting(
    '3 for colour, 1 for grey.',
    refine(positiveInteger, (n) => n === 1 || n === 3, '1 or 3'),
    3,
  ),
});

const columns = section('columns', {
  filename: setting('Column with the path of the image below `root`.', t.string, 'filename'),
  split: setting('Column that says to which split it belongs.', t.string, 'split'),
  y: setting('Column of the class.', t.string, 'y'),
  z: setting('Column of the subgroup.', t.string, 'z'),
});

const cells = (example: string) =>
  refine(
    listOf(cell, 'values'),
    (values) => values.length > 0 && new Set(values.map(cellValue)).size === values.length,
    `a list of values, each once, e.g. ${example}`,
  );
const splits = section('splits', {
  train: setting('Values in the split column that mean training.', oneOrMore(cells('[tr]')), [
    'train',
    'training',
  ]),
  validation: setting('Values that mean validation.', oneOrMore(cells('[va]')), [
    'validation',
    'val',
    'valid',
    'dev',
  ]),
  test: setting('Values that mean test.', oneOrMore(cells('[te]')), ['test', 'testing']),
});

const leaveOut: t.Type<Readonly<Record<string, readonly string[]>>> = t.record(
  t.string,
  oneOrMore(cells('[unknown, ""]')),
  'values by column, e.g. { sex: [unknown, ""], site: 3 }',
);

/** The data of an experiment. */
export const DataCodec = variants('data', {
  'mnist-correlation': {
    root: mnistRoot,
    corruption: setting('What makes subgroup 1.', corruption, 'zigzag'),
    corruptionSeed,
    drawSeed: setting(
      'Seed of which digits training, validation, test and gate take; null: the first and the last ones, as published.',
      nullable(integer),
      null,
    ),
    sizes: setting(
      'Images of each group: training and validation together by one number each, a correlation, or all alike; or part by part.',
      mnistSizes,
      { kind: 'counts' },
    ),
    validationFraction: setting(
      'Share of the sizes, and of MNIST’s training images, that is for validation; with sizes by parts, of the latter only.',
      belowOne,
      0.5,
    ),
    splits: setting(
      'disjoint: no image in two parts. published: stage 1’s target images are also validation images of stage 2, and each test image appears clean and corrupted.',
      choice('disjoint', 'published'),
      'disjoint',
    ),
    testImages: setting('Test images of each group; null takes all.', nullable(positiveInteger), null),
    label,
  },
  mnist: {
    root: mnistRoot,
    corruption: setting(
      'What makes subgroup 1, a second copy of every digit; with none there is subgroup 0 only.',
      choice('none', 'zigzag', 'dottedLine'),
      'none',
    ),
    corruptionSeed,
    validationFraction: setting(
      'Share of the training images that is for validation; 0 takes the test images for both.',
      belowOne,
      0,
    ),
    limits,
  },
  waterbirds: {
    root: setting(
      'Folder of the record shards, or of metadata.csv and the images.',
      path,
      '${DATA}/waterbirds',
    ),
    layout,
    size: size(224),
    orientation,
    limits,
    label,
    skipDamaged,
  },
  celeba: {
    root: setting(
      'Folder of train, val and test records, or of the tables and img_align_celeba.',
      path,
      '${DATA}/celeba',
    ),
    layout,
    y: setting('Attribute that is the class.', choice(...CELEBA_ATTRIBUTES), 'Blond_Hair'),
    z: setting('Attribute that is the subgroup.', choice(...CELEBA_ATTRIBUTES), 'Male'),
    size: size(128),
    orientation,
    limits,
    groupSizes: setting(
      'Sizes that steps per epoch and the adjustment C/√n use: those of the images used, or those before the limits, as published.',
      choice('used', 'published'),
      'used',
    ),
    label,
    skipDamaged,
  },
  folder: {
    root: required('Folder of the table and the images.', path, '${DATA}/my-images'),
    table: setting('CSV table below `root`, one row an image, with a header.', path, 'metadata.csv'),
    delimiter: setting(
      'What separates the columns of the table; auto finds it by the columns that the header must name.',
      choice('auto', 'comma', 'semicolon', 'tab'),
      'auto',
    ),
    columns: setting('Names of the columns; "" is the first one without a name.', columns, {}),
    splits: setting('What the split column holds.', splits, {}),
    extension: setting('Put behind every file’s name, e.g. .jpg for a table of ids.', t.string, ''),
    required: setting(
      'Splits that must hold images.',
      distinct(
        listOf(choice('train', 'validation', 'test'), 'splits'),
        'a list of "train", "validation" and "test"',
      ),
      ['train'],
    ),
    leaveOut: setting(
      'Rows to leave out, by the values of any columns of the table; "" is an empty cell.',
      leaveOut,
      {},
    ),
    classes: required(
      'Values of the class column, in order: the first is class 0. The column holds these, or nothing but their positions (0, 1, …) if none of them is a number; 1.0 is 1.',
      cells('[benign, malignant]'),
      ['benign', 'malignant'],
    ),
    subgroups: required(
      'Values of the subgroup column, in order and likewise: the first is subgroup 0.',
      cells('[without, with]'),
      ['without', 'with'],
    ),
    imageFolder: setting(
      'Folder of the images below `root`, e.g. images where the table names files without it.',
      t.string,
      '',
    ),
    image: required('Size of the images as the networks see them.', folderImage, { height: 128, width: 128 }),
    orientation,
    sixteenBitMaximum: setting(
      'Value of sixteen-bit PNG images that becomes white, for all images alike, e.g. 4095 for data of twelve bits; one that exceeds it is damaged.',
      refine(positiveInteger, (value) => value <= 65_535, 'an integer from 1 to 65535'),
      65_535,
    ),
    limits,
    skipDamaged,
  },
});

/** The data of an experiment, decoded. */
export type DataSettings = t.TypeOf<typeof DataCodec>;
