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

/**
 * The images at the given places, in that order, copied.
 *
 * @throws RangeError if an index is outside the batch.
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

/** The examples at the given places; see {@link gatherImages}. */
export function gatherExamples({ images, labels, groups }: Examples, indices: ArrayLike<number>): Examples {
  return {
    images: gatherImages(images, indices),
    labels: Int32Array.from(indices, (i) => labels[i]!),
    groups: Int32Array.from(indices, (i) => groups[i]!),
  };
}

/** A batch as a tensor, `[n, h, w, c]`, owned by the caller. */
export function imageTensor({ pixels, shape }: Images<Float32Array>): tf.Tensor4D {
  return tf.tensor4d(pixels, [...shape]);
}
