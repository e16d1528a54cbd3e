/** Decoders of records: TFRecord framing, examples, compressed shards, manifests. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { either as E } from 'fp-ts';
import {
  decodeExample,
  decodeLabelledImage,
  encodeExample,
  encodeLabelledImage,
} from '../../src/data/example.ts';
import { encodePng } from '../../src/data/png.ts';
import { decodeTfRecords, encodeTfRecords } from '../../src/data/tfrecord.ts';
import { waterbirdsRecord } from '../../src/data/waterbirds.ts';
import { readRecordShards } from '../../src/streams/record-files.ts';
import { indexRecords } from '../../src/streams/record-index.ts';
import { decodeManifest, settingsHash, sha256 } from '../../src/streams/record-manifest.ts';
import { readFixture } from '../support/fixture.ts';
import { bombOf } from './bombs.ts';
import { anyOf, textBytes, type Decoder } from './decoder.ts';
import { BYTE_MUTATIONS, type Mutation } from './mutations.ts';
import { repairRecords } from './repairs.ts';
import { TEXT_MUTATIONS } from './text-mutations.ts';

const grey = (side: number): Uint8Array =>
  encodePng({ height: side, width: side, channels: 1, pixels: new Uint8Array(side * side).fill(side) });

const EXAMPLES: readonly Uint8Array[] = [
  encodeLabelledImage({ image: grey(4), label: 1 }),
  encodeExample({
    y: { kind: 'int64', values: [1n] },
    place: { kind: 'int64', values: [0n, -5n, 2n ** 62n] },
    weights: { kind: 'float', values: [0.5, -1, Infinity] },
    image: { kind: 'bytes', values: [grey(3), textBytes('b')] },
    nothing: { kind: 'none' },
  }),
];

/** Records that TensorFlow wrote. */
const written = readFixture<{ readonly shards?: readonly { readonly base64: string }[] }>(
  'records',
).cases.flatMap(({ shards = [] }) =>
  shards.map(({ base64 }) => new Uint8Array(Buffer.from(base64, 'base64'))),
);

const SHARDS: readonly Uint8Array[] = [
  encodeTfRecords(EXAMPLES),
  encodeTfRecords([1, 2, 3, 4].map((side) => encodeLabelledImage({ image: grey(side), label: side & 1 }))),
  encodeTfRecords([]),
  ...written,
];

/** A record of zeros, packed. */
const zeroRecords = (size: number): Uint8Array => encodeTfRecords([new Uint8Array(size)]);
const RECORD_BOMBS = [2 ** 20, 2 ** 26].map((size) => new Uint8Array(gzipSync(zeroRecords(size))));

/** Packs a file, or a mass of zeros, or of records. */
const pack: Mutation = (file, draws) => {
  if (draws.chance(0.98)) return new Uint8Array(gzipSync(file, { level: 1 }));
  return draws.chance(0.5) ? bombOf('gzip', draws.one([2 ** 20, 2 ** 27])) : draws.one(RECORD_BOMBS);
};

const PACKED = [...BYTE_MUTATIONS, ...Array.from({ length: 4 }, () => pack)];

const MANIFEST = textBytes(
  JSON.stringify(
    {
      format: 1,
      settingsHash: settingsHash({ seed: 1 }),
      settings: { seed: 1 },
      count: 2,
      shardSize: 10,
      shards: [{ file: '00-10.tfrec', count: 2, bytes: 100, sha256: sha256('') }],
    },
    null,
    2,
  ),
);

/** How many records a shard holds; none where it is damaged. */
function countOf(shard: Uint8Array): number {
  try {
    const plain = shard[0] === 0x1f ? new Uint8Array(gunzipSync(shard, { maxOutputLength: 2 ** 20 })) : shard;
    const records = decodeTfRecords(plain);
    return E.isRight(records) ? records.right.length : 0;
  } catch {
    return 0;
  }
}

/** A record folder whose only shard is a file; the manifest fits it. */
async function readFolder(shard: Uint8Array, folder: string): Promise<unknown> {
  const settings = { seed: 1 };
  const count = countOf(shard);
  const shards = [{ file: '00-10.tfrec', count, bytes: shard.length, sha256: sha256(shard) }];
  const manifest = {
    format: 1,
    settingsHash: settingsHash(settings),
    settings,
    count,
    shardSize: 10,
    shards,
  };
  mkdirSync(join(folder, 'records'));
  writeFileSync(join(folder, 'records', '00-10.tfrec'), shard);
  writeFileSync(join(folder, 'records', 'manifest.json'), JSON.stringify(manifest));
  return readRecordShards(folder, 'records', { settings });
}

async function index(shard: Uint8Array, folder: string): Promise<unknown> {
  const [path, scratch] = [join(folder, '00-10.tfrec'), join(folder, 'scratch')];
  writeFileSync(path, shard);
  mkdirSync(scratch);
  const found = await indexRecords([path], () => Promise.resolve(scratch), E.right);
  const left = readdirSync(scratch);
  if (E.isLeft(found) && left.length > 0) throw new Error(`half-written output is left: ${left.join()}`);
  return found;
}

export const RECORD_DECODERS: readonly Decoder[] = [
  {
    name: 'tfrecord',
    of: 'src/data/tfrecord.ts',
    files: () => SHARDS,
    repair: repairRecords,
    run: (file) => decodeTfRecords(file),
  },
  {
    name: 'example',
    of: 'src/data/example.ts, record-features.ts',
    files: () => EXAMPLES,
    run: (file) => {
      const features = decodeExample(file);
      if (E.isRight(features)) waterbirdsRecord(features.right, 'record 0');
      return anyOf<E.Either<unknown, unknown>>(features, decodeLabelledImage(file));
    },
  },
  {
    name: 'shard',
    of: 'src/streams/record-index.ts',
    files: () => [...SHARDS, ...SHARDS.map((file) => new Uint8Array(gzipSync(file)))],
    mutations: PACKED,
    repair: repairRecords,
    run: index,
  },
  {
    name: 'record-folder',
    of: 'src/streams/record-files.ts',
    files: () => [...SHARDS, ...SHARDS.map((file) => new Uint8Array(gzipSync(file)))],
    mutations: PACKED,
    repair: repairRecords,
    run: readFolder,
  },
  {
    name: 'manifest',
    of: 'src/streams/record-manifest.ts',
    files: () => [MANIFEST],
    mutations: TEXT_MUTATIONS,
    run: (file) => decodeManifest('manifest.json', file),
  },
];
