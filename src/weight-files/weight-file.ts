/** Weight files of any known format, told apart by how they begin. */
import { readFile } from 'node:fs/promises';
import { either as E, function as F } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { isHdf5 } from '../weights/hdf5-reader.ts';
import { decodeKerasHdf5 } from '../weights/keras-hdf5.ts';
import type { StoredType, StoredWeight } from '../weights/stored-weight.ts';
import { decodeSafetensors } from '../runs/safetensors.ts';
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
      cure: 'fetch it again, or give a file of Keras (.h5), NumPy (.npz), safetensors or tfjs (model.json)',
    })),
  );
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
  if (isHdf5(bytes)) return F.pipe(decodeKerasHdf5(bytes, where), E.map(as('hdf5')));
  if (bytes[0] === 0x50 && bytes[1] === 0x4b)
    return F.pipe(decodeNpz(bytes, where, largest), E.map(as('npz')));
  return F.pipe(safetensorsWeights(bytes, where), E.map(as('safetensors')));
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
  if (size === null) return refuse(path, 'a file of weights', 'none', 'check the path');
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
