/**
 * Leaky ReLU (Maas, Hannun, Ng, ICML workshop 2013): x where x > 0, α·x elsewhere. It is piecewise linear, so its
 * gradient is a multiplication by a constant slope; `tf.leakyRelu` has no second derivative at all.
 */
import * as tf from '@tensorflow/tfjs';
import { fused, hasFused } from './fused-kernels.ts';
import { isRecording, operation, protectedInput, unrecorded } from './operation.ts';

/**
 * max(x, 0) + α·min(x, 0), differentiable any number of times (at 0 the slope is α).
 *
 * @param x Any shape.
 * @param slope α, default 0.3 (Keras).
 * @returns The shape of `x`.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { leakyRelu } from 'model-patching/layers';
 * const x = tf.tensor1d([-2, 4]);
 * const y = leakyRelu(x, 0.5);
 * if (y.dataSync().join() !== '-1,4') throw new Error('wrong slope');
 * tf.dispose([x, y]);
 * ```
 */
export const leakyRelu = <T extends tf.Tensor>(x: T, slope = 0.3): T => leaky(protectedInput(x), slope);

/** {@link leakyRelu}, which holds its argument where the backend has the fused gradient, see {@link operation}. */
export function leaky<T extends tf.Tensor>(x: T, slope: number): T {
  const slopes = (): tf.Tensor => unrecorded(() => tf.step(x, slope));
  return operation({ x }, () => {
    if (!hasFused('LeakyReluGradient')) {
      const held = slopes();
      return { output: x.mul<T>(held), held: [held], gradients: (dy) => ({ x: () => dy.mul(held) }) };
    }
    const gradient = (dy: T): tf.Tensor =>
      isRecording() ? dy.mul(slopes()) : fused('LeakyReluGradient', { dy, x }, { alpha: slope })![0]!;
    return { output: tf.leakyRelu(x, slope), held: [x], gradients: (dy) => ({ x: () => gradient(dy) }) };
  });
}
