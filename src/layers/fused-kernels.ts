/**
 * Kernels that tfjs does not have and some backends can: what takes a composition of tfjs's own a dozen calls is one
 * here. `registerTrainingKernels` of `model-patching/wasm` and the choice of the native backend register them under the names
 * below. A layer asks for one and composes where the backend has none.
 *
 * | kernel                         | inputs                           | attributes | outputs                        |
 * | ------------------------------ | -------------------------------- | ---------- | ------------------------------ |
 * | `BatchNormalization`           | x, scale?, offset?               | epsilon    | y, mean, variance of the batch |
 * | `BatchNormalizationGradient`   | dy, x, mean, variance, scale?    | epsilon    | dx, dScale, dOffset            |
 * | `ReluGradient`                 | dy, y                            |            | dy where y > 0, elsewhere 0    |
 * | `LeakyReluGradient`            | dy, x                            | alpha      | dy where x > 0, elsewhere α·dy |
 *
 * Channels are the last axis, variances are biased, a missing scale is 1 and a missing offset 0. None of them has a gradient.
 */
import * as tf from '@tensorflow/tfjs';

/** Name of a fused kernel. */
export type FusedKernel =
  'BatchNormalization' | 'BatchNormalizationGradient' | 'ReluGradient' | 'LeakyReluGradient';

/** Whether the backend in use has that kernel. */
export const hasFused = (name: FusedKernel): boolean =>
  (tf.getKernel(name, tf.getBackend()) as tf.KernelConfig | undefined) !== undefined;

/**
 * Runs a fused kernel outside of any gradient's record.
 *
 * @param inputs Those that are undefined are left out.
 * @returns Its outputs, or undefined where the backend in use has no such kernel.
 */
export function fused(
  name: FusedKernel,
  inputs: Readonly<Record<string, tf.Tensor | undefined>>,
  attributes: tf.NamedAttrMap = {},
): tf.Tensor[] | undefined {
  if (!hasFused(name)) return undefined;
  const given = Object.fromEntries(
    Object.entries(inputs).filter((entry): entry is [string, tf.Tensor] => entry[1] !== undefined),
  );
  return tf.engine().runKernel<tf.Tensor[]>(name, given, attributes);
}
