/**
 * Distributionally robust risks over the examples of a batch, for when groups are unknown: the worst mean loss
 * Σ q_i ℓ_i over distributions q near the uniform one (Levy, Carmon, Duchi and Sidford, "Large-Scale Methods for
 * Distributionally Robust Optimization", NeurIPS 2020). The worst q is found exactly in both cases, from the ranks of
 * the losses; by the envelope theorem it is the gradient, so that it is held constant.
 */
import * as tf from '@tensorflow/tfjs';
import { withoutGradient } from './stop-gradient.ts';

/** For each loss, the number of larger ones (of equal ones, those before it count), `[batch]`. */
function ranks(losses: tf.Tensor): tf.Tensor {
  const size = losses.size;
  const [own, other] = [losses.reshape([size, 1]), losses.reshape([1, size])];
  const position = tf.range(0, size);
  const earlier = tf.less(position.reshape([1, size]), position.reshape([size, 1]));
  const before = tf.greater(other, own).logicalOr(tf.equal(other, own).logicalAnd(earlier));
  return before.toFloat().sum(1);
}

function weightedRisk(losses: tf.Tensor1D, weights: (losses: tf.Tensor) => tf.Tensor): tf.Scalar {
  if (losses.shape.length !== 1 || losses.size === 0) {
    throw new RangeError(`losses: expected shape [batch] with batch ≥ 1, received [${losses.shape}]`);
  }
  return tf.tidy(() => losses.mul(withoutGradient(weights, losses)).sum().asScalar());
}

/** Options of {@link cvar}. */
export interface CvarOptions {
  /** α in (0, 1], the share of the batch that counts. */
  readonly alpha: number;
}

/**
 * Conditional value at risk: the mean of the worst share α of the losses, max_q Σ q_i ℓ_i over 0 ≤ q_i ≤ 1/(αn),
 * Σ q_i = 1. Where αn is no integer the last example counts in part; α = 1 is the mean.
 *
 * @param losses ℓ, `[batch]`.
 * @param options See {@link CvarOptions}.
 * @returns A scalar. Time and memory are quadratic in the batch.
 * @throws RangeError if `losses` is no non-empty vector or α is out of range.
 * @see Rockafellar and Uryasev, "Optimization of conditional value-at-risk", 2000; Levy et al. 2020, section 2
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { cvar } from 'model-patching';
 * const value = tf.tidy(() => cvar(tf.tensor1d([1, 8, 2, 4]), { alpha: 0.5 }).dataSync()[0]);
 * if (value !== 6) throw new Error('the worst half is 8 and 4');
 * ```
 */
export function cvar(losses: tf.Tensor1D, options: CvarOptions): tf.Scalar {
  const { alpha } = options;
  if (!(alpha > 0 && alpha <= 1))
    throw new RangeError(`alpha: expected a number in (0, 1], received ${alpha}`);
  return weightedRisk(losses, (values) => {
    const share = alpha * values.size;
    return tf.sub(share, ranks(values)).clipByValue(0, 1).div(share);
  });
}

/** Relative spread below which losses count as equal; rounding of single precision. */
const NEGLIGIBLE = 1e-12;

/** Options of {@link chiSquare}. */
export interface ChiSquareOptions {
  /** ρ ≥ 0, the largest divergence from the uniform distribution. */
  readonly radius: number;
}

/**
 * χ²-robust risk: max_q Σ q_i ℓ_i over distributions with ½·mean_i (n q_i − 1)² ≤ ρ.
 *
 * The worst q is supported on the k largest losses for some k: with their mean μ and variance v and
 * c = k (1 + 2ρ)/n − 1 ≥ 0 it is q_i = (1 + (ℓ_i − μ)/√(v/c))/k, of risk μ + √(v c), as long as no weight is negative.
 * The largest such risk over k is the maximum.
 *
 * @param losses ℓ, `[batch]`.
 * @param options See {@link ChiSquareOptions}; ρ = 0 gives the mean, (n − 1)/2 and more the largest loss.
 * @returns A scalar. Time and memory are quadratic in the batch.
 * @throws RangeError if `losses` is no non-empty vector or ρ is out of range.
 * @see Levy et al. 2020, section 2; Duchi and Namkoong, "Learning models with uniform performance via
 *   distributionally robust optimization", Annals of Statistics, 2021
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { chiSquare } from 'model-patching';
 * const value = tf.tidy(() => chiSquare(tf.tensor1d([1, 2, 3]), { radius: 0.03 }).dataSync()[0]!);
 * if (Math.abs(value - (2 + Math.sqrt((2 / 3) * 0.06))) > 1e-5) throw new Error('mean + √(2ρ variance)');
 * ```
 */
export function chiSquare(losses: tf.Tensor1D, options: ChiSquareOptions): tf.Scalar {
  const { radius } = options;
  if (!(Number.isFinite(radius) && radius >= 0)) {
    throw new RangeError(`radius: expected a finite number ≥ 0, received ${radius}`);
  }
  return weightedRisk(losses, (values) => {
    const size = values.size;
    const column = (entry: (k: number) => number): tf.Tensor =>
      tf.tensor2d(Array.from({ length: size }, (_, i) => [entry(size - i)]));
    // Row by row the k largest losses, from k = n down, so that equal losses share the weight.
    const counts = column((k) => k);
    const slack = column((k) => Math.max(0, (k * (1 + 2 * radius)) / size - 1));
    const possible = column((k) => ((k * (1 + 2 * radius)) / size - 1 >= -1e-9 ? 1 : 0));
    const shifted = values.sub(values.max()).reshape([1, size]);
    const rank = ranks(values).reshape([1, size]);
    const members = tf.less(rank, counts).toFloat();
    const means = members.mul(shifted).sum(1, true).div(counts);
    const deviations = shifted.sub(means).mul(members);
    const variances = deviations.square().sum(1, true).div(counts);
    const negligible = shifted.square().max().mul(NEGLIGIBLE);
    const admissible = deviations
      .min(1, true)
      .square()
      .mul(slack)
      .lessEqual(variances.mul(1 + 1e-4).add(negligible))
      .logicalAnd(possible.greater(0));
    const risks = tf.where(admissible, means.add(variances.mul(slack).sqrt()), tf.fill([size, 1], -3e38));
    const steepness = tf.where(
      variances.greater(negligible),
      slack.div(variances.maximum(1e-30)).sqrt(),
      tf.zeros([size, 1]),
    );
    const rows = deviations.mul(steepness).add(1).relu().mul(members);
    const worst = tf.gather(rows, risks.reshape([size]).argMax().reshape([1]).toInt()).reshape([size]);
    return worst.div(worst.sum());
  });
}
