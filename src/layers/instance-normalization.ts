/**
 * Instance normalisation (Ulyanov, Vedaldi, Lempitsky, arXiv 1607.08022): each channel of each image is normalised
 * with its own mean and biased variance. There are no moving statistics: training and inference are the same.
 */
import * as tf from '@tensorflow/tfjs';
import { protectedInput, unrecorded } from './operation.ts';
import { moments, standardize, type Affine } from './standardization.ts';

/**
 * Instance normalisation: γ·(x − μ)/√(σ² + ε) + β with μ, σ² over height and width.
 *
 * It is differentiable any number of times in x, γ and β.
 *
 * @param x `[batch, height, width, channels]`.
 * @param affine Scale γ and offset β, `[channels]`; each may be missing.
 * @param epsilon ε, default 1e-5.
 * @returns The shape of `x`.
 * @throws Error if `x` is not of rank 4, or scale or offset are not `[channels]`.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { instanceNormalization } from 'model-patching/layers';
 * const x = tf.tensor4d([1, 3, 10, 30], [2, 1, 2, 1]);
 * const y = instanceNormalization(x, {}, 0);
 * if (y.dataSync().join() !== '-1,1,-1,1') throw new Error('each image has its own mean and variance');
 * tf.dispose([x, y]);
 * ```
 */
export function instanceNormalization(x: tf.Tensor4D, affine: Affine, epsilon = 1e-5): tf.Tensor4D {
  if (x.rank !== 4)
    throw new Error(`x: expected [batch, height, width, channels], received [${x.shape.join(', ')}]`);
  const [batch, height, width, channels] = x.shape;
  for (const [name, tensor] of Object.entries(affine) as [string, tf.Tensor | undefined][]) {
    if (tensor && (tensor.rank !== 1 || tensor.shape[0] !== channels))
      throw new Error(`${name}: expected shape [${channels}], received [${tensor.shape.join(', ')}]`);
  }
  return tf.tidy(() => {
    const flat = x.reshape<tf.Tensor3D>([batch, height * width, channels]);
    const image = unrecorded(() => {
      const { mean, variance } = moments(flat, 'image');
      return { mean, variance };
    });
    const scale = affine.scale && protectedInput(affine.scale);
    return standardize(flat, image, { ...affine, scale }, epsilon, 'image').reshape(x.shape);
  });
}

/** {@link InstanceNormalization} takes these arguments. */
export interface InstanceNormalizationOptions {
  readonly name?: string;
  /** The default of ε is 1e-5. */
  readonly epsilon?: number;
}

/**
 * {@link instanceNormalization} as a layer with weights `scale` (ones) and `offset` (zeros), `[channels]` each.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { InstanceNormalization } from 'model-patching/layers';
 * const layer = new InstanceNormalization({ epsilon: 0 });
 * const x = tf.tensor4d([1, 3], [1, 2, 1, 1]);
 * const y = layer.apply(x) as tf.Tensor;
 * if (y.dataSync().join() !== '-1,1') throw new Error('mean 0 and variance 1');
 * tf.dispose([x, y]);
 * layer.dispose();
 * ```
 */
export class InstanceNormalization extends tf.layers.Layer {
  static readonly className = 'InstanceNormalization';
  readonly epsilon: number;
  private scale?: ReturnType<tf.layers.Layer['addWeight']>;
  private offset?: ReturnType<tf.layers.Layer['addWeight']>;

  constructor({ epsilon = 1e-5, ...layer }: InstanceNormalizationOptions = {}) {
    super(layer);
    this.epsilon = epsilon;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const channels = (inputShape as tf.Shape)[3];
    if (typeof channels !== 'number')
      throw new Error(
        `inputShape: expected [batch, height, width, channels], received [${String(inputShape)}]`,
      );
    this.scale = this.addWeight('scale', [channels], 'float32', tf.initializers.ones());
    this.offset = this.addWeight('offset', [channels], 'float32', tf.initializers.zeros());
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0]! : inputs) as tf.Tensor4D;
    return instanceNormalization(x, { scale: this.scale!.read(), offset: this.offset!.read() }, this.epsilon);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), epsilon: this.epsilon };
  }
}
