/**
 * Tables at random, written by plain code in every way that people write them: the group table, the splits and the pixels
 * of every image are held to what their maker knows. `DATA_SET_SEED` gives a failing seed again.
 */
import fc from 'fast-check';
import { join } from 'node:path';
import { it } from 'vitest';
import { draws } from '../support/plain-pictures.ts';
import { expectRead, fileOf, inFolder, runs, shapes, SPLITS, stored, write } from '../support/random-data.ts';

const images = fc.record({ y: fc.nat(2), z: fc.nat(2), split: fc.constantFrom(...SPLITS), file: stored });

const STEMS = [
  'a',
  'IMG_0001',
  'ein bild',
  'große Möwe',
  'cafe\u0301',
  '鳥',
  "l'oiseau",
  'a;b',
  'c,d',
  'say "hi"',
  'tab',
  '50%',
  '#1',
  'x.y',
  '..z',
  '-',
  '🐦',
];
const FOLDERS = ['', 'images/', 'a b/', 'Été/sub/', 'x /', '.hidden/', '1;2/'];
const CLASSES = [
  ['cat', 'dog', 'bird'],
  ['ein Hund', 'Käfer', 'é,è'],
  ['1', '2', '3'],
  ['10', '9', 'other'],
  ['True', 'False', 'NA'],
  ['a "b"', "it's", '#'],
] as const;
const COLUMNS: readonly (readonly [string, string, string, string])[] = [
  ['filename', 'split', 'y', 'z'],
  ['Bild', 'Größe', 'a, b', 'z z'],
  ['image_id', 'fold', 'label "y"', 'x;y'],
];

const tables = fc.record({
  shape: shapes,
  rows: fc.array(
    fc.record({
      image: images,
      stem: fc.constantFrom(...STEMS),
      folder: fc.constantFrom(...FOLDERS),
      ending: fc.constantFrom('.jpg', '.JPG', '.jpeg', '.png', '.PNG', '.Png', ''),
      spelling: fc.constantFrom('plain', 'dot', 'slashes', 'backslash', 'detour', 'blanks'),
      isLeftOut: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
    }),
    { minLength: 1, maxLength: 9 },
  ),
  delimiter: fc.constantFrom('comma', 'semicolon', 'tab'),
  isSaid: fc.boolean(),
  isSep: fc.boolean(),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  isEnded: fc.boolean(),
  text: fc.constantFrom('utf-8', 'utf-8 with a mark', 'utf-16'),
  quotes: fc.constantFrom('needed', 'all'),
  index: fc.constantFrom('none', 'named', 'unnamed', 'not counted'),
  columns: fc.constantFrom(...COLUMNS),
  order: fc.nat(9999),
  others: fc.nat(2),
  classes: fc.constantFrom(...CLASSES),
  subgroups: fc.constantFrom(...CLASSES),
  cells: fc.constantFrom('names', 'positions', 'floats', 'blanks'),
  splits: fc.constantFrom<readonly [string, string, string]>(
    ['train', 'validation', 'test'],
    ['Training', 'VAL', 'Test'],
    ['0', '1', '2'],
    ['übung', 'dev 2', 'x'],
  ),
  addsEnding: fc.boolean(),
  imageFolder: fc.constantFrom('', 'pictures', 'pictures/all of them', 'bilder/'),
  limits: fc.dictionary(fc.constantFrom('y0z0', 'y1z2', 'y2z1'), fc.integer({ min: 1, max: 3 }), {
    maxKeys: 2,
  }),
});

type Table = typeof tables extends fc.Arbitrary<infer A> ? A : never;

const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t' } as const;

/** A table's rows with names that are all different, the first of them of training. */
const rowsOf = ({ rows, addsEnding }: Table) =>
  rows.map(({ stem, folder, ending, image, ...row }, i) => ({
    ...row,
    image: i === 0 ? { ...image, split: 'train' as const } : image,
    isLeftOut: row.isLeftOut && i > 0,
    name: `${folder}${stem}${i}`,
    ending: addsEnding ? '.JPG' : ending,
  }));

/** A name as a table may spell it. */
function spelt(name: string, spelling: Table['rows'][number]['spelling']): string {
  if (spelling === 'dot') return `./${name}`;
  if (spelling === 'slashes') return name.replaceAll('/', '//');
  if (spelling === 'backslash') return name.replaceAll('/', '\\');
  if (spelling === 'detour') return `elsewhere/../${name}`;
  return spelling === 'blanks' ? ` ${name}  ` : name;
}

/** The cell of a class: its name, or its place where no name is a number. */
function cellOf(names: readonly string[], i: number, cells: Table['cells']): string {
  const isNumeric = names.some((name) => Number.isFinite(Number(name)));
  if (cells === 'positions' && !isNumeric) return String(i);
  if (cells === 'floats')
    return isNumeric ? (Number.isFinite(Number(names[i])) ? `${names[i]!}.0` : names[i]!) : `${i}.0`;
  return cells === 'blanks' ? `  ${names[i]!} ` : names[i]!;
}

/** The text of a table. */
function tableText(table: Table, rows: ReturnType<typeof rowsOf>): string {
  const { delimiter, quotes, index, columns, order, others, classes, subgroups, cells, splits, addsEnding } =
    table;
  const random = draws(order);
  const ranks = Array.from({ length: 4 + others }, () => random(1000));
  const places = [...ranks.keys()].sort((a, b) => ranks[a]! - ranks[b]!);
  const mark = DELIMITERS[delimiter];
  const quoted = (cell: string): string =>
    quotes === 'all' || /["\r\n,;\t]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  const line = (first: string | null, fields: readonly string[]): string =>
    [...(first === null ? [] : [first]), ...places.map((place) => fields[place]!)].map(quoted).join(mark);
  const header = line(index === 'named' ? 'nr' : index === 'unnamed' ? '' : null, [
    ...columns,
    'other',
    'another',
  ]);
  const lines = rows.map(({ name, ending, image, isLeftOut, spelling }, i) =>
    line(index === 'none' ? null : String(i), [
      spelt(addsEnding ? name : name + ending, spelling),
      splits[SPLITS.indexOf(image.split)]!,
      isLeftOut ? '' : cellOf(classes, image.y, cells),
      cellOf(subgroups, image.z, cells),
      'of no use',
      'likewise, "it"',
    ]),
  );
  const end = table.lineEnd;
  return `${table.isSep && !table.isSaid ? `sep=${mark}${end}` : ''}${[header, ...lines].join(end)}${table.isEnded ? end : ''}`;
}

function encoded(text: string, as: Table['text']): Buffer {
  if (as === 'utf-16') return Buffer.from(`\ufeff${text}`, 'utf16le');
  return Buffer.from(as === 'utf-8' ? text : `\ufeff${text}`);
}

it('a folder with a table', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(tables, (table) =>
      inFolder(async (root) => {
        const rows = rowsOf(table);
        const { shape, columns, classes, subgroups, splits, imageFolder, limits, delimiter } = table;
        const known = rows.map(({ name, ending, image: { file, ...image } }) => {
          const { bytes, shown, within } = fileOf(shape, file);
          write(join(root, imageFolder), name + ending, bytes);
          return { ...image, pixels: shown, within };
        });
        write(root, 'list.csv', encoded(tableText(table, rows), table.text));
        const hasLeftOut = rows.some(({ isLeftOut }) => isLeftOut);
        const used = rows.flatMap(({ isLeftOut }, i) => (isLeftOut ? [] : [known[i]!]));
        const [filename, split, y, z] = columns;
        const settings = {
          kind: 'folder',
          root,
          table: 'list.csv',
          columns: { filename, split, y, z },
          classes,
          subgroups,
          imageFolder,
          image: shape,
          limits,
          splits: { train: [splits[0]], validation: splits[1], test: [splits[2], 'never'] },
          ...(table.isSaid && { delimiter }),
          ...(table.addsEnding && { extension: '.JPG' }),
          ...(hasLeftOut && { leaveOut: { [y]: [''] } }),
        };
        await expectRead(settings, used, limits);
      }),
    ),
    runs(60),
  );
});
