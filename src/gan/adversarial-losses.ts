/**
 * The game between a generator and a discriminator, in four forms. All take the discriminator's raw outputs
 * (logits, or a critic's scores), of any shape, and average over all of them: over the batch, and over the
 * patches of a PatchGAN (Isola et al., CVPR 2017). The discriminator's loss carries the factor ½ of CycleGAN
 * (Zhu et al., ICCV 2017), which slows the discriminator down.
 */
import * as tf from '@tensorflow/tfjs';

/**
 * `bce`: cross-entropy, the non-saturating game (Goodfellow et al., 2014). `lsgan`: least squares (Mao et al.,
 * 2017). `wgan`: critic scores (Arjovsky et al., 2017), to be used with a gradient penalty. `hinge`: Lim and Ye, 2017.
 */
export type AdversarialKind = 'bce' | 'lsgan' | 'wgan' | 'hinge';

/** Both sides of the game. */
export interface AdversarialLosses {
  /** The generator's loss from the discriminator's outputs on its images. */
  generator(fake: tf.Tensor): tf.Scalar;
  /** The discriminator's loss, the ½ included, from its outputs on real and on generated images. */
  discriminator(real: tf.Tensor, fake: tf.Tensor): tf.Scalar;
}

interface Terms {
  readonly generator: (fake: tf.Tensor) => tf.Tensor;
  readonly real: (real: tf.Tensor) => tf.Tensor;
  readonly fake: (fake: tf.Tensor) => tf.Tensor;
}

const TERMS: Readonly<Record<AdversarialKind, Terms>> = {
  bce: {
    generator: (fake) => fake.neg().softplus(),
    real: (real) => real.neg().softplus(),
    fake: (fake) => fake.softplus(),
  },
  lsgan: {
    generator: (fake) => fake.sub(1).square(),
    real: (real) => real.sub(1).square(),
    fake: (fake) => fake.square(),
  },
  wgan: { generator: (fake) => fake.neg(), real: (real) => real.neg(), fake: (fake) => fake },
  hinge: {
    generator: (fake) => fake.neg(),
    real: (real) => tf.sub(1, real).relu(),
    fake: (fake) => fake.add(1).relu(),
  },
};

/**
 * The two losses of a form of the game.
 *
 * With r and f the outputs on real and generated images, means over all elements:
 * `bce`: G = mean softplus(−f), D = ½(mean softplus(−r) + mean softplus(f));
 * `lsgan`: G = mean (f − 1)², D = ½(mean (r − 1)² + mean f²);
 * `wgan`: G = −mean f, D = ½(mean f − mean r);
 * `hinge`: G = −mean f, D = ½(mean max(0, 1 − r) + mean max(0, 1 + f)).
 *
 * @param kind The form.
 * @returns Functions of discriminator outputs of any shape, to scalars.
 * @throws Error if `kind` is none of the four.
 * @see Goodfellow et al., 2014; Mao et al., 2017; Arjovsky et al., 2017; Lim and Ye, 2017
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { adversarialLosses } from 'model-patching';
 * const { discriminator } = adversarialLosses('lsgan');
 * const real = tf.tensor2d([[1], [3]]);
 * const fake = tf.tensor2d([[0], [2]]);
 * const loss = discriminator(real, fake);
 * if (loss.dataSync()[0] !== 2) throw new Error('½(mean(0, 4) + mean(0, 4))');
 * tf.dispose([real, fake, loss]);
 * ```
 */
export function adversarialLosses(kind: AdversarialKind): AdversarialLosses {
  const terms: Terms | undefined = TERMS[kind];
  if (terms === undefined)
    throw new Error(`kind: expected one of ${Object.keys(TERMS).join(', ')}, received ${String(kind)}`);
  return {
    generator: (fake) => tf.tidy(() => terms.generator(fake).mean<tf.Scalar>()),
    discriminator: (real, fake) =>
      tf.tidy(() => terms.real(real).mean().add(terms.fake(fake).mean()).mul<tf.Scalar>(0.5)),
  };
}
