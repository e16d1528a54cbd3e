/**
 * The mask head of a generator: the network draws a picture and says where it belongs, and everywhere else the input
 * stays as it is (Mejjati et al., "Unsupervised attention-guided image-to-image translation", NeurIPS 2018). A
 * generator of small changes then need not learn to copy its input.
 */
import * as tf from '@tensorflow/tfjs';
import { operation, protectedInput } from './operation.ts';

/** Shift of the mask's logits: a new generator leaves its input mostly as it is. */
const MASK_BIAS = -1;

const channelsOf = (x: tf.Tensor4D, from: number, count: number): tf.Tensor4D =>
  x.slice([0, 0, 0, from], [-1, -1, -1, count]);

/**
 * x + m·(tanh(h₂) − x) with m = σ(h₁ − 1): h₁ is the first channel of `drawing`, h₂ are the others, x the first
 * channels of `input`.
 *
 * @param input `[batch, height, width, channels + noise]`; the noise planes behind the image are not used.
 * @param drawing `[batch, height, width, 1 + channels]`.
 * @returns `[batch, height, width, channels]`, between the input and (−1, 1). It has first-order gradients.
 * @throws Error if the two do not fit.
 * @see Mejjati et al., NeurIPS 2018, equation 1
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { maskedBlend } from 'model-patching/layers';
 * const input = tf.fill<tf.Rank.R4>([1, 1, 1, 1], 0.5);
 * const drawing = tf.tensor4d([1, 0], [1, 1, 1, 2]);
 * const y = maskedBlend(input, drawing);
 * if (y.dataSync()[0] !== 0.25) throw new Error('half of the way from 0.5 to tanh 0');
 * tf.dispose([input, drawing, y]);
 * ```
 */
export const maskedBlend = (input: tf.Tensor4D, drawing: tf.Tensor4D): tf.Tensor4D =>
  blended(protectedInput(input), protectedInput(drawing));

/** {@link maskedBlend}, which holds its arguments. */
export function blended(input: tf.Tensor4D, drawing: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, planes] = drawing.shape;
  const channels = planes - 1;
  if (input.shape[3] < channels || !tf.util.arraysEqual(input.shape.slice(0, 3), [batch, height, width]))
    throw new Error(
      `input: expected [${batch}, ${height}, ${width}, at least ${channels}], received [${input.shape.join(', ')}]`,
    );
  return operation({ input, drawing }, () => {
    const mask = channelsOf(drawing, 0, 1).add(MASK_BIAS).sigmoid();
    const picture = channelsOf(drawing, 1, channels).tanh();
    const change = picture.sub<tf.Tensor4D>(channelsOf(input, 0, channels));
    return {
      output: channelsOf(input, 0, channels).add<tf.Tensor4D>(change.mul(mask)),
      held: [mask, picture, change],
      gradients: (dy) => ({
        input: () => {
          const image = dy.sub<tf.Tensor4D>(dy.mul(mask));
          return input.shape[3] === channels
            ? image
            : image.pad([
                [0, 0],
                [0, 0],
                [0, 0],
                [0, input.shape[3] - channels],
              ]);
        },
        drawing: () =>
          tf.concat(
            [
              dy.mul(change).sum(3, true).mul(mask).mul(tf.sub(1, mask)),
              dy.mul(mask).mul(tf.sub(1, picture.square())),
            ],
            3,
          ),
      }),
    };
  });
}

/** {@link maskedBlend} of the two inputs `[input, drawing]` as a layer. */
export class MaskedBlend extends tf.layers.Layer {
  static readonly className = 'MaskedBlend';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [input, drawing] = inputs as [tf.Tensor4D, tf.Tensor4D];
    return maskedBlend(input, drawing);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const [, drawing] = inputShape as [tf.Shape, tf.Shape];
    return [...drawing.slice(0, 3), drawing[3]! - 1];
  }
}
