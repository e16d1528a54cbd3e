/** A network over many images: batch by batch, so that memory does not grow with their number. */
import * as tf from '@tensorflow/tfjs';
import { consecutiveBatches } from '../augmentation/pairing.ts';
import type { Images } from '../augmentation/images.ts';
import type { ForwardContext, Network } from '../models/network.ts';
import { imageTensor } from './examples.ts';

/** What {@link forwardBatches} needs beside the images. */
export interface ForwardBatchesOptions {
  readonly network: Pick<Network, 'forward'>;
  /** Weights and mode of every pass; default `infer` with the network's own weights. */
  readonly context?: ForwardContext;
  /** Images a pass, default 100. */
  readonly batchSize?: number;
  /** Applied to each pass's output, e.g. `tf.softmax`. */
  readonly map?: (output: tf.Tensor) => tf.Tensor;
  /** Called after every pass with the number of images done. */
  readonly onProgress?: (done: number) => void;
  /** Lets the host do its other work between two passes. */
  readonly pause?: () => Promise<void>;
}

/** Outputs of all images, row-major. */
export interface ForwardBatches {
  readonly values: Float32Array;
  /** Shape of all outputs together, `[n, …]`. */
  readonly shape: readonly number[];
}

/**
 * The network's output for every image, read back to the host.
 *
 * @param images Scaled as the network expects, `[n, h, w, c]`, n ≥ 1.
 * @param options Network, weights and mode, batch size, and what is done with each output.
 * @returns `[n, …]`, in the images' order. In `infer` mode the batch size makes no difference beyond rounding.
 * @throws RangeError if there is no image or the batch size is no whole number ≥ 1; what the network throws.
 * @example
 * ```ts
 * import type * as tf from '@tensorflow/tfjs';
 * import { imageBatch } from 'model-patching/augmentation';
 * import { forwardBatches } from 'model-patching/training';
 * const doubling = { forward: (x: tf.Tensor) => ({ output: x.mul(2), statistics: {} }) };
 * const images = imageBatch(Float32Array.of(1, 2, 3), [3, 1, 1, 1]);
 * const { values, shape } = await forwardBatches(images, { network: doubling, batchSize: 2 });
 * if (values.join() !== '2,4,6' || shape.join() !== '3,1,1,1') throw new Error('wrong outputs');
 * ```
 */
export async function forwardBatches(
  images: Images<Float32Array>,
  options: ForwardBatchesOptions,
): Promise<ForwardBatches> {
  const { network, context = { mode: 'infer' }, batchSize = 100, map } = options;
  const count = images.shape[0];
  if (count === 0) throw new RangeError('images: expected at least one, received none');
  let values = new Float32Array(0);
  let shape: readonly number[] = [];
  let done = 0;
  for (const batch of consecutiveBatches(images, batchSize)) {
    const output = tf.tidy(() => {
      const result = network.forward(imageTensor(batch), context).output;
      return map ? map(result) : result;
    });
    const read = await output.data();
    if (done === 0) {
      shape = [count, ...output.shape.slice(1)];
      values = new Float32Array((read.length / batch.shape[0]) * count);
    }
    values.set(read, (values.length / count) * done);
    output.dispose();
    done += batch.shape[0];
    options.onProgress?.(done);
    await options.pause?.();
  }
  return { values, shape };
}
