/** The weights of a model in the order of its layers, which is the order of Keras' files. */
import * as tf from '@tensorflow/tfjs';
import { weightName } from '../models/layer-rules.ts';

/** A weight of a model. */
export interface OrderedWeight {
  /** The layer that owns it. */
  readonly layer: string;
  /** `<layer>/<weight>`, as in a network's weights. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly variable: tf.layers.Layer['weights'][number];
}

/** Every weight once, nested models taken apart. */
export function orderedWeights(model: tf.LayersModel): OrderedWeight[] {
  return model.layers.flatMap((layer) =>
    layer instanceof tf.LayersModel
      ? orderedWeights(layer)
      : layer.weights.map((variable) => ({
          layer: layer.name,
          name: `${layer.name}/${weightName(variable)}`,
          shape: variable.shape as number[],
          variable,
        })),
  );
}
