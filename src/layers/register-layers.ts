/**
 * tfjs finds the class of a saved layer in a global registry; loading a saved generator needs ours to be in it.
 */
import * as tf from '@tensorflow/tfjs';
import { InstanceNormalization } from './instance-normalization.ts';
import { MaskedBlend } from './masked-blend.ts';
import { ReflectionPadding2D } from './reflection-padding.ts';

/**
 * Makes `tf.loadLayersModel` know `InstanceNormalization`, `MaskedBlend` and `ReflectionPadding2D`. The builders call
 * it; call it before loading a saved model in a process that has built none. Calling it again changes nothing.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { ReflectionPadding2D, registerLayers } from 'model-patching/layers';
 * registerLayers();
 * const layer = new ReflectionPadding2D({ padding: 1, inputShape: [2, 2, 1] });
 * const model = tf.sequential({ layers: [layer] });
 * const loaded = await tf.models.modelFromJSON(JSON.parse(String(model.toJSON())));
 * if (loaded.outputs[0]?.shape.join() !== ',4,4,1') throw new Error('a padded image expected');
 * ```
 */
export function registerLayers(): void {
  tf.serialization.registerClass(InstanceNormalization);
  tf.serialization.registerClass(MaskedBlend);
  tf.serialization.registerClass(ReflectionPadding2D);
}
