/**
 * Dropout masks (Srivastava et al., JMLR 2014) as plain tensors, drawn from a key: a seeded `tf.dropout` repeats one
 * mask in every call, an unseeded one cannot be repeated at all.
 */
import * as tf from '@tensorflow/tfjs';
import { drawnWords, type RandomKey } from '../random.ts';

/**
 * A mask of independent entries: 0 where `uniform(key)` is below `rate`, otherwise 1/(1 − rate). Multiply by it.
 *
 * @param key A key that is used for nothing else.
 * @param shape Shape of the mask.
 * @param rate In [0, 1).
 * @returns A float mask of that shape, owned by the caller.
 * @throws RangeError if `rate` is outside [0, 1).
 * @example
 * ```ts
 * import { dropoutMask, randomKey } from 'model-patching';
 * const mask = dropoutMask(randomKey(1), [100], 0.5);
 * if (!mask.dataSync().every((m) => m === 0 || m === 2)) throw new Error('0 or 1/(1 − rate) expected');
 * mask.dispose();
 * ```
 */
export function dropoutMask(key: RandomKey, shape: readonly number[], rate: number): tf.Tensor {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`rate: expected a number in [0, 1), received ${rate}`);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const words = drawnWords(key, size);
  const mask = new Float32Array(words.buffer);
  const bits = new Int32Array(words.buffer);
  const kept = floatBits(1 / (1 - rate));
  // `uniform(key)[i] < rate` without the floats and without a branch that no predictor can foresee.
  const threshold = Math.ceil(rate * 2 ** 24);
  for (let i = 0; i < size; i++) bits[i] = kept & ~(((words[i]! >>> 8) - threshold) >> 31);
  return tf.tensor(mask, [...shape], 'float32');
}

const floatBits = (value: number): number => new Int32Array(new Float32Array([value]).buffer)[0]!;
