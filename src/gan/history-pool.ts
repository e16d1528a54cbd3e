/**
 * A pool of images generated earlier. A discriminator that sees only the newest images forgets what it has learnt
 * about older ones, and the game oscillates; so it is shown images from a pool as well (Shrivastava et al.,
 * "Learning from simulated and unsupervised images through adversarial training", CVPR 2017, section 2.3).
 *
 * The pool is a tensor `[capacity, height, width, channels]`, unfilled slots are zeros. How many slots are filled
 * follows from the step number, so what a step does with the pool is a pure function of key, step and sizes: two
 * index vectors into "the pool, then the new images", made on the host. The update is then two gathers, and the
 * images are never read back.
 */
import * as tf from '@tensorflow/tfjs';
import { foldKey, permutationEntry, randomIntegers, uniform, type RandomKey } from '../random/random.ts';

/**
 * `reference`: every new image enters the pool, and the sample is drawn from the pool without repetition, as
 * published for model patching. `current-or-history`: with probability ½ a new image is returned as it is,
 * otherwise a stored one is, whose place it takes, as in CycleGAN.
 */
export type HistoryPoolRule = 'reference' | 'current-or-history';

/** Indices into the concatenation of the pool and the new images. */
export interface HistoryPoolIndices {
  /** `[capacity]`: what each slot holds after the step. */
  readonly write: Int32Array;
  /** `[batch]`: what the discriminator sees. */
  readonly read: Int32Array;
}

/** What a step does with a pool, as int32 tensors: what each slot holds after it, and what the discriminator sees. */
export type HistoryPoolDraws = { readonly write: tf.Tensor1D; readonly read: tf.Tensor1D };

/**
 * What a step does with the pool.
 *
 * @param options `key` of this pool, used for nothing else; `step` 0, 1, 2, … with one `batchSize` throughout;
 *   `capacity` of the pool; `rule`, `reference` unless given.
 * @returns Index vectors for {@link historyPoolUpdate}.
 * @throws RangeError if the rule is neither, `batchSize` or `capacity` is no positive integer, or a batch is larger than the pool.
 * @see Shrivastava et al., CVPR 2017, section 2.3; Zhu et al., ICCV 2017, section 4
 */
export function historyPoolDraws({
  key,
  step,
  batchSize,
  capacity,
  rule = 'reference',
}: {
  readonly key: RandomKey;
  readonly step: number;
  readonly batchSize: number;
  readonly capacity: number;
  readonly rule?: HistoryPoolRule;
}): HistoryPoolIndices {
  for (const [name, value] of Object.entries({ batchSize, capacity }))
    if (!(Number.isSafeInteger(value) && value > 0))
      throw new RangeError(`${name}: expected a positive integer, received ${value}`);
  if (rule !== 'reference' && rule !== 'current-or-history')
    throw new RangeError(`rule: expected reference or current-or-history, received ${String(rule)}`);
  if (!(Number.isSafeInteger(step) && step >= 0))
    throw new RangeError(`step: expected an integer ≥ 0, received ${step}`);
  if (batchSize > capacity)
    throw new RangeError(
      `batchSize: expected at most the pool's capacity ${capacity}, received ${batchSize}; enlarge the pool`,
    );
  const filled = Math.min(capacity, step * batchSize);
  const drawKey = foldKey(key, 'history pool', step);
  if (rule === 'current-or-history') return currentOrHistory(drawKey, filled, batchSize, capacity);
  const filledAfter = Math.min(capacity, filled + batchSize);
  const replaced = distinct(foldKey(drawKey, 'replaced'), filled + batchSize - filledAfter, capacity);
  return referenceIndices({
    filled,
    capacity,
    replaced,
    sampled: distinct(foldKey(drawKey, 'sampled'), batchSize, filledAfter),
  });
}

/** The reference's rule with its draws given: slots replaced (after the free ones are filled) and slots sampled. */
export function referenceIndices({
  filled,
  capacity,
  replaced,
  sampled,
}: {
  readonly filled: number;
  readonly capacity: number;
  readonly replaced: ArrayLike<number>;
  readonly sampled: ArrayLike<number>;
}): HistoryPoolIndices {
  const write = Int32Array.from({ length: capacity }, (_, slot) => slot);
  const free = Math.min(capacity - filled, sampled.length);
  for (let i = 0; i < free; i++) write[filled + i] = capacity + i;
  Array.from(replaced).forEach((slot, i) => (write[slot] = capacity + free + i));
  return { write, read: Int32Array.from(sampled, (slot) => write[slot]!) };
}

/** Image by image, so that a stored image may also be one that entered earlier in the same batch. */
function currentOrHistory(
  key: RandomKey,
  filled: number,
  batchSize: number,
  capacity: number,
): HistoryPoolIndices {
  const coins = uniform(foldKey(key, 'coins'), batchSize);
  const slots = randomIntegers(foldKey(key, 'slots'), batchSize, 0, capacity);
  const write = Int32Array.from({ length: capacity }, (_, slot) => slot);
  const read = Int32Array.from({ length: batchSize }, (_, i) => {
    const current = capacity + i;
    if (filled + i < capacity) write[filled + i] = current;
    else if (coins[i]! >= 0.5) {
      const stored = write[slots[i]!]!;
      write[slots[i]!] = current;
      return stored;
    }
    return current;
  });
  return { write, read };
}

/** `count` distinct integers of 0 … size − 1, in random order. */
const distinct = (key: RandomKey, count: number, size: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => permutationEntry(key, i, size));

/**
 * The pool after a step, and the images for the discriminator.
 *
 * @param images The pool, `[capacity, height, width, channels]`; start with zeros.
 * @param fakes The new images, `[batch, height, width, channels]`.
 * @param draws The vectors of {@link historyPoolDraws} as int32 tensors.
 * @returns `images` of the pool's shape and `sample` `[batch, height, width, channels]`, owned by the caller.
 * @throws Error if the images' shapes differ or `write` is not of length `capacity`.
 */
export function historyPoolUpdate(
  images: tf.Tensor4D,
  fakes: tf.Tensor4D,
  { write, read }: HistoryPoolDraws,
): { readonly images: tf.Tensor4D; readonly sample: tf.Tensor4D } {
  const [capacity, ...imageShape] = images.shape;
  if (!tf.util.arraysEqual(fakes.shape.slice(1), imageShape))
    throw new Error(
      `fakes: expected shape [batch, ${imageShape.join(', ')}], received [${fakes.shape.join(', ')}]`,
    );
  if (!tf.util.arraysEqual(write.shape, [capacity]))
    throw new Error(`draws.write: expected shape [${capacity}], received [${write.shape.join(', ')}]`);
  if (!tf.util.arraysEqual(read.shape, [fakes.shape[0]]))
    throw new Error(`draws.read: expected shape [${fakes.shape[0]}], received [${read.shape.join(', ')}]`);
  return tf.tidy(() => {
    const all = tf.concat([images, fakes]);
    return { images: tf.gather(all, write), sample: tf.gather(all, read) };
  });
}
