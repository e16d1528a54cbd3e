/** Weight files of any known format, told apart by how they begin. */
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { either as E, function as F } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { checkpointCure, FOREIGN_BYTES, foreignFormat, savedModelCure } from '../weights/foreign-formats.ts';
import { isHdf5 } from '../weights/hdf5-reader.ts';
import { decodeKerasHdf5 } from '../weights/keras-hdf5.ts';
import type { StoredType, StoredWeight } from '../weights/stored-weight.ts';
import { decodeSafetensors } from '../runs/safetensors.ts';
import { isFolder, isThere } from '../system/text-file.ts';
import { modelWeights, readStoredModel, sizeOf } from './layers-model.ts';
import { decodeNpz } from './npz.ts';

/** `hdf5`: Keras; `npz`: NumPy; `safetensors`: PyTorch and checkpoints of ours; `tfjs`: a `model.json`. */
export type WeightFormat = 'hdf5' | 'npz' | 'safetensors' | 'tfjs';

/** The tensors of a file. */
export interface WeightFile {
  readonly format: WeightFormat;
  /** They are in the order of the file. */
  readonly weights: readonly StoredWeight[];
}

const FLOATS: readonly string[] = ['float16', 'bfloat16', 'float32', 'float64'] satisfies StoredType[];

function safetensorsWeights(bytes: Uint8Array, where: string): E.Either<DataError, StoredWeight[]> {
  return F.pipe(
    decodeSafetensors(bytes, where),
    E.map(({ tensors }) =>
      [...tensors].map(([name, { dtype, shape, data }]) => ({
        name,
        shape,
        type: FLOATS.includes(dtype) ? (dtype as StoredType) : null,
        bytes: data,
      })),
    ),
    E.mapLeft((error) => ({
      ...error,
      expected: `${error.expected} (as safetensors, since it is no HDF5 or zip file)`,
      cure: /\.bin$/i.test(where)
        ? 'raw numbers of tfjs are read through the model.json beside them; fetch other files again'
        : 'fetch it again, or give a file of Keras (.h5), NumPy (.npz), safetensors or tfjs (model.json)',
    })),
  );
}

const READ = 'weights as safetensors, of Keras 1 or 2 (.h5), NumPy (.npz) or tfjs (model.json)';

/** What is said of a file in a format that is not read; null of others. */
function foreignFault(
  bytes: Uint8Array,
  where: string,
  path: string | null,
): E.Either<DataError, never> | null {
  const foreign = foreignFormat(bytes, path);
  return foreign === null ? null : refuse(where, READ, foreign.found, foreign.cure);
}

/** The tensors in the bytes of a file, whose format is told by its first bytes. */
export function decodeWeightFile(
  bytes: Uint8Array,
  where: string,
  largest: number,
): E.Either<DataError, WeightFile> {
  const as =
    (format: WeightFormat) =>
    (weights: readonly StoredWeight[]): WeightFile => ({ format, weights });
  const foreign = foreignFault(bytes, where, null);
  if (foreign !== null) return foreign;
  if (isHdf5(bytes)) return F.pipe(decodeKerasHdf5(bytes, where), E.map(as('hdf5')));
  if (bytes[0] === 0x50 && bytes[1] === 0x4b)
    return F.pipe(decodeNpz(bytes, where, largest), E.map(as('npz')));
  return F.pipe(safetensorsWeights(bytes, where), E.map(as('safetensors')));
}

/** The beginning of a file, by which formats are told: a large file of another format need not be read. */
async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(FOREIGN_BYTES), 0, FOREIGN_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** What is said of a folder: which file of it is read, or how it is converted. */
async function folderFault(folder: string): Promise<E.Either<DataError, never>> {
  if (await isThere(join(folder, 'saved_model.pb')))
    return refuse(folder, READ, 'a SavedModel of TensorFlow', savedModelCure(folder));
  const model = join(folder, 'model.json');
  const cure = (await isThere(model)) ? `give ${model}` : 'give the file itself';
  return refuse(folder, READ, 'a folder', cure);
}

/** TensorFlow's checkpoints are several files, and people name them by what these have in common. */
async function checkpointFault(path: string): Promise<E.Either<DataError, never> | null> {
  const checkpoint = path.replace(/\.(?:index|meta|data-\d+-of-\d+)$/, '');
  return (await isThere(`${checkpoint}.index`))
    ? refuse(path, READ, 'a checkpoint of TensorFlow', checkpointCure(checkpoint))
    : null;
}

/**
 * The tensors of a file on disk.
 *
 * @param path A file of any {@link WeightFormat}; `.json` is a tfjs model.
 * @param largest Bytes that the file, or what it unpacks to, may have.
 */
export async function readWeightFile(
  path: string,
  largest: number,
): Promise<E.Either<DataError, WeightFile>> {
  const size = await sizeOf(path);
  if (await isFolder(path)) return folderFault(path);
  const checkpoint = await checkpointFault(path);
  if (checkpoint !== null) return checkpoint;
  if (size === null) return refuse(path, 'a file of weights', 'none', 'check the path');
  const foreign = foreignFault(await firstBytes(path), path, path);
  if (foreign !== null) return foreign;
  if (size > largest)
    return refuse(
      path,
      `at most ${largest} bytes for this network`,
      `${size}`,
      'give a file of this network, without an optimizer',
    );
  if (path.endsWith('.json')) {
    const model = await readStoredModel(path, largest);
    return F.pipe(
      model,
      E.map((stored) => ({ format: 'tfjs' as const, weights: modelWeights(stored) })),
    );
  }
  return decodeWeightFile(await readFile(path), path, largest);
}
