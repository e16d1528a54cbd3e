/**
 * What ties a translation to its source without pairs (Zhu et al., "Unpaired image-to-image translation using
 * cycle-consistent adversarial networks", ICCV 2017): an image translated there and back should be itself, and a
 * translator should leave images of its own target domain alone. Both are mean absolute differences.
 */
import * as tf from '@tensorflow/tfjs';

/**
 * How far an image has moved after translation there and back.
 *
 * mean |real − cycled| over all elements; its gradient is 0 where the two are equal. λ is the caller's.
 *
 * @param real `[batch, height, width, channels]`, any range.
 * @param cycled The same shape.
 * @returns A scalar in the images' unit.
 * @throws Error if the shapes differ.
 * @see Zhu et al., ICCV 2017, equation 2
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { cycleLoss } from 'model-patching';
 * const real = tf.zeros([1, 2, 2, 1]);
 * const cycled = tf.fill([1, 2, 2, 1], -0.5);
 * const loss = cycleLoss(real, cycled);
 * if (loss.dataSync()[0] !== 0.5) throw new Error('half a unit everywhere');
 * tf.dispose([real, cycled, loss]);
 * ```
 */
export function cycleLoss(real: tf.Tensor, cycled: tf.Tensor): tf.Scalar {
  return meanAbsoluteDifference('cycled', real, cycled);
}

/**
 * How far a translator moves an image that is in its target domain already.
 *
 * mean |real − same| over all elements; its gradient is 0 where the two are equal. λ, and the ½ that the
 * published loss puts before it, are the caller's.
 *
 * @param real `[batch, height, width, channels]`, any range.
 * @param same The same shape.
 * @returns A scalar in the images' unit.
 * @throws Error if the shapes differ.
 * @see Zhu et al., ICCV 2017, section 5.2
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { identityLoss } from 'model-patching';
 * const real = tf.ones([2, 2, 2, 1]);
 * const loss = identityLoss(real, real);
 * if (loss.dataSync()[0] !== 0) throw new Error('nothing has moved');
 * tf.dispose([real, loss]);
 * ```
 */
export function identityLoss(real: tf.Tensor, same: tf.Tensor): tf.Scalar {
  return meanAbsoluteDifference('same', real, same);
}

function meanAbsoluteDifference(argument: string, real: tf.Tensor, other: tf.Tensor): tf.Scalar {
  if (!tf.util.arraysEqual(real.shape, other.shape))
    throw new Error(
      `${argument}: expected shape [${real.shape.join(', ')}] as of real, received [${other.shape.join(', ')}]`,
    );
  return tf.tidy(() => meanAbsolute(tf.sub(real, other)).asScalar());
}

/** Mean |x|, with derivative 0 at 0: the framework's own |·| has −1 there, which pulls at pixels that are right. */
const meanAbsolute = tf.customGrad((x, save) => {
  (save as (tensors: tf.Tensor[]) => void)([x as tf.Tensor]);
  const { size } = x as tf.Tensor;
  return {
    value: (x as tf.Tensor).abs().mean(),
    gradFunc: (upstream, saved) => saved[0]!.sign().mul(upstream.div(size)),
  };
});
