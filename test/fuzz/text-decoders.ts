/** Decoders of texts: configurations, studies, published files, overrides, tables. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { stringify } from 'yaml';
import { loadExperiment } from '../../src/config/schema/load.ts';
import { loadStudy } from '../../src/config/schema/load-study.ts';
import { describeCeleba } from '../../src/data/celeba.ts';
import { describeTable } from '../../src/data/table-dataset.ts';
import { describeWaterbirds } from '../../src/data/waterbirds.ts';
import { parseDocument } from '../../src/documents/document.ts';
import { configurationReader } from '../../src/experiment/experiment-file.ts';
import { openDataset } from '../../src/streams/open-dataset.ts';
import { readFixture } from '../support/fixture.ts';
import { anyOf, repositoryFile, repositoryFiles, textBytes, textOf, type Decoder } from './decoder.ts';
import { TEXT_MUTATIONS } from './text-mutations.ts';

const configs = (): readonly string[] => repositoryFiles('examples/configs', '.yaml');
const studies = (): readonly string[] => repositoryFiles('examples/studies', '.yaml');

interface PublishedCase {
  readonly stage?: 1 | 2;
  readonly merged?: Readonly<Record<string, unknown>>;
}

/** Configurations of the published system, each with its template. */
const publishedFiles = (): readonly Uint8Array[] =>
  readFixture<PublishedCase>('labels').cases.flatMap(({ stage, merged }) =>
    stage === undefined ? [] : [textBytes(stringify(merged))],
  );

/** A file is read as the damaged one; what it extends is the repository's, whatever its name. */
const reading = (file: Uint8Array, path: string) => {
  const { read } = configurationReader(path);
  return (name: string) => (name === path ? Promise.resolve(E.right(textOf(file))) : read(name));
};

const RULES = [
  'training.epochs=5',
  'data={ kind: celeba, size: 64 }',
  'method.kind=erm',
  'seed=3',
  'data.limits.y0z0=[1, &x {c: *x}]',
];

const CSV = [
  'filename,split,y,z\na.jpg,train,cat,in\nb.jpg,train,dog,out\n"c, ""d"".jpg",val,cat,in\nd.jpg,test,dog,in\n',
  '\ufeffsep=;\r\nfilename;split;y;z\r\n1.png;train;0;1\r\n2.png;test;1.0;0\r\n3.png;validation;0;0\r\n',
  ',filename\tsplit\ty\tz\n0\ta.jpg\ttrain\t1\t0\n',
  '"","filename","split","y","z"\n"1","a.jpg","train","x","y"\n"2","b.jpg","test","x","z"\n',
].map(textBytes);

const WATERBIRDS = [0, 1, 2].flatMap((split) =>
  ['0,0', '0,1', '1,0', '1,1'].map((yz, i) => `${split}${i},${split}/${i}.jpg,${yz},${split}`),
);

const ATTRIBUTES = `12\nMale Blond_Hair\n${Array.from(
  { length: 12 },
  (_, i) => `${i}.jpg ${2 * (i & 1) - 1}  ${2 * ((i >> 1) & 1) - 1}`,
).join('\n')}\n`;
const PARTITION = Array.from({ length: 12 }, (_, i) => `${i}.jpg ${i >> 2}`).join('\n');

const utf16 = (text: string): Uint8Array => new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le'));

export const TEXT_DECODERS: readonly Decoder[] = [
  {
    name: 'yaml',
    of: 'src/documents/document.ts, nesting.ts',
    files: () => [...configs(), ...studies()].map(repositoryFile),
    mutations: TEXT_MUTATIONS,
    run: (file) => parseDocument(textOf(file), 'file.yaml'),
  },
  {
    name: 'experiment',
    of: 'src/documents, src/config/schema',
    files: () => configs().map(repositoryFile),
    mutations: TEXT_MUTATIONS,
    run: async (file) => {
      const path = 'examples/configs/stage-2/waterbirds/damaged.yaml';
      const loaded = await loadExperiment(path, reading(file, path));
      return E.isRight(loaded) ? loaded.right.resolve({ DATA: '/data' }) : loaded;
    },
    share: 4,
  },
  {
    name: 'study',
    of: 'src/config/schema/load-study.ts, study.ts',
    files: () => studies().map(repositoryFile),
    mutations: TEXT_MUTATIONS,
    run: (file) => {
      const path = 'examples/studies/mnist-correlation/damaged.yaml';
      return loadStudy(path, reading(file, path));
    },
    share: 10,
  },
  {
    name: 'published',
    of: 'src/config/published',
    files: publishedFiles,
    mutations: TEXT_MUTATIONS,
    run: (file) => {
      const read = (name: string) => Promise.resolve(E.right(name === 'damaged.yaml' ? textOf(file) : null));
      return loadExperiment('damaged.yaml', read);
    },
    share: 5,
  },
  {
    name: 'override',
    of: 'src/documents/overrides.ts',
    files: () => RULES.map(textBytes),
    mutations: TEXT_MUTATIONS,
    run: (file) => {
      const text =
        'version: 1\nkind: stage-2\ndata: { kind: celeba }\nmethod: { kind: group-dro }\nnetwork: { kind: small-cnn }';
      const read = () => Promise.resolve(E.right(text));
      return loadExperiment('a.yaml', read, { overrides: [textOf(file)] });
    },
    share: 4,
  },
  {
    name: 'csv',
    of: 'src/data/csv.ts, csv-header.ts, table-dataset.ts, table-columns.ts',
    files: () => CSV,
    mutations: TEXT_MUTATIONS,
    run: (file) => describeTable(textOf(file), { required: ['train'] }),
  },
  {
    name: 'waterbirds',
    of: 'src/data/waterbirds.ts',
    files: () => [textBytes(['img_id,img_filename,y,place,split', ...WATERBIRDS].join('\n'))],
    mutations: TEXT_MUTATIONS,
    run: (file) => describeWaterbirds(textOf(file)),
  },
  {
    name: 'celeba',
    of: 'src/data/celeba.ts',
    files: () => [
      textBytes(ATTRIBUTES),
      textBytes(ATTRIBUTES.replace('12\n', 'image_id ').replaceAll(/ +/g, ',')),
    ],
    mutations: TEXT_MUTATIONS,
    run: (file) =>
      anyOf(
        describeCeleba({ attributes: textOf(file), partition: PARTITION }),
        describeCeleba({ attributes: ATTRIBUTES, partition: textOf(file) }),
      ),
  },
  {
    name: 'table-folder',
    of: 'src/streams/read-table.ts, open-dataset.ts',
    files: () => [...CSV, ...CSV.map((file) => utf16(textOf(file)))],
    mutations: TEXT_MUTATIONS,
    run: async (file, folder) => {
      for (const image of ['a.jpg', 'b.jpg', '1.png', '3.png']) writeFileSync(join(folder, image), '');
      writeFileSync(join(folder, 'metadata.csv'), file);
      const opened = await openDataset({ kind: 'folder', root: folder });
      if (E.isRight(opened)) await opened.right.close();
      return opened;
    },
  },
];
