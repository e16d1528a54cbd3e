/**
 * Reflection padding: the border is mirrored without repeating the edge pixel (Johnson, Alahi, Fei-Fei, ECCV 2016,
 * use it in image generators against border artefacts). Built from slices, reversals and concatenation, whose
 * gradients are right at every order; the gradient of `tf.mirrorPad` is not.
 */
import * as tf from '@tensorflow/tfjs';

function reflectAxis(x: tf.Tensor4D, axis: 1 | 2, padding: number): tf.Tensor4D {
  const size = x.shape[axis];
  const strip = (start: number): tf.Tensor4D => {
    const begin = [0, 0, 0, 0];
    const extent: number[] = [...x.shape];
    begin[axis] = start;
    extent[axis] = padding;
    return x.slice(begin as [number, number, number, number], extent as [number, number, number, number]);
  };
  return tf.concat([strip(1).reverse(axis), x, strip(size - 1 - padding).reverse(axis)], axis);
}

/**
 * Pads height and width by reflection: row −i is row i, row (height − 1 + i) is row (height − 1 − i).
 *
 * @param x `[batch, height, width, channels]`.
 * @param padding Pixels on every side, an integer in [0, min(height, width)).
 * @returns `[batch, height + 2·padding, width + 2·padding, channels]`.
 * @throws Error if `x` is not of rank 4 or too small; RangeError if `padding` is not a natural number.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { reflectionPadding } from 'model-patching/layers';
 * const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
 * const y = reflectionPadding(x, 1);
 * if (y.dataSync().slice(0, 4).join() !== '4,3,4,3') throw new Error('not reflected');
 * tf.dispose([x, y]);
 * ```
 */
export function reflectionPadding(x: tf.Tensor4D, padding: number): tf.Tensor4D {
  if (x.rank !== 4)
    throw new Error(`x: expected [batch, height, width, channels], received [${x.shape.join(', ')}]`);
  if (!Number.isInteger(padding) || padding < 0)
    throw new RangeError(`padding: expected an integer of at least 0, received ${padding}`);
  if (padding >= x.shape[1] || padding >= x.shape[2])
    throw new Error(`x: expected height and width above ${padding}, received [${x.shape.join(', ')}]`);
  return padding === 0 ? x.clone() : tf.tidy(() => reflectAxis(reflectAxis(x, 1, padding), 2, padding));
}

/** {@link ReflectionPadding2D} takes these arguments. */
export interface ReflectionPadding2DOptions {
  readonly name?: string;
  /** Pixels on every side, default 1. */
  readonly padding?: number;
}

/**
 * {@link reflectionPadding} as a layer.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { ReflectionPadding2D } from 'model-patching/layers';
 * const x = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
 * const y = new ReflectionPadding2D({ padding: 1 }).apply(x) as tf.Tensor;
 * if (y.shape.join() !== '1,4,4,1') throw new Error('a pixel on every side');
 * tf.dispose([x, y]);
 * ```
 */
export class ReflectionPadding2D extends tf.layers.Layer {
  static readonly className = 'ReflectionPadding2D';
  readonly padding: number;

  constructor({ padding = 1, ...layer }: ReflectionPadding2DOptions = {}) {
    super(layer);
    this.padding = padding;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return reflectionPadding((Array.isArray(inputs) ? inputs[0]! : inputs) as tf.Tensor4D, this.padding);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [batch, height, width, channels] = inputShape as tf.Shape;
    const grown = (size: number | null | undefined): number | null =>
      typeof size === 'number' ? size + 2 * this.padding : null;
    return [batch ?? null, grown(height), grown(width), channels ?? null];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), padding: this.padding };
  }
}
