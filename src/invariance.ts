/**
 * Invariant risk minimisation (Arjovsky, Bottou, Gulrajani and Lopez-Paz, "Invariant Risk Minimization", 2019): a
 * representation whose best classifier is the same in every environment. IRMv1 penalises the squared derivative of an
 * environment's risk with respect to a scale w of the logits at w = 1. With q the softmax and H its entropy,
 * ∂/∂w CE(w z, y) = Σ_c q_c z_c − z_y = CE(z, y) − H(q).
 *
 * The published code has CE + H in its place, and sums squares over the batch; that form is kept under its own name.
 */
import * as tf from '@tensorflow/tfjs';
import { crossEntropy } from './cross-entropy.ts';

/** `irmv1`: (mean_b d_b)², d = CE − H. `reference`: Σ_b d_b², d = CE + H, as the published code computes it. */
export type InvarianceForm = 'irmv1' | 'reference';

/** Options of {@link invarianceRiskPenalty}. */
export interface InvarianceOptions {
  /** Default `irmv1`. */
  readonly form?: InvarianceForm;
}

/**
 * d of each example: CE − H for `irmv1`, the derivative of its loss by the logits' scale; CE + H for `reference`.
 *
 * @param logits `[batch, classes]`.
 * @param labels `[batch]`, integers in [0, classes).
 * @param form See {@link InvarianceForm}.
 * @returns `[batch]`.
 * @throws RangeError if the shapes do not match.
 */
export function scaleDerivatives(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  form: InvarianceForm,
): tf.Tensor1D {
  if (form !== 'irmv1' && form !== 'reference') {
    throw new RangeError(`form: expected 'irmv1' or 'reference', received '${String(form)}'`);
  }
  return tf.tidy(() => {
    const losses = crossEntropy(logits, labels);
    const logs = tf.logSoftmax(logits);
    const negativeEntropy = logs.exp().mul(logs).sum<tf.Tensor1D>(1);
    return form === 'irmv1' ? losses.add(negativeEntropy) : losses.sub(negativeEntropy);
  });
}

/**
 * The invariance penalty of one environment; see {@link InvarianceForm} for the formulas. Its weight is the caller's.
 *
 * @param logits `[batch, classes]`, of examples of one environment.
 * @param labels `[batch]`, integers in [0, classes).
 * @param options See {@link InvarianceOptions}.
 * @returns A scalar ≥ 0.
 * @throws RangeError if the shapes do not match.
 * @see Arjovsky et al. 2019, the objective IRMv1
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { invarianceRiskPenalty } from 'model-patching';
 * const value = tf.tidy(() => {
 *   const logits = tf.tensor2d([[Math.log(3), 0]]);
 *   return invarianceRiskPenalty(logits, tf.tensor1d([0], 'int32')).dataSync()[0]!;
 * });
 * if (Math.abs(value - (0.25 * Math.log(3)) ** 2) > 1e-6) throw new Error(`wrong penalty ${value}`);
 * ```
 */
export function invarianceRiskPenalty(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  options: InvarianceOptions = {},
): tf.Scalar {
  const { form = 'irmv1' } = options;
  return tf.tidy(() => {
    const derivatives = scaleDerivatives(logits, labels, form);
    return form === 'irmv1' ? derivatives.mean().square().asScalar() : derivatives.square().sum().asScalar();
  });
}
