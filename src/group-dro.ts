/**
 * Group distributionally robust optimisation: an adversary holds one logit a_g for each group and raises those whose
 * loss is high; the learner minimises the loss under the adversary's weights (Sagawa et al., "Distributionally Robust
 * Neural Networks for Group Shifts", ICLR 2020, algorithm 1). A step with group losses L_g and training counts n_g:
 *
 *   ℓ_g = L_g + C/√n_g,  a ← a + η ℓ,  π = softmax of a within each class S,
 *   loss = Σ_S (|S|/G) Σ_{g∈S} π_g L_g   (ℓ_g in place of L_g, and π differentiated, in the published CAMEL runs).
 */
import * as tf from '@tensorflow/tfjs';
import { checkGroupTable, type GroupLosses, type GroupTable } from './groups.ts';
import { checkGroupLosses, type GroupObjective } from './objectives.ts';
import { withoutGradient } from './stop-gradient.ts';

/** Options of {@link groupDro}. */
export interface GroupDroOptions {
  /** η ≥ 0, default 0.01 (as published). */
  readonly stepSize?: number;
  /** C ≥ 0 of the generalisation adjustment C/√n_g, default 0. */
  readonly adjustment?: number;
  /** Whether the adversary moves within a class (`table.classOf`) only; default false: all groups are one class. */
  readonly classConditional?: boolean;
  /**
   * `stopped` (default): the weights are constants and the adjustment moves the adversary only. `through`: as in the
   * published runs the weights are differentiated and the adjustment is part of the value, so that the gradient of
   * group g is (|S|/G) π_g (1 + η (ℓ_g − Σ_S π ℓ)).
   */
  readonly gradient?: 'stopped' | 'through';
}

/** State of {@link groupDro}. */
export type GroupDroState = {
  /** a_g up to a constant a class, `[groups]`. */
  readonly logits: tf.Tensor1D;
};

/** Beyond it a class's logits are shifted back; far above what a short run reaches, far below lost precision. */
const LOGIT_BOUND = 1000;
const OUTSIDE = 1e9;

function nonNegative(name: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) {
    throw new RangeError(`${name}: expected a finite number ≥ 0, received ${value}`);
  }
}

/** One row a class: 1 for its groups, 0 for the others. */
function classMembership(classOf: readonly number[]): number[][] {
  return [...new Set(classOf)].map((label) => classOf.map((other) => (other === label ? 1 : 0)));
}

/** Softmax of `[groups]` logits within each row of a 0/1 mask `[classes, groups]`; 0 outside of it. */
function classwiseSoftmax(logits: tf.Tensor1D, mask: tf.Tensor2D): tf.Tensor2D {
  const masked: tf.Tensor2D = mask.sub(1).mul(OUTSIDE).add(logits.expandDims(0));
  return tf.softmax(masked).mul(mask);
}

/**
 * Group DRO as an objective. Logits start at 0 and are kept bounded: a class whose largest logit is beyond ± 1000 is
 * shifted so that it is 0, which leaves all weights as they are; before that they are the plain sums of the method. A
 * group absent from a batch keeps its logit, and its weight is shared out within its class in proportion to the
 * others'; the share of a class that is wholly absent goes to the other classes.
 *
 * @param table The groups; counts must be positive where C > 0.
 * @param options See {@link GroupDroOptions}.
 * @returns The objective; its weights sum to 1 within each class.
 * @throws RangeError if the table or an option is out of range, or losses of another number of groups are given.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { groupDro, groupTable } from 'model-patching';
 * const objective = groupDro(groupTable(['rare', 'common'], [10, 90]), { stepSize: 0.1 });
 * const [rare, common] = tf.tidy(() => {
 *   const losses = { means: tf.tensor1d([3, 1]), counts: tf.tensor1d([8, 8]) };
 *   return objective.weights!(objective.update(objective.init(), losses)).dataSync();
 * });
 * if (Math.abs(rare! / common! - Math.exp(0.2)) > 1e-5) throw new Error('the ratio is exp(η · 2)');
 * ```
 */
export function groupDro(table: GroupTable, options: GroupDroOptions = {}): GroupObjective<GroupDroState> {
  const { stepSize = 0.01, adjustment = 0, classConditional = false, gradient = 'stopped' } = options;
  checkGroupTable(table);
  nonNegative('stepSize', stepSize);
  nonNegative('adjustment', adjustment);
  if (gradient !== 'stopped' && gradient !== 'through') {
    throw new RangeError(`gradient: expected 'stopped' or 'through', received '${String(gradient)}'`);
  }
  if (adjustment > 0 && table.trainingCounts.some((count) => count === 0)) {
    throw new RangeError(
      `table.trainingCounts: an adjustment needs positive counts, received ${table.trainingCounts.join(', ')}`,
    );
  }
  const groupCount = table.names.length;
  const adjustments = table.trainingCounts.map((count) =>
    adjustment === 0 ? 0 : adjustment / Math.sqrt(count),
  );
  const membership = classMembership(classConditional ? table.classOf : table.classOf.map(() => 0));
  const classSizes = membership.map((row) => row.reduce((sum, member) => sum + member, 0));

  const adjusted = (means: tf.Tensor1D): tf.Tensor1D =>
    adjustment === 0 ? means : means.add(tf.tensor1d(adjustments));

  const raised = (logits: tf.Tensor1D, { means, counts }: GroupLosses): tf.Tensor1D => {
    const present = counts.greater(0).toFloat();
    return adjusted(means).mul(stepSize).mul(present).add(logits);
  };

  /** π_g · |S|/G over the groups that are present. */
  const riskWeights = (logits: tf.Tensor1D, losses: GroupLosses): tf.Tensor1D => {
    const present = losses.counts.greater(0).toFloat().expandDims(0);
    const mask: tf.Tensor2D = tf.tensor2d(membership).mul(present);
    const sizes = tf.tensor2d(classSizes, [classSizes.length, 1]).mul(mask.max(1, true));
    const classShares = sizes.div(sizes.sum().maximum(1));
    return classwiseSoftmax(raised(logits, losses), mask).mul(classShares).sum(0);
  };

  const bounded = (logits: tf.Tensor1D): tf.Tensor1D => {
    const members = tf.tensor2d(membership);
    const outside = members.sub(1).mul(OUTSIDE);
    const largest = outside.add(logits.expandDims(0)).max(1, true);
    const shift = largest.mul(largest.abs().greater(LOGIT_BOUND).toFloat());
    return logits.sub(shift.mul(members).sum(0));
  };

  return {
    init: () => ({ logits: tf.zeros([groupCount]) }),
    loss(state, losses) {
      checkGroupLosses(losses, table);
      return tf.tidy(() => {
        if (gradient === 'through') {
          return adjusted(losses.means).mul(riskWeights(state.logits, losses)).sum().asScalar();
        }
        const weights = withoutGradient(
          (means) => riskWeights(state.logits, { means: means as tf.Tensor1D, counts: losses.counts }),
          losses.means,
        );
        return losses.means.mul(weights).sum().asScalar();
      });
    },
    update(state, losses) {
      checkGroupLosses(losses, table);
      return tf.tidy(() => ({ logits: bounded(raised(state.logits, losses)) }));
    },
    weights: (state) => tf.tidy(() => classwiseSoftmax(state.logits, tf.tensor2d(membership)).sum(0)),
  };
}
