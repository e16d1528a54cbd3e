/**
 * Formats of weights as pure bytes, for Node and browsers. What loads and saves files is in `model-patching/node`.
 *
 * @module
 */
export { decodeKerasHdf5, encodeKerasHdf5, type LayerWeights } from './keras-hdf5.ts';
export { storedValues, type StoredType, type StoredWeight } from './stored-weight.ts';
export type { WeightMapping } from './match-weights.ts';
export { foreignFormat, type ForeignFormat } from './foreign-formats.ts';
