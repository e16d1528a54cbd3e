/**
 * Weight decay as a penalty in the loss. With momentum or Adam this is not the decoupled decay of Loshchilov and
 * Hutter (ICLR 2019). Its gradient passes through clipping, velocity and moments like any other.
 */
import * as tf from '@tensorflow/tfjs';
import { operation, protectedInput } from '../layers/operation.ts';
import { sumOfSquares } from './named-tensors.ts';

/**
 * The squared length of the weights, scaled.
 *
 * rate · Σ ½‖w‖². The published setting takes **all** trainable weights, biases and normalisation scales included.
 *
 * @param weights Any shapes, by name; at least one.
 * @param rate ≥ 0; 0 gives 0 and no gradient.
 * @returns A scalar with gradient rate · w.
 * @throws RangeError if `rate` is negative or not a number.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { weightDecayPenalty } from 'model-patching/optimizers';
 * const weights = { kernel: tf.tensor2d([[3, 0], [0, 4]]) };
 * const penalty = weightDecayPenalty(weights, 0.5);
 * if (penalty.dataSync()[0] !== 6.25) throw new Error('0.5 · 25 / 2');
 * tf.dispose([weights, penalty]);
 * ```
 */
export function weightDecayPenalty(weights: tf.NamedTensorMap, rate: number): tf.Scalar {
  if (!(rate >= 0)) throw new RangeError(`rate: expected a number ≥ 0, received ${rate}`);
  if (rate === 0) return tf.scalar(0);
  // The gradient is written out because that of a concatenation cuts one long vector into many parts again.
  const held = Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => [name, protectedInput(weight)]),
  );
  return operation(held, () => ({
    output: sumOfSquares(Object.values(held)).mul<tf.Scalar>(rate / 2),
    held: Object.values(held),
    gradients(upstream) {
      const factor = upstream.mul(rate);
      return Object.fromEntries(
        Object.entries(held).map(([name, weight]) => [name, () => weight.mul(factor)]),
      );
    },
  }));
}
