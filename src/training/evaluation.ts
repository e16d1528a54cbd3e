/** A classifier over images that come batch by batch: what memory holds does not grow with their number. */
import * as tf from '@tensorflow/tfjs';
import type { Images } from '../augmentation/images.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import type { Examples } from './examples.ts';
import { forwardBatches } from './forward-batches.ts';

/** Options of {@link evaluateBatches}. */
export interface EvaluateBatchesOptions {
  /** From bytes to what the network sees, e.g. `zeroToOne`. */
  readonly scale: (images: Images<Uint8Array>) => Images<Float32Array>;
  /** Lets the host do its other work between two batches. */
  readonly pause?: () => Promise<void>;
  /** Called after every batch with the number of images done. */
  readonly onProgress?: (done: number) => void;
}

/** What a classifier says of n images, and what is true. */
export interface EvaluatedBatches {
  /** Class probabilities, `[n, classes]` row-major. */
  readonly probabilities: Float32Array;
  readonly labels: Int32Array;
  readonly groups: Int32Array;
}

const joined = <A extends Float32Array | Int32Array>(empty: A, parts: readonly A[]): A => {
  const all = new (empty.constructor as new (length: number) => A)(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

/**
 * The class probabilities of images that come in batches.
 *
 * @param classifier Network (logits out) and the weights to run it with.
 * @param batches Bytes with classes and groups; an empty batch counts for nothing.
 * @param options Scaling; a pause between two batches, and what hears of the number of images done.
 * @returns Probabilities, classes and groups of all images, for `groupReport` and `groupedMetrics`.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { imageBatch, zeroToOne } from 'model-patching/augmentation';
 * import { evaluateBatches } from 'model-patching/training';
 * const brightness = {
 *   forward: (x: tf.Tensor) => ({
 *     output: tf.concat([tf.zeros([x.shape[0]!, 1]), x.reshape([-1, 1])], 1),
 *     statistics: {},
 *   }),
 * };
 * const batch = (byte: number, label: number) => ({
 *   images: imageBatch(Uint8Array.of(byte), [1, 1, 1, 1]),
 *   labels: Int32Array.of(label),
 *   groups: Int32Array.of(label),
 * });
 * const { probabilities, labels } = await evaluateBatches(
 *   { network: brightness, weights: { trainable: {}, statistics: {} } },
 *   [batch(0, 0), batch(255, 1)],
 *   { scale: zeroToOne },
 * );
 * if (probabilities[0] !== 0.5 || !(probabilities[3]! > 0.7) || labels.join() !== '0,1') throw new Error('two images');
 * ```
 */
export async function evaluateBatches(
  classifier: { readonly network: Pick<Network, 'forward'>; readonly weights: NetworkWeights },
  batches: AsyncIterable<Examples> | Iterable<Examples>,
  { scale, pause, onProgress }: EvaluateBatchesOptions,
): Promise<EvaluatedBatches> {
  const { network, weights } = classifier;
  const probabilities: Float32Array[] = [];
  const labels: Int32Array[] = [];
  const groups: Int32Array[] = [];
  let done = 0;
  for await (const batch of batches) {
    const count = batch.labels.length;
    if (count === 0) continue;
    const { values } = await forwardBatches(scale(batch.images), {
      network,
      context: { mode: 'infer', weights },
      batchSize: count,
      map: (logits) => tf.softmax(logits),
      ...(pause && { pause }),
    });
    probabilities.push(values);
    labels.push(batch.labels);
    groups.push(batch.groups);
    onProgress?.((done += count));
  }
  return {
    probabilities: joined(new Float32Array(0), probabilities),
    labels: joined(new Int32Array(0), labels),
    groups: joined(new Int32Array(0), groups),
  };
}
