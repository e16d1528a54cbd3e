/**
 * Averages of weights over the course of training. A generator keeps moving around its optimum; the exponential
 * moving average of its weights draws better images than any single one of them (Yazıcı et al., "The unusual
 * effectiveness of averaging in GAN training", ICLR 2019).
 */
import * as tf from '@tensorflow/tfjs';
import { elementwise } from '../optimizers/elementwise.ts';
import { flattenTensors, mapTensors, type TensorTree } from '../tensor-tree.ts';

/**
 * One step of an exponential moving average.
 *
 * a ← a + (1 − decay)(w − a), for every tensor of a tree.
 *
 * @param averages The averages so far, e.g. a network's weights by name; start with a copy of the weights.
 * @param weights The same structure and shapes.
 * @param decay In [0, 1]: 0 gives the weights, 1 the averages. A scalar may differ from step to step of a compiled one.
 * @returns New tensors in the structure of `averages`, owned by the caller.
 * @throws RangeError if `decay` is outside [0, 1], Error if the structures or shapes differ.
 * @see Yazıcı et al., ICLR 2019, equation 7
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { exponentialMovingAverage } from 'model-patching/gan';
 * const averages = { kernel: tf.tensor1d([0, 4]) };
 * const weights = { kernel: tf.tensor1d([4, 4]) };
 * const next = exponentialMovingAverage(averages, weights, 0.75);
 * if (next.kernel.dataSync().join() !== '1,4') throw new Error('a quarter of the way');
 * tf.dispose([averages, weights, next]);
 * ```
 */
export function exponentialMovingAverage<T extends TensorTree>(
  averages: T,
  weights: T,
  decay: number | tf.Scalar,
): T {
  if (typeof decay === 'number' && !(decay >= 0 && decay <= 1))
    throw new RangeError(`decay: expected a number in [0, 1], received ${decay}`);
  const present = new Map(flattenTensors(weights));
  const past = flattenTensors(averages);
  for (const [path, average] of past) assertSame(path, average, present.get(path));
  if (present.size !== past.length)
    throw new Error(`weights: expected ${past.length} tensors as in averages, received ${present.size}`);
  if (past.length === 0) return averages;
  return tf.tidy(() => {
    const share = typeof decay === 'number' ? 1 - decay : tf.sub(1, decay);
    const [next] = elementwise([Object.fromEntries(past), Object.fromEntries(present)], (average, weight) => [
      average.add(weight.sub(average).mul(share)),
    ]);
    return mapTensors(averages, (_, path) => next![path]!);
  });
}

function assertSame(path: string, average: tf.Tensor, weight: tf.Tensor | undefined): void {
  const received = weight === undefined ? 'none' : `[${weight.shape.join(', ')}]`;
  const expected = `[${average.shape.join(', ')}]`;
  if (received !== expected)
    throw new Error(`weights: expected '${path}' of shape ${expected}, received ${received}`);
}
