/**
 * Objectives over group losses: how the mean losses of the groups of a batch become one number to minimise. Each is a
 * record of pure functions over an explicit state, so that a step can hold any of them. A group that is absent from
 * the batch (count 0) is left out.
 */
import * as tf from '@tensorflow/tfjs';
import { checkGroupTable, type GroupLosses, type GroupTable } from './groups.ts';
import { withoutGradient } from './stop-gradient.ts';
import type { TensorTree } from './tensor-tree.ts';

/** The state of an objective: a plain object of tensors, owned by the caller. */
export type ObjectiveState = { readonly [name: string]: TensorTree };

/** The state of an objective that keeps none. */
export type NoState = Record<string, never>;

/** An objective over the groups' mean losses. */
export interface GroupObjective<State extends ObjectiveState = NoState> {
  /** The state before the first step. */
  init(): State;
  /** The scalar to differentiate. An adversary's weights are those after this step's losses. */
  loss(state: State, losses: GroupLosses): tf.Scalar;
  /** The state after this step's losses, all new tensors; outside of any gradient. */
  update(state: State, losses: GroupLosses): State;
  /** The adversary's distribution, `[groups]`, summing to 1 within each class. */
  weights?(state: State): tf.Tensor1D;
  /**
   * Whether the derivatives of the loss by the means depend on the counts alone, as those of a weighted sum do whose
   * weights do. Gradients are then accumulated without a pass that finds the means first.
   */
  readonly byCountsAlone?: boolean;
}

/** Throws a RangeError unless there is one mean and one count for each group of the table. */
export function checkGroupLosses({ means, counts }: GroupLosses, table: GroupTable): void {
  const expected = String(table.names.length);
  if (String(means.shape) !== expected || String(counts.shape) !== expected) {
    throw new RangeError(
      `losses: expected means and counts of shape [${expected}], ` +
        `received [${means.shape}] and [${counts.shape}]`,
    );
  }
}

function stateless(table: GroupTable, loss: (losses: GroupLosses) => tf.Tensor): GroupObjective {
  checkGroupTable(table);
  return {
    init: () => ({}),
    update: () => ({}),
    loss(_, losses) {
      checkGroupLosses(losses, table);
      return tf.tidy(() => loss(losses).asScalar());
    },
  };
}

/** Uniform weights over the groups that are present. */
const presentShares = (counts: tf.Tensor1D): tf.Tensor => {
  const present = counts.greater(0).toFloat();
  return present.div(present.sum().maximum(1));
};

/**
 * Empirical risk: Σ_g n_g L_g / Σ_g n_g with the batch's counts n_g, i.e. the mean over examples.
 *
 * @param table The groups.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { erm, groupTable } from 'model-patching';
 * const value = tf.tidy(() =>
 *   erm(groupTable(['a', 'b'], [30, 10])).loss({}, { means: tf.tensor1d([1, 5]), counts: tf.tensor1d([3, 1]) })
 *     .dataSync()[0],
 * );
 * if (value !== 2) throw new Error('not the mean over examples');
 * ```
 */
export function erm(table: GroupTable): GroupObjective {
  return {
    ...stateless(table, ({ means, counts }) => means.mul(counts).sum().div(counts.sum().maximum(1))),
    byCountsAlone: true,
  };
}

/**
 * The plain mean of the groups' losses, whatever their sizes.
 *
 * @param table The groups.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { groupBalanced, groupTable } from 'model-patching';
 * const losses = { means: tf.tensor1d([1, 5]), counts: tf.tensor1d([3, 1]) };
 * const loss = groupBalanced(groupTable(['a', 'b'], [30, 10])).loss({}, losses);
 * if (loss.dataSync()[0] !== 3) throw new Error('not the mean over groups');
 * tf.dispose([losses.means, losses.counts, loss]);
 * ```
 */
export function groupBalanced(table: GroupTable): GroupObjective {
  return {
    ...stateless(table, ({ means, counts }) => means.mul(presentShares(counts)).sum()),
    byCountsAlone: true,
  };
}

/**
 * The largest group loss, max_g L_g; groups that share the maximum share the gradient.
 *
 * @param table The groups.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { worstGroup, groupTable } from 'model-patching';
 * const losses = { means: tf.tensor1d([1, 5]), counts: tf.tensor1d([3, 1]) };
 * const loss = worstGroup(groupTable(['a', 'b'], [30, 10])).loss({}, losses);
 * if (loss.dataSync()[0] !== 5) throw new Error('not the largest');
 * tf.dispose([losses.means, losses.counts, loss]);
 * ```
 */
export function worstGroup(table: GroupTable): GroupObjective {
  return stateless(table, ({ means, counts }) => {
    const weights = withoutGradient((values) => {
      const absent = counts.greater(0).logicalNot();
      const candidates = tf.where(absent, tf.fill(values.shape, -3e38), values);
      const worst = tf.equal(candidates, candidates.max()).logicalAnd(absent.logicalNot()).toFloat();
      return worst.div(worst.sum().maximum(1));
    }, means);
    return means.mul(weights).sum();
  });
}

/** Options of {@link vrex}. */
export interface VrexOptions {
  /** β ≥ 0, default 1; published runs raise it to 10⁴ after some steps. */
  readonly weight?: number;
}

/**
 * Variance risk extrapolation: mean_g L_g + β · Var_g L_g (population variance over the groups that are present).
 * Source: Krueger et al., "Out-of-Distribution Generalization via Risk Extrapolation", ICML 2021 (V-REx).
 *
 * @param table The groups.
 * @param options See {@link VrexOptions}.
 * @throws RangeError if β is negative or not finite.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { vrex, groupTable } from 'model-patching';
 * const losses = { means: tf.tensor1d([1, 5]), counts: tf.tensor1d([3, 1]) };
 * const loss = vrex(groupTable(['a', 'b'], [30, 10]), { weight: 10 }).loss({}, losses);
 * if (loss.dataSync()[0] !== 3 + 10 * 4) throw new Error('wrong variance');
 * tf.dispose([losses.means, losses.counts, loss]);
 * ```
 */
export function vrex(table: GroupTable, options: VrexOptions = {}): GroupObjective {
  const { weight = 1 } = options;
  if (!(Number.isFinite(weight) && weight >= 0)) {
    throw new RangeError(`weight: expected a finite number ≥ 0, received ${weight}`);
  }
  return stateless(table, ({ means, counts }) => {
    const shares = presentShares(counts);
    const mean = means.mul(shares).sum();
    return means.sub(mean).square().mul(shares).sum().mul(weight).add(mean);
  });
}
