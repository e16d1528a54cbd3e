/**
 * Kullback–Leibler divergence between rows of class probabilities, in nats: KL(p‖q) = Σ_c p_c log(p_c/q_c)
 * (Kullback and Leibler, "On information and sufficiency", 1951). Once from log-probabilities, which is stable however
 * sharp the predictions are, and once from probabilities that are clipped, as the published training computes it.
 */
import * as tf from '@tensorflow/tfjs';

/** The published lower bound of a probability. */
const PROBABILITY_FLOOR = 1e-7;

/**
 * Probabilities cut to [10⁻⁷, 1]. The gradient passes where they lie inside, ends included, and is 0 elsewhere, so
 * that exact zeros get none. Rows are not normalised again.
 *
 * @param probabilities Any shape.
 * @returns Of the same shape.
 */
export function clippedProbabilities<T extends tf.Tensor>(probabilities: T): T {
  return tf.clipByValue(probabilities, PROBABILITY_FLOOR, 1);
}

/**
 * KL(p‖q) = Σ_c exp(log p_c) (log p_c − log q_c) over the last axis.
 *
 * @param logP Log-probabilities `[…, classes]`.
 * @param logQ Log-probabilities whose axes equal those of `logP` or are 1 (one row compared with many).
 * @returns Of the common shape without the last axis; ≥ 0 up to rounding.
 * @throws RangeError if the ranks or numbers of classes differ.
 */
export function divergenceOfLogProbabilities(logP: tf.Tensor, logQ: tf.Tensor): tf.Tensor {
  checkPair(logP, logQ);
  return tf.tidy(() => logP.exp().mul(logP.sub(logQ)).sum(-1));
}

/**
 * KL of probabilities clipped to [10⁻⁷, 1]: Σ_c p̂_c log(p̂_c/q̂_c) over the last axis, with ∂/∂p_c = log(p̂_c/q̂_c) + 1 and
 * ∂/∂q_c = −p̂_c/q̂_c where the clip passes them. Rows that do not sum to 1 may give a negative value.
 *
 * @param p Probabilities `[…, classes]`.
 * @param q Probabilities whose axes equal those of `p` or are 1.
 * @returns Of the common shape without the last axis.
 * @throws RangeError if the ranks or numbers of classes differ.
 */
export function divergenceOfProbabilities(p: tf.Tensor, q: tf.Tensor): tf.Tensor {
  checkPair(p, q);
  return tf.tidy(() => {
    const clipped = clippedProbabilities(p);
    // The quotient before the logarithm, so that equal rows are exactly 0 apart.
    return clipped.mul(clipped.div(clippedProbabilities(q)).log()).sum(-1);
  });
}

function checkPair(p: tf.Tensor, q: tf.Tensor): void {
  const fits = p.shape.every(
    (size, axis) =>
      size === q.shape[axis] || (axis < p.shape.length - 1 && (size === 1 || q.shape[axis] === 1)),
  );
  if (p.shape.length === 0 || p.shape.length !== q.shape.length || !fits) {
    throw new RangeError(
      `p, q: expected rows of the same number of classes, received [${p.shape}] and [${q.shape}]`,
    );
  }
}
