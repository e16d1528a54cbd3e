/**
 * Self-consistency: a classifier should say the same of an example and of its translations into other subgroups (Goel,
 * Gu, Li and Ré, "Model Patching: Closing the Subgroup Performance Gap with Data Augmentation", ICLR 2021, section 3).
 * The divergences compare predictions p₀ of an original with p₁ … p_k of its translations, example by example; all of
 * them receive gradient.
 */
import * as tf from '@tensorflow/tfjs';
import { divergenceOfLogProbabilities, divergenceOfProbabilities } from './divergence.ts';
import { groupLosses } from './groups.ts';

/** `logits`: before the softmax. `probabilities`: after it, clipped to [10⁻⁷, 1] as in the published runs. */
export type PredictionKind = 'logits' | 'probabilities';

/** Options of the consistency losses. */
export interface ConsistencyOptions {
  /** What the predictions are, default `logits`, which is stable however sharp they are. */
  readonly from?: PredictionKind;
}

/** A consistency loss, {@link camelConsistency} or one of its kin: per-example divergences `[batch]`, in nats. */
export type ConsistencyDivergence = (
  original: tf.Tensor2D,
  translations: readonly tf.Tensor2D[],
  options?: ConsistencyOptions,
) => tf.Tensor1D;

/** What the losses need of predictions `[n, batch, classes]`, whether held as probabilities or as their logarithms. */
interface PredictionAlgebra {
  represent(predictions: tf.Tensor3D): tf.Tensor3D;
  /** The mean distribution over the first axis, which is kept. */
  mean(predictions: tf.Tensor3D): tf.Tensor3D;
  /** `[n, batch]`. */
  divergence(p: tf.Tensor3D, q: tf.Tensor3D): tf.Tensor;
}

const ALGEBRAS: Readonly<Record<PredictionKind, PredictionAlgebra>> = {
  logits: {
    represent: (logits) => tf.logSoftmax(logits),
    mean: (logs) => tf.logSumExp<tf.Tensor3D>(logs, 0, true).sub(Math.log(logs.shape[0])),
    divergence: divergenceOfLogProbabilities,
  },
  probabilities: {
    represent: (probabilities) => probabilities,
    mean: (probabilities) => tf.mean<tf.Tensor3D>(probabilities, 0, true),
    divergence: divergenceOfProbabilities,
  },
};

interface Compared {
  readonly algebra: PredictionAlgebra;
  /** `[1 + k, batch, classes]`. */
  readonly all: tf.Tensor3D;
  /** `[1, batch, classes]`. */
  readonly original: tf.Tensor3D;
  /** `[k, batch, classes]`. */
  readonly translations: tf.Tensor3D;
}

function compare(
  original: tf.Tensor2D,
  translations: readonly tf.Tensor2D[],
  { from = 'logits' }: ConsistencyOptions,
  perExample: (compared: Compared) => tf.Tensor,
): tf.Tensor1D {
  if (original.shape.length !== 2) {
    throw new RangeError(`original: expected shape [batch, classes], received [${original.shape}]`);
  }
  if (translations.length === 0) throw new RangeError('translations: expected at least one, received none');
  translations.forEach((translation, i) => {
    if (String(translation.shape) !== String(original.shape)) {
      throw new RangeError(
        `translations[${i}]: expected shape [${original.shape}] of the original, received [${translation.shape}]`,
      );
    }
  });
  const algebra = ALGEBRAS[from] as PredictionAlgebra | undefined;
  if (algebra === undefined) {
    throw new RangeError(`from: expected 'logits' or 'probabilities', received '${from}'`);
  }
  return tf.tidy(() => {
    const all = algebra.represent(tf.stack([original, ...translations]) as tf.Tensor3D);
    return perExample({
      algebra,
      all,
      original: all.slice(0, 1),
      translations: all.slice(1),
    }).as1D();
  });
}

/**
 * The published consistency loss: ½ KL(p₀‖m) + (1/2k) Σᵢ KL(pᵢ‖m), m the mean of the translations.
 *
 * @param original Predictions for the originals, `[batch, classes]`.
 * @param translations Predictions for each one's translations, k ≥ 1 tensors `[batch, classes]`; order is irrelevant.
 * @param options See {@link ConsistencyOptions}.
 * @returns `[batch]`, nats; from logits ≥ 0 up to rounding, and 0 where all agree.
 * @throws RangeError if a shape differs or there is no translation.
 * @see Goel et al. 2021, the self-consistency loss
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { camelConsistency } from 'model-patching';
 * const value = tf.tidy(() => {
 *   const [p0, p1, p2] = [[[0.5, 0.5]], [[0.9, 0.1]], [[0.1, 0.9]]].map((p) => tf.log(tf.tensor2d(p)));
 *   return camelConsistency(p0 as tf.Tensor2D, [p1, p2] as tf.Tensor2D[]).dataSync()[0]!;
 * });
 * const expected = 0.5 * (0.9 * Math.log(0.9 / 0.5) + 0.1 * Math.log(0.1 / 0.5));
 * if (Math.abs(value - expected) > 1e-6) throw new Error(`wrong consistency ${value}`);
 * ```
 */
export function camelConsistency(
  original: tf.Tensor2D,
  translations: readonly tf.Tensor2D[],
  options: ConsistencyOptions = {},
): tf.Tensor1D {
  return compare(original, translations, options, ({ algebra, original: p0, translations: ps }) => {
    const mean = algebra.mean(ps);
    const ofTranslations = algebra.divergence(ps, mean).mean(0, true);
    return algebra.divergence(p0, mean).add(ofTranslations).div(2);
  });
}

/**
 * Jensen–Shannon divergence of all predictions: 1/(1+k) Σᵢ KL(pᵢ‖m), m the mean of p₀ … p_k.
 *
 * @param original Predictions for the originals, `[batch, classes]`.
 * @param translations k ≥ 1 tensors `[batch, classes]`.
 * @param options See {@link ConsistencyOptions}.
 * @returns `[batch]`, nats; from logits in [0, log(1 + k)] up to rounding.
 * @throws RangeError if a shape differs or there is no translation.
 * @see Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory, 1991
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { jensenShannonConsistency } from 'model-patching';
 * const value = tf.tidy(() => {
 *   const [p, q] = [tf.tensor2d([[1, 0]]), tf.tensor2d([[0, 1]])];
 *   return jensenShannonConsistency(p, [q], { from: 'probabilities' }).dataSync()[0]!;
 * });
 * if (Math.abs(value - Math.log(2)) > 1e-5) throw new Error('disjoint predictions are log 2 apart');
 * ```
 */
export function jensenShannonConsistency(
  original: tf.Tensor2D,
  translations: readonly tf.Tensor2D[],
  options: ConsistencyOptions = {},
): tf.Tensor1D {
  return compare(original, translations, options, ({ algebra, all }) =>
    algebra.divergence(all, algebra.mean(all)).mean(0),
  );
}

/**
 * (1/k) Σᵢ KL(p₀‖pᵢ): the original's prediction as the reference.
 *
 * @param original Predictions for the originals, `[batch, classes]`.
 * @param translations k ≥ 1 tensors `[batch, classes]`.
 * @param options See {@link ConsistencyOptions}.
 * @returns `[batch]`, nats.
 * @throws RangeError if a shape differs or there is no translation.
 * @see Goel et al. 2021, where it is an ablation
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { klConsistency } from 'model-patching';
 * const value = tf.tidy(() => {
 *   const [p, q] = [tf.tensor2d([[0.5, 0.5]]), tf.tensor2d([[0.25, 0.75]])];
 *   return klConsistency(p, [q], { from: 'probabilities' }).dataSync()[0]!;
 * });
 * if (Math.abs(value - 0.5 * Math.log(4 / 3)) > 1e-6) throw new Error(`wrong divergence ${value}`);
 * ```
 */
export function klConsistency(
  original: tf.Tensor2D,
  translations: readonly tf.Tensor2D[],
  options: ConsistencyOptions = {},
): tf.Tensor1D {
  return compare(original, translations, options, ({ algebra, original: p0, translations: ps }) =>
    algebra.divergence(p0, ps).mean(0),
  );
}

/**
 * (1/k) Σᵢ KL(pᵢ‖p₀): the translations' predictions as the reference.
 *
 * @param original Predictions for the originals, `[batch, classes]`.
 * @param translations k ≥ 1 tensors `[batch, classes]`.
 * @param options See {@link ConsistencyOptions}.
 * @returns `[batch]`, nats.
 * @throws RangeError if a shape differs or there is no translation.
 * @see Goel et al. 2021, where it is an ablation
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { reverseKlConsistency } from 'model-patching';
 * const value = tf.tidy(() => {
 *   const [p, q] = [tf.tensor2d([[0.25, 0.75]]), tf.tensor2d([[0.5, 0.5]])];
 *   return reverseKlConsistency(p, [q], { from: 'probabilities' }).dataSync()[0]!;
 * });
 * if (Math.abs(value - 0.5 * Math.log(4 / 3)) > 1e-6) throw new Error(`wrong divergence ${value}`);
 * ```
 */
export function reverseKlConsistency(
  original: tf.Tensor2D,
  translations: readonly tf.Tensor2D[],
  options: ConsistencyOptions = {},
): tf.Tensor1D {
  return compare(original, translations, options, ({ algebra, original: p0, translations: ps }) =>
    algebra.divergence(ps, p0).mean(0),
  );
}

/** How per-example divergences become a penalty; see {@link consistencyPenalty}. */
export type ConsistencyReduction = 'sumOfGroupMeans' | 'mean';

/**
 * One number from per-example divergences. `sumOfGroupMeans` (as published): Σ_g mean over the group's examples, groups
 * that are absent from the batch adding 0; with G groups of equal size it is G times the `mean` over examples.
 *
 * @param perExample Divergences, `[batch]`.
 * @param groups Group of each example, `[batch]`, or null where all are one group.
 * @param groupCount Number of groups.
 * @param reduction See {@link ConsistencyReduction}.
 * @returns A scalar, without the penalty's weight.
 * @throws RangeError if the shapes differ.
 * @see Goel et al. 2021, the objective of stage 2
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { consistencyPenalty } from 'model-patching';
 * const value = tf.tidy(() => {
 *   const groups = tf.tensor1d([0, 0, 1], 'int32');
 *   return consistencyPenalty(tf.tensor1d([1, 3, 5]), groups, 2, 'sumOfGroupMeans').dataSync()[0];
 * });
 * if (value !== 2 + 5) throw new Error('the means of the groups are 2 and 5');
 * ```
 */
export function consistencyPenalty(
  perExample: tf.Tensor1D,
  groups: tf.Tensor1D | null,
  groupCount: number,
  reduction: ConsistencyReduction,
): tf.Scalar {
  if (reduction !== 'sumOfGroupMeans' && reduction !== 'mean') {
    throw new RangeError(`reduction: expected 'sumOfGroupMeans' or 'mean', received '${String(reduction)}'`);
  }
  if (perExample.shape.length !== 1) {
    throw new RangeError(`perExample: expected shape [batch], received [${perExample.shape}]`);
  }
  if (groups !== null && String(groups.shape) !== String(perExample.shape)) {
    throw new RangeError(`groups: expected shape [${perExample.shape}], received [${groups.shape}]`);
  }
  return tf.tidy(() =>
    reduction === 'mean' || groups === null
      ? perExample.mean().asScalar()
      : groupLosses(perExample, groups, groupCount).means.sum().asScalar(),
  );
}
