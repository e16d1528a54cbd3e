/** Decoders of weights: npy, npz, HDF5, safetensors, tfjs models, zip archives. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync, gunzipSync, crc32 } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import { readZipDirectory, unpackEntry } from '../../src/cli/native/zip.ts';
import type { DataError } from '../../src/data/data-error.ts';
import { decodeSafetensors, encodeSafetensors, restoreTree } from '../../src/runs/safetensors.ts';
import { modelWeights, readStoredModel } from '../../src/weight-files/layers-model.ts';
import { encodeNpz } from '../../src/weight-files/npz.ts';
import { decodeWeightFile } from '../../src/weight-files/weight-file.ts';
import { encodeKerasHdf5 } from '../../src/weights/keras-hdf5.ts';
import { decodeNpy, encodeNpy } from '../../src/weights/npy.ts';
import { storedValues, type StoredWeight } from '../../src/weights/stored-weight.ts';
import { matchWeights } from '../../src/weights/match-weights.ts';
import { anyOf, repositoryFile, textBytes, type Decoder } from './decoder.ts';
import { BYTE_MUTATIONS } from './mutations.ts';
import { repairSafetensors, repairZip } from './repairs.ts';
import { TEXT_MUTATIONS } from './text-mutations.ts';

/** Bytes that the weights of a network of this size may have. */
const LARGEST = 2 ** 24;

const floats = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i / 7);

const ARRAYS = [
  { name: 'conv0/kernel', shape: [3, 3, 1, 4], values: floats(36) },
  { name: 'conv0/bias', shape: [4], values: floats(4) },
];

const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

const fixture = (name: string): Uint8Array =>
  new Uint8Array(gunzipSync(repositoryFile(`test/fixtures/weights/${name}.gz`)));

/** A .npy file of doubles stored by column, with a header of version 2. */
function byColumn(): Uint8Array {
  const text = "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 4), }".padEnd(115) + '\n';
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0, text.length, 0, 0, 0]);
  return joined([head, textBytes(text), new Uint8Array(Float64Array.from(floats(12)).buffer)]);
}

/** A zip archive of one deflated array. */
function deflated(): Uint8Array {
  const array = encodeNpy([40], floats(40));
  const packed = deflateRawSync(array);
  const [plain] = [joined(encodeNpz([{ name: 'a', shape: [40], values: floats(40) }]))];
  const view = new DataView(plain.buffer);
  const start = 30 + view.getUint16(26, true);
  const tail = plain.slice(start + array.length);
  const head = plain.slice(0, start);
  for (const [part, at] of [
    [head, 8],
    [tail, 10],
  ] as const) {
    const of = new DataView(part.buffer);
    of.setUint16(at, 8, true);
    of.setUint32(at + 6, crc32(array), true);
    of.setUint32(at + 10, packed.length, true);
  }
  const end = tail.length - 22;
  new DataView(tail.buffer).setUint32(end + 16, start + packed.length, true);
  return joined([head, packed, tail]);
}

const NPZ = (): Uint8Array[] => [joined(encodeNpz(ARRAYS)), deflated()];

const HDF5 = (): Uint8Array[] => [
  joined(
    encodeKerasHdf5([
      { name: 'conv0', weights: ARRAYS },
      { name: 'none', weights: [] },
    ]),
  ),
  fixture('discriminator.h5'),
];

async function safetensors(): Promise<Uint8Array[]> {
  const tree = {
    a: tf.tensor2d([[1, 2, 3]]),
    b: { c: tf.tensor1d([1, 0], 'int32'), d: tf.tensor1d([1], 'bool') },
  };
  const ours = await encodeSafetensors(tree, { step: '3', score: '0.5' });
  tf.dispose(tree);
  const header =
    '{"w":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]},"n":{"dtype":"I64","shape":[],"data_offsets":[8,16]}}';
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return [joined(ours), joined([length, textBytes(header), new Uint8Array(16)])];
}

/** What a network of ours makes of weights: matched, and their values read. */
function used(weights: readonly StoredWeight[]): readonly Float32Array[] {
  const wanted = ARRAYS.map(({ name, shape }) => ({ layer: 'conv0', name, shape }));
  const { matched } = matchWeights(wanted, weights, 'auto');
  return matched.map(({ stored }) => storedValues(stored));
}

const weightFile = (file: Uint8Array): E.Either<DataError, unknown> =>
  E.Functor.map(decodeWeightFile(file, 'weights', LARGEST), ({ weights }) => used(weights));

function decodedTree(file: Uint8Array): E.Either<DataError, unknown> {
  const expected = { a: tf.zeros([1, 3]), b: { c: tf.zeros([2], 'int32'), d: tf.zeros([1], 'bool') } };
  const restored = E.Monad.chain(decodeSafetensors(file, 'checkpoint'), (decoded) =>
    restoreTree(decoded, expected, 'checkpoint'),
  );
  tf.dispose(expected);
  if (E.isRight(restored)) tf.dispose(restored.right);
  return restored;
}

const MODEL = textBytes(
  JSON.stringify({
    format: 'layers-model',
    generatedBy: 'TensorFlow.js',
    convertedBy: null,
    modelTopology: {
      class_name: 'Model',
      config: { name: 'm', layers: [{ class_name: 'InputLayer', config: {} }] },
    },
    weightsManifest: [
      {
        paths: ['model.weights.bin'],
        weights: ARRAYS.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
      },
    ],
  }),
);

export const WEIGHT_DECODERS: readonly Decoder[] = [
  {
    name: 'npy',
    of: 'src/weights/npy.ts',
    files: () => [encodeNpy([3, 4], floats(12)), encodeNpy([], floats(1)), byColumn()],
    mutations: [...BYTE_MUTATIONS, ...TEXT_MUTATIONS.slice(0, 4)],
    magic: 6,
    run: (file) =>
      E.Bifunctor.bimap(
        decodeNpy(file, 'array'),
        (fault) => ({ where: 'array', cure: '', ...fault }),
        (stored) => (stored.type === null ? stored : storedValues(stored)),
      ),
  },
  { name: 'npz', of: 'src/weight-files/npz.ts', files: NPZ, magic: 4, repair: repairZip, run: weightFile },
  { name: 'hdf5', of: 'src/weights/hdf5-reader.ts, keras-hdf5.ts', files: HDF5, magic: 8, run: weightFile },
  {
    name: 'safetensors',
    of: 'src/runs/safetensors.ts',
    files: safetensors,
    mutations: [...BYTE_MUTATIONS, ...TEXT_MUTATIONS.slice(0, 4)],
    magic: 8,
    repair: repairSafetensors,
    run: (file) => anyOf(decodedTree(file), weightFile(file)),
  },
  {
    name: 'weight-file',
    of: 'src/weight-files/weight-file.ts, src/weights/foreign-formats.ts',
    files: async () => [...NPZ(), ...HDF5(), ...(await safetensors()), MODEL],
    magic: 4,
    run: weightFile,
  },
  {
    name: 'tfjs-model',
    of: 'src/weight-files/layers-model.ts',
    files: () => [MODEL],
    mutations: TEXT_MUTATIONS,
    run: async (file, folder) => {
      writeFileSync(join(folder, 'model.json'), file);
      writeFileSync(join(folder, 'model.weights.bin'), new Uint8Array(160));
      const model = await readStoredModel(join(folder, 'model.json'), LARGEST);
      return E.Functor.map(model, (stored) => used(modelWeights(stored)));
    },
  },
  {
    name: 'wheel',
    of: 'src/cli/native/zip.ts',
    files: NPZ,
    magic: 4,
    repair: repairZip,
    run: async (file, folder) => {
      const path = join(folder, 'a.whl');
      writeFileSync(path, file);
      const directory = await readZipDirectory(path);
      if (E.isLeft(directory)) return directory;
      for (const entry of directory.right.values())
        // What zlib and the file system say is thrown, as its comment has it; the caller tells it in a line.
        await unpackEntry(path, entry, join(folder, 'unpacked'), new AbortController().signal).catch(
          () => undefined,
        );
      return directory;
    },
  },
];
