/**
 * Random numbers are counter-based: every draw is a pure function of a key and a counter. So a run needs no
 * generator state to be resumed and gives the same numbers on every backend. The block function is Threefry-2x32.
 */
import { randomLoops } from './random-loops.ts';
import { DRAWN_STREAM, INTEGER_STREAM, threefry2x32, type RandomKey } from './threefry.ts';

export type { RandomKey };

/**
 * The key of a seed.
 *
 * @param seed A safe integer.
 * @throws RangeError if `seed` is not a safe integer.
 * @example
 * ```ts
 * import { randomKey, uniform } from 'model-patching/random';
 * const draws = uniform(randomKey(7), 3);
 * if (draws.length !== 3) throw new Error('three draws expected');
 * ```
 */
export function randomKey(seed: number): RandomKey {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed: expected a safe integer, received ${seed}`);
  return threefry2x32([Math.floor(seed / 2 ** 32) >>> 0, seed >>> 0], 0, 0);
}

/**
 * A key derived from another by numbers and names, e.g. `foldKey(key, 'dropout', step)`. Different paths give
 * independent keys.
 *
 * @param key The parent.
 * @param path Safe integers and strings; `foldKey(key, a, b)` equals `foldKey(foldKey(key, a), b)`.
 * @throws RangeError if a number in `path` is not a safe integer.
 * @example
 * ```ts
 * import { foldKey, randomKey } from 'model-patching/random';
 * const dropoutKey = foldKey(randomKey(0), 'dropout', 12);
 * if (dropoutKey.length !== 2) throw new Error('a key has two words');
 * ```
 */
export function foldKey(key: RandomKey, ...path: readonly (number | string)[]): RandomKey {
  return path.reduce<RandomKey>((parent, part) => {
    if (typeof part === 'string') {
      return Array.from(part).reduce<RandomKey>(
        (k, c) => threefry2x32(k, c.codePointAt(0)!, 1),
        threefry2x32(parent, part.length, 2),
      );
    }
    if (!Number.isSafeInteger(part))
      throw new RangeError(`path: expected safe integers and strings, received ${part}`);
    return threefry2x32(parent, part >>> 0, (Math.floor(part / 2 ** 32) ^ 0x40000000) >>> 0);
  }, key);
}

/** The first `count` words of one of a key's streams, block after block: block i is `threefry2x32(key, i, stream)`. */
export function randomWords(key: RandomKey, stream: number, count: number): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(count);
  const loops = randomLoops();
  if (loops) loops.fillWords(words, key, stream);
  else for (let i = 0; i < count; i += 2) [words[i], words[i + 1]] = threefry2x32(key, i / 2, stream);
  return words;
}

/** The words that {@link uniform} and {@link normal} draw from. */
export const drawnWords = (key: RandomKey, count: number): Uint32Array<ArrayBuffer> =>
  randomWords(key, DRAWN_STREAM, count);

/**
 * Uniform draws from [low, high), 24 bits of resolution.
 *
 * @param key A key that is used for nothing else.
 * @param count How many.
 * @returns `[count]`.
 * @example
 * ```ts
 * import { randomKey, uniform } from 'model-patching/random';
 * const draws = uniform(randomKey(1), 100, 2, 3);
 * if (!draws.every((value) => value >= 2 && value < 3)) throw new Error('outside [2, 3)');
 * ```
 */
export function uniform(key: RandomKey, count: number, low = 0, high = 1): Float32Array {
  const scale = (high - low) / 2 ** 24;
  const words = drawnWords(key, count);
  const draws = new Float32Array(words.buffer);
  for (let i = 0; i < count; i++) draws[i] = low + (words[i]! >>> 8) * scale;
  return draws;
}

/**
 * Normal draws (Box–Muller).
 *
 * @param key A key that is used for nothing else.
 * @param count How many.
 * @returns `[count]`.
 * @example
 * ```ts
 * import { normal, randomKey } from 'model-patching/random';
 * const draws = normal(randomKey(1), 10_000, 5, 2);
 * const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
 * if (Math.abs(mean - 5) > 0.1) throw new Error(`a mean near 5 expected, not ${mean}`);
 * ```
 */
export function normal(key: RandomKey, count: number, mean = 0, standardDeviation = 1): Float32Array {
  const words = drawnWords(key, count + (count & 1));
  const draws = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = standardDeviation * Math.sqrt(-2 * Math.log((words[i]! + 1) / 2 ** 32));
    const angle = (2 * Math.PI * words[i + 1]!) / 2 ** 32;
    draws[i] = mean + radius * Math.cos(angle);
    draws[i + 1] = mean + radius * Math.sin(angle);
  }
  return draws;
}

/**
 * Uniform integers from [low, high).
 *
 * @param key A key that is used for nothing else.
 * @param count How many.
 * @returns `[count]`.
 * @throws RangeError unless `low < high`.
 * @example
 * ```ts
 * import { randomIntegers, randomKey } from 'model-patching/random';
 * const throws = randomIntegers(randomKey(1), 1000, 1, 7);
 * if (new Set(throws).size !== 6) throw new Error('all sides of a die expected');
 * ```
 */
export function randomIntegers(key: RandomKey, count: number, low: number, high: number): Int32Array {
  if (!(low < high)) throw new RangeError(`low, high: expected low < high, received ${low}, ${high}`);
  const words = randomWords(key, INTEGER_STREAM, 2 * count);
  return Int32Array.from({ length: count }, (_, i) => {
    const fraction = ((words[2 * i]! >>> 5) * 2 ** 26 + (words[2 * i + 1]! >>> 6)) / 2 ** 53;
    return low + Math.floor(fraction * (high - low));
  });
}

/**
 * Entry `index` of a pseudo-random permutation of 0 … size − 1, in constant time and memory. A balanced Feistel
 * network of six rounds over the next even power of two is walked until it lands inside the range.
 *
 * @param key The permutation.
 * @param index 0 … size − 1.
 * @param size Number of elements, 1 … 2³⁰.
 * @throws RangeError if `index` is outside the range.
 * @example
 * ```ts
 * import { permutationEntry, randomKey } from 'model-patching/random';
 * const order = [0, 1, 2, 3].map((i) => permutationEntry(randomKey(1), i, 4));
 * if ([...order].sort().join() !== '0,1,2,3') throw new Error('not a permutation');
 * ```
 */
export function permutationEntry(key: RandomKey, index: number, size: number): number {
  if (!(Number.isInteger(index) && index >= 0 && index < size && size <= 2 ** 30)) {
    throw new RangeError(`index: expected an integer in [0, ${size}), received ${index}`);
  }
  const halfBits = Math.max(1, Math.ceil(Math.log2(size) / 2));
  const mask = 2 ** halfBits - 1;
  let value = index;
  do {
    let left = value >>> halfBits;
    let right = value & mask;
    for (let round = 0; round < 6; round++) {
      [left, right] = [right, left ^ (threefry2x32(key, right, round)[0] & mask)];
    }
    value = left * 2 ** halfBits + right;
  } while (value >= size);
  return value;
}

/**
 * A whole pseudo-random permutation of 0 … size − 1: `permutationEntry` at every index.
 *
 * @returns `[size]`.
 * @example
 * ```ts
 * import { permutation, randomKey } from 'model-patching/random';
 * const order = permutation(randomKey(1), 5);
 * if ([...order].sort().join() !== '0,1,2,3,4') throw new Error('not a permutation');
 * ```
 */
export function permutation(key: RandomKey, size: number): Int32Array {
  return Int32Array.from({ length: size }, (_, i) => permutationEntry(key, i, size));
}
