import { either as E } from 'fp-ts';
import { decodeKerasHdf5, encodeKerasHdf5, type LayerWeights } from '../../src/weights/keras-hdf5.ts';
import type { StoredWeight } from '../../src/weights/stored-weight.ts';

export const layers = (...names: string[]): LayerWeights[] =>
  names.map((name, i) => ({
    name,
    weights: [{ name: `${name}/kernel`, shape: [2, 1], values: Float32Array.of(i, -i) }],
  }));

export const bytesOf = (given: readonly LayerWeights[]): Buffer => Buffer.concat(encodeKerasHdf5(given));

export const decoded = (bytes: Uint8Array): StoredWeight[] => {
  const result = decodeKerasHdf5(bytes, 'w.h5');
  if (E.isLeft(result)) throw new Error(`${result.left.expected}; ${result.left.found}`);
  return result.right;
};

export const faultOf = (bytes: Uint8Array): { where: string; expected: string; found: string } => {
  const result = decodeKerasHdf5(bytes, 'w.h5');
  if (E.isRight(result)) throw new Error('a fault expected');
  return result.left;
};
