/** Labelled images on the host, and batches of them as tensors. */
import * as tf from '@tensorflow/tfjs';
import { emptyLike, type Images, type Pixels } from '../augmentation/images.ts';

/** Images with what is known about each. */
export interface Examples {
  /** Bytes, `[n, h, w, c]`. */
  readonly images: Images<Uint8Array>;
  /** Class of each, `[n]`. */
  readonly labels: Int32Array;
  /** Index of its group in the group table, `[n]`. */
  readonly groups: Int32Array;
}

/** Throws a RangeError unless every image has a label and a group. */
export function checkExamples({ images, labels, groups }: Examples): void {
  const [count] = images.shape;
  if (labels.length !== count || groups.length !== count) {
    throw new RangeError(
      `labels, groups: expected ${count}, one an image, received ${labels.length} and ${groups.length}`,
    );
  }
}

/**
 * The images at the given places, in that order, copied.
 *
 * @param images `[n, h, w, c]`, bytes or numbers.
 * @param indices `[m]`, integers in [0, n); one may come twice.
 * @returns `[m, h, w, c]`, of the same kind of number.
 * @throws RangeError if an index is outside the batch.
 * @example
 * ```ts
 * import { imageBatch } from 'model-patching/augmentation';
 * import { gatherImages } from 'model-patching/training';
 * const images = imageBatch(Uint8Array.of(1, 2, 3, 4, 5, 6), [3, 1, 2, 1]);
 * const { pixels, shape } = gatherImages(images, [2, 0, 2]);
 * if (pixels.join() !== '5,6,1,2,5,6' || shape.join() !== '3,1,2,1') throw new Error('wrong images');
 * ```
 */
export function gatherImages<P extends Pixels>(images: Images<P>, indices: ArrayLike<number>): Images<P> {
  const [count, height, width, channels] = images.shape;
  const size = height * width * channels;
  const pixels = emptyLike(images.pixels, indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!(Number.isInteger(index) && index >= 0 && index < count)) {
      throw new RangeError(`indices: expected integers in [0, ${count}), received ${index}`);
    }
    pixels.set(images.pixels.subarray(index * size, (index + 1) * size), i * size);
  }
  return { pixels, shape: [indices.length, height, width, channels] };
}

/**
 * The examples at the given places, in that order, copied; see {@link gatherImages}.
 *
 * @param examples n images with their labels and groups.
 * @param indices `[m]`, integers in [0, n); one may come twice.
 * @throws RangeError if an index is outside the batch, or an image lacks a label or a group.
 * @example
 * ```ts
 * import { imageBatch } from 'model-patching/augmentation';
 * import { gatherExamples } from 'model-patching/training';
 * const examples = {
 *   images: imageBatch(Uint8Array.of(10, 20, 30), [3, 1, 1, 1]),
 *   labels: Int32Array.of(0, 1, 1),
 *   groups: Int32Array.of(0, 2, 3),
 * };
 * const { labels, groups } = gatherExamples(examples, [2, 0]);
 * if (labels.join() !== '1,0' || groups.join() !== '3,0') throw new Error('wrong examples');
 * ```
 */
export function gatherExamples(examples: Examples, indices: ArrayLike<number>): Examples {
  checkExamples(examples);
  return {
    images: gatherImages(examples.images, indices),
    labels: Int32Array.from(indices, (i) => examples.labels[i]!),
    groups: Int32Array.from(indices, (i) => examples.groups[i]!),
  };
}

/**
 * A batch as a tensor.
 *
 * @param images Numbers, `[n, h, w, c]`; bytes are scaled first, e.g. by `zeroToOne`.
 * @returns `[n, h, w, c]`, owned by the caller.
 * @example
 * ```ts
 * import { imageBatch, zeroToOne } from 'model-patching/augmentation';
 * import { imageTensor } from 'model-patching/training';
 * const x = imageTensor(zeroToOne(imageBatch(Uint8Array.of(0, 255), [2, 1, 1, 1])));
 * if (x.dataSync().join() !== '0,1' || x.dtype !== 'float32') throw new Error('wrong tensor');
 * x.dispose();
 * ```
 */
export function imageTensor({ pixels, shape }: Images<Float32Array>): tf.Tensor4D {
  return tf.tensor4d(pixels, [...shape]);
}
