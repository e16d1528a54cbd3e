/**
 * Gradient clipping by the global norm (Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent
 * neural networks", ICML 2013) keeps the direction of the whole gradient and bounds its length.
 */
import * as tf from '@tensorflow/tfjs';
import { mapNamed, sumOfSquares } from './named-tensors.ts';

/** What {@link clipByGlobalNorm} returns; all tensors are owned by the caller. */
export interface ClippedGradients {
  readonly gradients: tf.NamedTensorMap;
  /** ‖g‖ before clipping. */
  readonly norm: tf.Scalar;
}

/**
 * Gradients of a global norm of at most `maximum`.
 *
 * g · min(1, maximum/‖g‖), ‖g‖² = Σ over all tensors of Σ g².
 *
 * @param gradients Any shapes, by name; at least one.
 * @param maximum The largest norm, > 0 (the published settings' "−1, no clipping" is not to call this).
 * @returns New gradients (bit-equal ones where ‖g‖ ≤ maximum), and the norm before clipping.
 * @throws RangeError unless `maximum > 0`.
 * @see Pascanu et al., ICML 2013, algorithm 1
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { clipByGlobalNorm } from 'model-patching/optimizers';
 * const gradients = { kernel: tf.tensor1d([3]), bias: tf.scalar(4) };
 * const clipped = clipByGlobalNorm(gradients, 2.5);
 * if (clipped.norm.dataSync()[0] !== 5) throw new Error('3-4-5');
 * if (clipped.gradients.bias!.dataSync()[0] !== 2) throw new Error('half of 4');
 * tf.dispose([gradients, clipped.gradients, clipped.norm]);
 * ```
 */
export function clipByGlobalNorm(gradients: tf.NamedTensorMap, maximum: number): ClippedGradients {
  if (!(maximum > 0)) throw new RangeError(`maximum: expected a positive number, received ${maximum}`);
  return tf.tidy(() => {
    const norm = sumOfSquares(Object.values(gradients)).sqrt<tf.Scalar>();
    const factor = tf.minimum(1, tf.div(maximum, norm));
    return { gradients: mapNamed(gradients, (gradient) => gradient.mul(factor)), norm };
  });
}
