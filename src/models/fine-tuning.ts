/**
 * Fine-tuning a ResNet-50: which weights stay as they were loaded, and what its input must look like. Low layers
 * transfer between data sets and high ones do not (Yosinski, Clune, Bengio, Lipson, NeurIPS 2014), so stages are frozen
 * from the input on. A frozen batch normalisation keeps to its moving statistics, as in Keras: statistics of small
 * batches would change features whose weights cannot follow.
 */
import * as tf from '@tensorflow/tfjs';
import type { Images } from '../augmentation/images.ts';
import { imagenetNormalization } from '../augmentation/scaling.ts';
import { weightName } from './layer-rules.ts';
import { networkFromModel } from './network-from-model.ts';
import type { Network } from './network.ts';
import type { Resnet50Variant } from './resnet50.ts';

const STEM: readonly string[] = ['bn_data', 'conv0', 'bn0', 'stem_conv', 'stem_bn'];

/**
 * Which stage of `resnet50` a weight belongs to, in either variant.
 *
 * @param name `<layer>/<weight>` or the layer alone.
 * @returns 0 for the stem (the pre-activation variant's `bn_data`, `conv0`, `bn0`), 1 to 4 for the stages of bottleneck
 *   units, 5 for what follows (the pre-activation variant's last normalisation `bn1`, and `logits`).
 * @example
 * ```ts
 * import { resnet50Stage } from 'model-patching/models';
 * const stages = ['conv0/kernel', 'stage3_unit2_bn1/gamma', 'logits/bias'].map(resnet50Stage);
 * if (stages.join() !== '0,3,5') throw new Error(stages.join());
 * ```
 */
export function resnet50Stage(name: string): 0 | 1 | 2 | 3 | 4 | 5 {
  const layer = name.split('/', 1)[0]!;
  if (STEM.includes(layer)) return 0;
  const stage = /^stage([1-4])_/.exec(layer)?.[1];
  return stage === undefined ? 5 : (Number(stage) as 1 | 2 | 3 | 4);
}

/**
 * The weights of a ResNet-50 that stay as they are when the stem and the first stages are frozen.
 *
 * @param stages How many stages beside the stem, 0 to 4; the last normalisation and the head are always trained.
 * @returns Whether a weight, or a layer, of this name is frozen.
 * @throws RangeError for another number.
 * @example
 * ```ts
 * import { frozenInResnet50 } from 'model-patching/models';
 * const frozen = frozenInResnet50(1);
 * if (!frozen('bn_data/beta') || !frozen('stage1_unit3_conv3/kernel')) throw new Error('frozen');
 * if (frozen('stage2_unit1_sc/kernel') || frozen('logits/kernel')) throw new Error('trained');
 * ```
 */
export function frozenInResnet50(stages: number): (name: string) => boolean {
  if (![0, 1, 2, 3, 4].includes(stages))
    throw new RangeError(`stages: expected an integer from 0 to 4, received ${stages}`);
  return (name) => resnet50Stage(name) <= stages;
}

/**
 * A network of which some layers are not trained: their weights are listed with the moving statistics, so that
 * gradients, optimizer and weight decay leave them out, and their batch normalisations use their moving statistics in
 * training too.
 *
 * @param network Whose model is marked in place: use the returned network from then on, not this one.
 * @param frozen Says of a weight `<layer>/<weight>` whether it is frozen; a layer's weights are frozen all or none.
 *   Layers that it does not name are trained, also if they were frozen before.
 * @returns The network with the same weights.
 * @throws RangeError for a layer of which only some weights are frozen.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { resnet50 } from 'model-patching';
 * import { freezeLayers, frozenInResnet50 } from 'model-patching/models';
 * const network = freezeLayers(
 *   resnet50({ inputShape: [32, 32, 3], classes: 2, width: 1 / 64 }),
 *   frozenInResnet50(4),
 * );
 * const { trainable, statistics } = network.weights();
 * if (Object.keys(trainable).join() !== 'bn1/gamma,bn1/beta,logits/kernel,logits/bias')
 *   throw new Error('the last normalisation and the head expected');
 * tf.dispose([trainable, statistics]);
 * network.model.dispose();
 * ```
 */
export function freezeLayers(network: Network, frozen: (name: string) => boolean): Network {
  const decisions = leafLayers(network.model)
    .filter(({ weights }) => weights.length > 0)
    .map((layer) => {
      const all = layer.weights.map((variable) => frozen(`${layer.name}/${weightName(variable)}`));
      if (all.some((one) => one !== all[0]))
        throw new RangeError(`frozen: expected all weights of ${layer.name} or none, received some`);
      return { layer, frozen: all[0]! };
    });
  for (const { layer, frozen: still } of decisions) layer.trainable = !still;
  return networkFromModel(network.model);
}

const leafLayers = (model: tf.LayersModel): tf.layers.Layer[] =>
  model.layers.flatMap((layer) => (layer instanceof tf.LayersModel ? leafLayers(layer) : [layer]));

/**
 * What a ResNet-50 with ImageNet weights takes: the pre-activation variant bytes as they are (it begins with a
 * normalisation of its own), the post-activation variant the standardisation (x/255 − mean)/deviation of ImageNet.
 * The published experiments feed the pre-activation variant standardised images all the same: `published`.
 *
 * @param weights Which weights the network begins with.
 * @returns A function of images `[n, h, w, 3]` on the 0–255 scale.
 * @throws RangeError for an unknown kind; later for images without three channels.
 * @example
 * ```ts
 * import { resnet50Preprocessing } from 'model-patching/models';
 * import { imageBatch } from 'model-patching/augmentation';
 * const images = imageBatch(Uint8Array.of(0, 128, 255), [1, 1, 1, 3]);
 * if (resnet50Preprocessing('pre-activation')(images).pixels.join() !== '0,128,255') throw new Error('bytes');
 * const [red] = resnet50Preprocessing('post-activation')(images).pixels;
 * if (Math.abs(red! + 0.485 / 0.229) > 1e-6) throw new Error('−mean / deviation');
 * ```
 */
export function resnet50Preprocessing(
  weights: Resnet50Variant | 'published',
): (images: Images) => Images<Float32Array> {
  switch (weights) {
    case 'pre-activation':
      return ({ pixels, shape }) => {
        if (shape[3] !== 3) throw new RangeError(`images: expected [n, h, w, 3], received [${shape.join()}]`);
        return { pixels: Float32Array.from(pixels), shape };
      };
    case 'post-activation':
    case 'published':
      return imagenetNormalization;
    default:
      throw new RangeError(
        `weights: expected pre-activation, post-activation or published, received ${String(weights)}`,
      );
  }
}
