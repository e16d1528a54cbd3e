/** What the gate says of a pair of generators, and how generators translate. */
import * as tf from '@tensorflow/tfjs';
import { imageBatch, type Images } from '../augmentation/images.ts';
import { minusOneToOne } from '../augmentation/scaling.ts';
import {
  cycleError,
  flipRate,
  gateScore,
  labelPreservation,
  type DirectionalShare,
} from '../gan/quality-gate.ts';
import { frechetDistance } from '../metrics/frechet-distance.ts';
import { networkFromModel } from '../models/network-from-model.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import { foldKey, normal, type RandomKey } from '../random/random.ts';
import type { Examples } from './examples.ts';
import { forwardBatches } from './forward-batches.ts';
import { classes, type TrainedClassifier } from './gate-classifiers.ts';
import type { Gate } from './gate.ts';

/** A generator and the weights to run it with. */
export interface TrainedGenerator {
  readonly network: Pick<Network, 'forward'>;
  readonly weights: NetworkWeights;
  /** Noise that it takes beside an image, `planes` numbers drawn from the key and the number of the image. */
  readonly noise?: { readonly planes: number; readonly key: RandomKey };
}

/** What the gate says of a pair of generators. */
export interface GateMeasure {
  /** Share of translations that the strict domain classifier gives to the domain aimed at. */
  readonly flipRate: DirectionalShare;
  /** Share of translations whose class the label classifier keeps. */
  readonly labelPreservation: DirectionalShare;
  /** Fréchet distance of the domain classifier's last features to those of real images of the domain aimed at. */
  readonly frechetDistance: DirectionalShare;
  /** Mean |original − there and back| over both directions, in units of [0, 1]. */
  readonly cycleError: number;
  /** min flip rate · min label preservation. */
  readonly score: number;
}

/**
 * What picks a checkpoint of stage 1: the gate's score and, among scores nearer than 10⁻⁶ (all are 0 as long as one
 * direction fails), the smaller mean Fréchet distance.
 *
 * @param measure Of the checkpoint's generators.
 * @returns The score, and at most 10⁻⁶ more.
 * @example
 * ```ts
 * import { checkpointScore } from 'model-patching/training';
 * const of = (score: number, distance: number) =>
 *   checkpointScore({ score, frechetDistance: { toTarget: distance, toSource: distance } });
 * if (!(of(0, 9) < of(0, 4) && of(0, 4) < of(0.01, 9))) throw new Error('first the score, then the distance');
 * ```
 */
export function checkpointScore({
  score,
  frechetDistance,
}: Pick<GateMeasure, 'score' | 'frechetDistance'>): number {
  return score + 1e-6 / (1 + (frechetDistance.toTarget + frechetDistance.toSource) / 2);
}

/**
 * Images with the noise behind their channels that a generator takes.
 *
 * @param images `[n, h, w, c]`.
 * @param noise How many planes, and what they are drawn from; without it the images stay as they are.
 * @param first Number of the first image: what is drawn for an image does not depend on the others.
 * @returns `[n, h, w, c + planes]`.
 * @example
 * ```ts
 * import { imageBatch } from 'model-patching/augmentation';
 * import { imagesWithNoise } from 'model-patching/training';
 * import { randomKey } from 'model-patching/random';
 * const images = imageBatch(Float32Array.of(1, 1), [2, 1, 1, 1]);
 * const noise = { planes: 1, key: randomKey(1) };
 * const [all, second] = [
 *   imagesWithNoise(images, noise),
 *   imagesWithNoise(imageBatch(Float32Array.of(1), [1, 1, 1, 1]), noise, 1),
 * ];
 * if (all.pixels[3] !== second.pixels[1]) throw new Error('the same noise for the second image');
 * ```
 */
export function imagesWithNoise(
  images: Images<Float32Array>,
  noise: TrainedGenerator['noise'],
  first = 0,
): Images<Float32Array> {
  if (noise === undefined || noise.planes === 0) return images;
  const [count, height, width, channels] = images.shape;
  const depth = channels + noise.planes;
  const pixels = new Float32Array(count * height * width * depth);
  for (let image = 0; image < count; image++) {
    const drawn = normal(foldKey(noise.key, first + image), noise.planes);
    for (let place = image * height * width; place < (image + 1) * height * width; place++) {
      pixels.set(images.pixels.subarray(place * channels, (place + 1) * channels), place * depth);
      pixels.set(drawn, place * depth + channels);
    }
  }
  return imageBatch(pixels, [count, height, width, depth]);
}

/**
 * Images as a generator translates them, with its moving statistics and without dropout.
 *
 * @param images In [−1, 1], `[n, h, w, c]`, n ≥ 1.
 * @param generator Network and weights.
 * @param pause Awaited between two passes.
 * @returns As the generator gives them, `[n, h, w, c]`.
 * @throws RangeError if there is no image, or the generator gives another number of pixels.
 * @example
 * ```ts
 * import type * as tf from '@tensorflow/tfjs';
 * import { imageBatch } from 'model-patching/augmentation';
 * import { translateImages } from 'model-patching/training';
 * const negative = { forward: (x: tf.Tensor) => ({ output: x.neg(), statistics: {} }) };
 * const generator = { network: negative, weights: { trainable: {}, statistics: {} } };
 * const { pixels } = await translateImages(imageBatch(Float32Array.of(-1, 0.5), [2, 1, 1, 1]), generator);
 * if (pixels.join() !== '1,-0.5') throw new Error('not the negative');
 * ```
 */
export async function translateImages(
  images: Images<Float32Array>,
  { network, weights, noise }: TrainedGenerator,
  pause?: () => Promise<void>,
): Promise<Images<Float32Array>> {
  const { values } = await forwardBatches(imagesWithNoise(images, noise), {
    network,
    context: { mode: 'infer', weights },
    ...(pause && { pause }),
  });
  return imageBatch(values, images.shape);
}

async function features(
  { network, weights }: TrainedClassifier,
  images: Images<Float32Array>,
  pause?: () => Promise<void>,
): Promise<Float32Array[]> {
  const { model } = network;
  const last = model.layers.at(-1)!;
  const hidden = networkFromModel(
    tf.model({ inputs: model.inputs, outputs: last.input as tf.SymbolicTensor }),
  );
  const { values } = await forwardBatches(images, {
    network: hidden,
    context: { mode: 'infer', weights },
    ...(pause && { pause }),
  });
  const width = values.length / images.shape[0];
  return Array.from({ length: images.shape[0] }, (_, i) => values.subarray(i * width, (i + 1) * width));
}

/**
 * Measures a pair of generators on fixed images.
 *
 * @param gate The trained classifiers.
 * @param generators G (`toTarget`) and F (`toSource`).
 * @param images Real images of the source and of the target domain, with their classes, at least two of each.
 * @param pause Awaited between two passes.
 * @returns The measures of both directions, and the score.
 * @throws RangeError if a domain has fewer than two images, or a generator gives images of another size or pixels that
 *   are not finite.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { networkFromModel } from 'model-patching/models';
 * import { imageBatch } from 'model-patching/augmentation';
 * import { measureGenerators } from 'model-patching/training';
 * // A classifier of one-pixel images that finds class 1 in bright ones.
 * const model = tf.sequential({
 *   layers: [
 *     tf.layers.flatten({ inputShape: [1, 1, 1] }),
 *     tf.layers.dense({ name: 'logits', units: 2, kernelInitializer: 'zeros' }),
 *   ],
 * });
 * const weights = {
 *   trainable: { 'logits/kernel': tf.tensor2d([[-1, 1]]), 'logits/bias': tf.zeros([2]) },
 *   statistics: {},
 * };
 * const brightness = { network: networkFromModel(model), weights };
 * const identity = {
 *   network: { forward: (x: tf.Tensor) => ({ output: x.clone(), statistics: {} }) },
 *   weights: { trainable: {}, statistics: {} },
 * };
 * const images = (...pixels: number[]) => ({
 *   images: imageBatch(Uint8Array.from(pixels), [2, 1, 1, 1]),
 *   labels: Int32Array.from(pixels, (value) => (value > 127 ? 1 : 0)),
 *   groups: new Int32Array(2),
 * });
 * const measure = await measureGenerators(
 *   { domain: brightness, label: brightness },
 *   { toTarget: identity, toSource: identity },
 *   { source: images(0, 20), target: images(230, 250) },
 * );
 * if (measure.flipRate.toTarget !== 0 || measure.score !== 0) throw new Error('nothing was translated');
 * if (measure.labelPreservation.toTarget !== 1 || measure.cycleError !== 0) throw new Error('all was kept');
 * tf.dispose(weights.trainable);
 * model.dispose();
 * ```
 */
export async function measureGenerators(
  gate: Pick<Gate, 'domain' | 'label'>,
  generators: { readonly toTarget: TrainedGenerator; readonly toSource: TrainedGenerator },
  images: { readonly source: Examples; readonly target: Examples },
  pause?: () => Promise<void>,
): Promise<GateMeasure> {
  const direction = async (
    there: TrainedGenerator,
    back: TrainedGenerator,
    from: Examples,
    to: Examples,
    domain: number,
  ) => {
    const original = minusOneToOne(from.images);
    const translated = await translateImages(original, there, pause);
    const cycled = await translateImages(translated, back, pause);
    return {
      flipRate: flipRate(await classes(gate.domain, translated, pause), domain),
      labelPreservation: labelPreservation(await classes(gate.label, translated, pause), from.labels),
      frechetDistance: frechetDistance(
        await features(gate.domain, translated, pause),
        await features(gate.domain, minusOneToOne(to.images), pause),
      ),
      cycleError: cycleError(original.pixels, cycled.pixels, [-1, 1]),
    };
  };
  const { toTarget: g, toSource: f } = generators;
  const toTarget = await direction(g, f, images.source, images.target, 1);
  const toSource = await direction(f, g, images.target, images.source, 0);
  const both = (name: 'flipRate' | 'labelPreservation' | 'frechetDistance'): DirectionalShare => ({
    toTarget: toTarget[name],
    toSource: toSource[name],
  });
  const shares = { flipRate: both('flipRate'), labelPreservation: both('labelPreservation') };
  return {
    ...shares,
    frechetDistance: both('frechetDistance'),
    cycleError: (toTarget.cycleError + toSource.cycleError) / 2,
    score: gateScore(shares),
  };
}
