/** Weights of ours in the formats of others, and whole models in that of tfjs. */
import type * as tf from '@tensorflow/tfjs';
import { encodeKerasHdf5 } from '../weights/keras-hdf5.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import { writeFileAtomically } from '../system/atomic-file.ts';
import { encodeSafetensors } from '../runs/safetensors.ts';
import { writeModel } from './layers-model.ts';
import { encodeNpz } from './npz.ts';
import { orderedWeights, type OrderedWeight } from './ordered-weights.ts';

type Weight = OrderedWeight & { readonly tensor: tf.Tensor };

/** A network's weights in order, with given values or its own; the tensors stay their owner's. */
function weightsInOrder(network: Network, given: NetworkWeights | undefined): Weight[] {
  const tensors = given && { ...given.trainable, ...given.statistics };
  return orderedWeights(network.model).map((weight) => {
    const tensor = tensors ? tensors[weight.name] : weight.variable.read();
    const [expected, found] = [weight.shape, tensor?.shape].map((shape) => shape?.join(', '));
    if (tensor === undefined || expected !== found)
      throw new RangeError(
        `weights: expected ${weight.name} of shape [${expected}], received ${tensor ? `shape [${found}]` : 'none'}`,
      );
    return { ...weight, tensor };
  });
}

/** Formats that are one file. */
export type SingleFileFormat = 'h5' | 'npz' | 'safetensors';

/**
 * A network's weights as a file.
 *
 * @param format `h5`: Keras 1 and 2 read it with `load_weights` into the same network, by order or `by_name`; `npz`:
 *   `numpy.load`; `safetensors`: `safetensors.numpy.load_file`. Names are `<layer>/<weight>`, in Keras with `:0`.
 * @param network The network.
 * @param weights Other weights of this network, which stay the caller's; default its own.
 * @returns The file in pieces, to be written one after the other.
 * @throws RangeError if a weight is missing or of another shape.
 * @example
 * ```ts
 * import { decodeKerasHdf5 } from 'model-patching/weights';
 * import { multilayerPerceptron } from 'model-patching';
 * import { encodeWeights } from 'model-patching/node';
 * const network = multilayerPerceptron({ inputShape: [4, 4, 1], classes: 2, width: 0.1 });
 * const file = decodeKerasHdf5(Buffer.concat(await encodeWeights('h5', network)), 'weights.h5');
 * if (file._tag === 'Left' || file.right.length !== network.model.weights.length)
 *   throw new Error('all weights expected');
 * network.model.dispose();
 * ```
 */
export async function encodeWeights(
  format: SingleFileFormat,
  network: Network,
  weights?: NetworkWeights,
): Promise<Uint8Array[]> {
  const ordered = weightsInOrder(network, weights);
  if (format === 'safetensors')
    return encodeSafetensors(Object.fromEntries(ordered.map(({ name, tensor }) => [name, tensor])));
  const arrays = await Promise.all(
    ordered.map(async ({ layer, name, shape, tensor }) => ({
      layer,
      name,
      shape,
      values: Float32Array.from(await tensor.data()),
    })),
  );
  if (format === 'npz') return encodeNpz(arrays);
  const layers = [...new Set(arrays.map(({ layer }) => layer))];
  return encodeKerasHdf5(
    layers.map((layer) => ({ name: layer, weights: arrays.filter((array) => array.layer === layer) })),
  );
}

async function saveModel(path: string, network: Network, weights: NetworkWeights | undefined): Promise<void> {
  const ordered = weightsInOrder(network, weights);
  const parts = await Promise.all(
    ordered.map(async ({ tensor }) => {
      const values = Float32Array.from(await tensor.data());
      return new Uint8Array(values.buffer);
    }),
  );
  const entries = ordered.map(({ shape, variable }) => ({
    name: variable.originalName,
    shape: [...shape],
    dtype: 'float32' as const,
  }));
  await writeModel(path, network.model.toJSON(null, false), entries, parts);
}

/**
 * Saves a network's weights, in the format that the file's ending names. `.h5`, `.npz` and `.safetensors` hold the
 * weights. `model.json` (any `.json`) holds the layers too, and `tf.loadLayersModel(modelOnDisk(path))` makes the
 * model again.
 *
 * @param path The file, written whole or not at all.
 * @param network The network.
 * @param weights Other weights of this network, such as a run's state; default its own.
 * @throws RangeError for another ending, or a weight that is missing or of another shape.
 * @example
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import * as tf from '@tensorflow/tfjs';
 * import { multilayerPerceptron } from 'model-patching';
 * import { loadWeights, saveWeights } from 'model-patching/node';
 * const folder = await mkdtemp(join(tmpdir(), 'weights-'));
 * const network = multilayerPerceptron({ inputShape: [4, 4, 1], classes: 2, width: 0.1, seed: 1 });
 * await saveWeights(join(folder, 'weights.h5'), network);
 * const loaded = await loadWeights(join(folder, 'weights.h5'), network);
 * if (loaded._tag === 'Left') throw new Error(loaded.left.found);
 * tf.dispose([loaded.right.weights.trainable, loaded.right.weights.statistics]);
 * network.model.dispose();
 * await rm(folder, { recursive: true });
 * ```
 */
export async function saveWeights(path: string, network: Network, weights?: NetworkWeights): Promise<void> {
  const ending = path.slice(path.lastIndexOf('.') + 1);
  if (ending === 'json') return saveModel(path, network, weights);
  if (ending !== 'h5' && ending !== 'npz' && ending !== 'safetensors')
    throw new RangeError(`path: expected .h5, .npz, .safetensors or .json, received ${path}`);
  return writeFileAtomically(path, await encodeWeights(ending, network, weights));
}

/**
 * Puts weights into a network's own model, in place, so that `model.predict` and a pass without weights use them.
 *
 * @param network The network, which is changed.
 * @param weights All of its weights; they stay the caller's.
 * @throws RangeError if a weight is missing or of another shape.
 */
export function assignWeights(network: Network, weights: NetworkWeights): void {
  for (const { variable, tensor } of weightsInOrder(network, weights)) variable.write(tensor);
}
