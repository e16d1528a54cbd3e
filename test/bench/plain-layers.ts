/** What the peers in plain tfjs need of a layers model. */
import * as tf from '@tensorflow/tfjs';

/** The variables that training changes. */
export const trainableVariables = (model: tf.LayersModel): tf.Variable[] =>
  model.trainableWeights.map((weight) => weight.read() as tf.Variable);

type DropoutLayer = tf.layers.Layer & { rate: number };

/** Layers that drop. */
export const dropoutLayers = (model: tf.LayersModel): DropoutLayer[] =>
  model.layers.filter((layer): layer is DropoutLayer => layer.getClassName() === 'Dropout');

/** Runs `run` with another dropout rate. */
export async function withRates<T>(
  layers: readonly DropoutLayer[],
  rate: number,
  run: () => Promise<T>,
): Promise<T> {
  const rates = layers.map((layer) => layer.rate);
  try {
    layers.forEach((layer) => (layer.rate = rate));
    return await run();
  } finally {
    layers.forEach((layer, i) => (layer.rate = rates[i]!));
  }
}

/** Gradients as optimizers take them. */
export const named = (gradients: tf.NamedTensorMap): { name: string; tensor: tf.Tensor }[] =>
  Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));

interface LayerConfig {
  readonly class_name: string;
  readonly config: { scale?: boolean };
}

/**
 * A model that tfjs can train, with the same weights. Its batch normalisation without a scale throws in training mode,
 * so such layers get one, of ones, which is not trained.
 *
 * @returns The model itself if it has no such layer.
 */
export async function trainableModel(model: tf.LayersModel): Promise<tf.LayersModel> {
  const topology = JSON.parse(model.toJSON(undefined, true) as string) as {
    config: { layers: LayerConfig[] };
  };
  const scaleless = topology.config.layers.filter(
    ({ class_name, config }) => class_name === 'BatchNormalization' && config.scale === false,
  );
  if (scaleless.length === 0) return model;
  scaleless.forEach(({ config }) => (config.scale = true));
  const made = await tf.models.modelFromJSON(topology as never);
  for (const layer of made.layers) {
    const given = new Map(
      model.getLayer(layer.name).weights.map((weight) => [nameOf(weight), weight.read()]),
    );
    layer.weights.forEach((weight) => {
      const tensor = given.get(nameOf(weight));
      if (tensor === undefined) weight.trainable = false;
      else weight.write(tensor);
    });
  }
  return made;
}

const nameOf = ({ originalName }: { readonly originalName: string }): string =>
  originalName.split('/').pop()!;
