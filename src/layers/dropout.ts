/**
 * Dropout masks (Srivastava et al., JMLR 2014) as plain tensors are drawn from a key. A seeded `tf.dropout` repeats
 * one mask in every call. An unseeded one cannot be repeated at all.
 */
import * as tf from '@tensorflow/tfjs';
import { drawnWords, type RandomKey } from '../random/random.ts';
import { randomLoops } from '../random/random-loops.ts';

/**
 * A mask of independent entries: 0 with probability `rate`, otherwise 1/(1 − rate). Multiply by it. An entry takes as
 * few random bits as hold the rate exactly, 8 (rates of 1/2, 1/4, …) or 16, or else 24. Drawing is the most of what a
 * training loop does beside its steps.
 *
 * @param key A key that is used for nothing else.
 * @param shape Shape of the mask.
 * @param rate In [0, 1).
 * @returns A float mask of that shape, owned by the caller.
 * @throws RangeError if `rate` is outside [0, 1).
 * @example
 * ```ts
 * import { dropoutMask } from 'model-patching/layers';
 * import { randomKey } from 'model-patching/random';
 * const mask = dropoutMask(randomKey(1), [100], 0.5);
 * if (!mask.dataSync().every((m) => m === 0 || m === 2)) throw new Error('0 or 1/(1 − rate) expected');
 * mask.dispose();
 * ```
 */
export function dropoutMask(key: RandomKey, shape: readonly number[], rate: number): tf.Tensor {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`rate: expected a number in [0, 1), received ${rate}`);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const bits = ([8, 16] as const).find((enough) => Number.isInteger(rate * 2 ** enough)) ?? 24;
  const mask = new Int32Array(size);
  const threshold = Math.ceil(rate * 2 ** bits);
  const kept = floatBits(1 / (1 - rate));
  const loops = bits === 8 ? randomLoops() : undefined;
  if (loops) loops.fillMask(mask, key, threshold, kept);
  else {
    const words = drawnWords(key, Math.ceil((size * (bits === 24 ? 32 : bits)) / 32));
    const draws = {
      8: () => new Uint8Array(words.buffer),
      16: () => new Uint16Array(words.buffer),
      24: () => words.map((word) => word >>> 8),
    }[bits]();
    // Kept or not by the sign of a difference: no predictor could foresee a branch.
    for (let i = 0; i < size; i++) mask[i] = kept & ~((draws[i]! - threshold) >> 31);
  }
  return tf.tensor(new Float32Array(mask.buffer), [...shape], 'float32');
}

const floatBits = (value: number): number => new Int32Array(new Float32Array([value]).buffer)[0]!;
