/**
 * Random draws as pure functions of a key: the same numbers on every machine and backend.
 *
 * @module
 */
export {
  foldKey,
  normal,
  permutation,
  permutationEntry,
  randomIntegers,
  randomKey,
  uniform,
  type RandomKey,
} from './random.ts';
