/**
 * tfjs finds the class of a saved layer in a global registry; loading a saved generator needs ours to be in it.
 */
import * as tf from '@tensorflow/tfjs';
import { InstanceNormalization } from './instance-normalization.ts';
import { ReflectionPadding2D } from './reflection-padding.ts';

/**
 * Makes `tf.loadLayersModel` know `InstanceNormalization` and `ReflectionPadding2D`. The builders call it; call it
 * before loading a saved model in a process that has built none. Calling it again changes nothing.
 *
 * @example
 * ```ts
 * import { registerLayers } from 'model-patching';
 * registerLayers();
 * registerLayers();
 * ```
 */
export function registerLayers(): void {
  tf.serialization.registerClass(InstanceNormalization);
  tf.serialization.registerClass(ReflectionPadding2D);
}
