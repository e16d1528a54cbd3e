/**
 * The gradient of a whole batch from its parts, one after the other, so that the activations of one part are in memory
 * at a time. It is exact for every objective f over group means mᵍ, by the chain rule: with nᵍ examples of group g, and
 * nᵍₖ of mean mᵍₖ in part k,
 *
 *   ∇f(m) = Σₖ Σᵍ (∂f/∂mᵍ) · (nᵍₖ/nᵍ) · ∇mᵍₖ.
 *
 * The derivatives ∂f/∂mᵍ need the means of the whole batch, which a pass without gradients finds first; those of an
 * objective that goes by counts alone need no such pass. The results are those of the whole batch but for rounding.
 * Batch normalisation alone sees each part for itself, and its moving statistics move once a part.
 */
import * as tf from '@tensorflow/tfjs';
import type { ConsistencyReduction } from '../consistency.ts';
import { valueAndGradients } from '../gradients.ts';
import { groupLosses, type GroupLosses } from '../groups.ts';
import type { GroupObjective, ObjectiveState } from '../objectives.ts';

/** As {@link GroupLosses}, in a form that `tf.tidy` returns. */
type Means = { readonly [K in keyof GroupLosses]: GroupLosses[K] };

/** What one pass over a part of a batch finds. */
export interface PartPass {
  /** Of the groups of the objective. */
  readonly losses: GroupLosses;
  /** Divergences of each original, `[B/parts]`, and λ and how they are summed up; undefined without consistency. */
  readonly consistency?: {
    readonly divergences: tf.Tensor1D;
    readonly weight: number;
    readonly reduction: ConsistencyReduction;
  };
  readonly statistics: tf.NamedTensorMap;
}

/** What {@link accumulatedGradients} is given. */
export interface AccumulationOptions<Adversary extends ObjectiveState> {
  /** How many parts, at least 2. */
  readonly parts: number;
  readonly trainable: tf.NamedTensorMap;
  readonly statistics: tf.NamedTensorMap;
  readonly objective: GroupObjective<Adversary>;
  readonly adversary: Adversary;
  /** How many examples of the whole batch each group of the objective has. */
  readonly counts: tf.Tensor1D;
  /** The group of each original of the batch, `[B]`, and how many groups of originals there are. */
  readonly groups: tf.Tensor1D;
  readonly groupCount: number;
  /** A pass over part k with these moving statistics; what it returns is the caller's. */
  pass(part: number, statistics: tf.NamedTensorMap): PartPass;
  /** What is added to the loss once, whatever the batch. */
  penalty(): tf.Scalar;
}

/** As of one pass over the whole batch; all tensors are the caller's. */
export type AccumulatedGradients = {
  readonly gradients: tf.NamedTensorMap;
  readonly losses: Means;
  /** λ · D. */
  readonly consistency: tf.Scalar;
  readonly penalty: tf.Scalar;
  readonly statistics: tf.NamedTensorMap;
};

/** The rows of part k: every `parts`-th example, from the originals and from the translations of each. */
export const rowsOfPart = (part: number, parts: number, batchSize: number, blocks: number): number[] =>
  Array.from({ length: blocks }, (_, v) =>
    Array.from({ length: batchSize / parts }, (_, i) => v * batchSize + i * parts + part),
  ).flat();

/** Some rows of a tensor. */
export const rowsOf = <T extends tf.Tensor>(tensor: T, rows: readonly number[]): T =>
  tf.gather(tensor, tf.tensor1d([...rows], 'int32'));

/** The group means of parts together. */
function together(parts: readonly GroupLosses[]): Means {
  const counts = sum(parts.map((part) => part.counts));
  const sums = sum(parts.map((part) => part.means.mul(part.counts)));
  return { means: sums.div(counts.maximum(1)), counts };
}

const sum = (tensors: readonly tf.Tensor[]): tf.Tensor1D =>
  tensors.reduce((total, tensor) => total.add(tensor)) as tf.Tensor1D;

/** What the group means of a part count in those of the batch. */
const shareOf = (part: tf.Tensor1D, whole: tf.Tensor1D): tf.Tensor => part.div(whole.maximum(1));

/** The group means of the whole batch, by a pass over each part without gradients. */
const meansBefore = <Adversary extends ObjectiveState>({
  parts,
  statistics,
  pass,
}: AccumulationOptions<Adversary>): Means =>
  tf.tidy(() =>
    together(
      Array.from({ length: parts }, (_, k) =>
        tf.tidy(() => {
          const { means, counts } = pass(k, statistics).losses;
          return { means, counts };
        }),
      ),
    ),
  );

/** ∂f/∂mᵍ, `[groups]`. */
function derivatives<Adversary extends ObjectiveState>(options: AccumulationOptions<Adversary>): tf.Tensor {
  const { objective, adversary, counts } = options;
  const { means } = objective.byCountsAlone === true ? { means: tf.zerosLike(counts) } : meansBefore(options);
  return tf.grad((m) => objective.loss(adversary, { means: m as tf.Tensor1D, counts }))(means);
}

/** The part of a consistency penalty that a part of the batch brings. */
function partOfConsistency<Adversary extends ObjectiveState>(
  { consistency }: PartPass,
  rows: readonly number[],
  { groups, groupCount }: AccumulationOptions<Adversary>,
): tf.Scalar {
  if (consistency === undefined) return tf.scalar(0);
  const { divergences, weight, reduction } = consistency;
  if (reduction === 'mean')
    return divergences
      .sum()
      .mul(weight / groups.size)
      .asScalar();
  const { means, counts } = groupLosses(divergences, rowsOf(groups, rows), groupCount);
  const whole = groupLosses(tf.zerosLike(groups).toFloat(), groups, groupCount).counts;
  return means.mul(shareOf(counts, whole)).sum().mul(weight).asScalar();
}

/** Sums of tensors by name, in place of both. */
function added(total: tf.NamedTensorMap | null, more: tf.NamedTensorMap): tf.NamedTensorMap {
  if (total === null) return more;
  const sums = Object.fromEntries(Object.entries(total).map(([name, each]) => [name, each.add(more[name]!)]));
  tf.dispose([total, more]);
  return sums;
}

/**
 * The gradient of a batch, part by part.
 *
 * @param options Passes over its parts, and what they are summed up by.
 * @throws Error as `valueAndGradients` does.
 */
export function accumulatedGradients<Adversary extends ObjectiveState>(
  options: AccumulationOptions<Adversary>,
): AccumulatedGradients {
  const { parts, trainable, groups, pass, penalty } = options;
  return tf.tidy(() => {
    const slopes = derivatives(options);
    let { statistics } = options;
    let gradients: tf.NamedTensorMap | null = null;
    const found: { losses: GroupLosses; consistency: tf.Scalar; penalty: tf.Scalar }[] = [];
    for (let k = 0; k < parts; k++) {
      const rows = rowsOfPart(k, parts, groups.size, 1);
      const one = valueAndGradients(() => {
        const passed = pass(k, statistics);
        const { means, counts } = passed.losses;
        const consistency = partOfConsistency(passed, rows, options);
        const once = k === 0 ? penalty() : tf.scalar(0);
        return {
          loss: means
            .mul(slopes)
            .mul(shareOf(counts, options.counts))
            .sum()
            .add(consistency)
            .add(once)
            .asScalar(),
          aux: { losses: { means, counts }, consistency, once, statistics: passed.statistics },
        };
      }, trainable);
      statistics = one.aux.statistics;
      gradients = added(gradients, one.gradients);
      found.push({ losses: one.aux.losses, consistency: one.aux.consistency, penalty: one.aux.once });
    }
    return {
      gradients: gradients!,
      losses: together(found.map(({ losses }) => losses)),
      consistency: sum(found.map(({ consistency }) => consistency)).asScalar(),
      penalty: found[0]!.penalty,
      statistics,
    };
  });
}
