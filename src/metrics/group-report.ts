/**
 * The report of a subgroup-robust classifier: accuracy per group with its interval, the worst group, two averages
 * and the gap within a class (Sagawa et al. 2020, "Distributionally robust neural networks", for worst-group and
 * adjusted average accuracy; Goel et al. 2021, "Model patching", for the gap between the groups of a class).
 */
import type { GroupTable } from '../groups.ts';
import { crossEntropies } from './classification.ts';
import { areClassIndices, checkIndices, predictedClasses, type Predictions } from './predictions.ts';
import { wilsonInterval } from './wilson-interval.ts';

/** One group's part of a {@link GroupReport}; everything but name and count is null if the group has no example. */
export interface GroupResult {
  readonly name: string;
  /** Number of its examples. */
  readonly count: number;
  /** Share of its examples whose largest probability is the label's. */
  readonly accuracy: number | null;
  /** Wilson's 95 % interval of the accuracy. */
  readonly interval: readonly [number, number] | null;
  /** Mean cross-entropy in nats, probabilities clipped to [10⁻⁷, 1 − 10⁻⁷]; null if only classes were given. */
  readonly loss: number | null;
}

/** Plain JSON. A group without examples takes part in no summary. */
export interface GroupReport {
  /** In the table's order. */
  readonly groups: readonly GroupResult[];
  /** The group of least accuracy, the first of equal ones. */
  readonly worstGroup: { readonly name: string; readonly accuracy: number };
  /** Σ_g n_g·accuracy_g / Σ_g n_g, n_g the training counts: what examples drawn as in training would see; null if all n_g are 0. */
  readonly average: number | null;
  /** Plain mean of the groups' accuracies. */
  readonly groupAverage: number;
  /** Largest difference of accuracy between two groups of one class; 0 if no class has two groups with examples. */
  readonly gap: number;
}

/** What {@link groupReport} reads. */
export interface GroupReportInput {
  /** n rows of class probabilities, flat or nested, or n predicted class indices. */
  readonly predictions: Predictions;
  /** `[n]`, class indices. */
  readonly labels: ArrayLike<number>;
  /** `[n]`, indices into the table. */
  readonly groups: ArrayLike<number>;
  /** Names, classes and training counts of the groups. */
  readonly table: GroupTable;
}

function checkInput({ labels, groups, table }: GroupReportInput): void {
  if (labels.length === 0) throw new RangeError('labels: expected at least one example, received none');
  if (groups.length !== labels.length) {
    throw new RangeError(`groups: expected ${labels.length}, one per label, received ${groups.length}`);
  }
  const size = table.names.length;
  for (const column of ['classOf', 'trainingCounts'] as const) {
    if (table[column].length !== size) {
      throw new RangeError(`table.${column}: expected ${size} entries, received ${table[column].length}`);
    }
  }
  table.trainingCounts.forEach((count, g) => {
    if (!(count >= 0 && Number.isFinite(count))) {
      throw new RangeError(`table.trainingCounts[${g}]: expected a number ≥ 0, received ${count}`);
    }
  });
  checkIndices(groups, size, 'groups');
  checkIndices(labels, 2 ** 31, 'labels');
}

function groupResults({ predictions, labels, groups, table }: GroupReportInput): GroupResult[] {
  const losses = areClassIndices(predictions, labels.length) ? null : crossEntropies(predictions, labels);
  const predicted = predictedClasses(predictions, labels.length);
  const sums = table.names.map(() => ({ count: 0, hits: 0, loss: 0 }));
  predicted.forEach((c, i) => {
    const sum = sums[groups[i]!]!;
    sum.count += 1;
    sum.hits += c === labels[i] ? 1 : 0;
    sum.loss += losses?.[i] ?? 0;
  });
  return sums.map(({ count, hits, loss }, g) => ({
    name: table.names[g]!,
    count,
    accuracy: count === 0 ? null : hits / count,
    interval: count === 0 ? null : wilsonInterval(hits, count),
    loss: count === 0 || losses === null ? null : loss / count,
  }));
}

function mean(values: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return values.reduce((sum, value, i) => sum + weights[i]! * value, 0) / total;
}

/**
 * Accuracy and loss per group with intervals, the worst group, the averages and the gap within a class.
 *
 * Formulas are on the fields of {@link GroupReport}. A group without examples is listed with count 0 and nulls,
 * and left out of `worstGroup`, `average` (whose weights are taken over the others), `groupAverage` and `gap`.
 *
 * @param input Predictions, labels, groups of n ≥ 1 examples, and the group table.
 * @throws RangeError if lengths differ, a probability is NaN or outside [0, 1] (logits), a label is no class, a
 *   group is not in the table or a training count is negative.
 * @example
 * ```ts
 * import { groupReport } from 'model-patching';
 * const report = groupReport({
 *   predictions: [[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.6, 0.4]],
 *   labels: [0, 0, 1, 1],
 *   groups: [0, 0, 1, 2],
 *   table: { names: ['cat', 'dog on grass', 'dog on snow'], classOf: [0, 1, 1], trainingCounts: [50, 45, 5] },
 * });
 * if (report.worstGroup.name !== 'dog on snow' || report.gap !== 1) throw new Error('fails on snow');
 * if (report.average !== 0.95 || report.groupAverage !== 2 / 3) throw new Error('the average hides it');
 * ```
 */
export function groupReport(input: GroupReportInput): GroupReport {
  checkInput(input);
  const { table } = input;
  const groups = groupResults(input);
  const measured = groups.flatMap(({ name, accuracy }, g) =>
    accuracy === null
      ? []
      : [{ name, accuracy, classIndex: table.classOf[g]!, trainingCount: table.trainingCounts[g]! }],
  );
  const accuracies = measured.map(({ accuracy }) => accuracy);
  const average = mean(
    accuracies,
    measured.map(({ trainingCount }) => trainingCount),
  );
  const worst = measured.reduce((least, group) => (group.accuracy < least.accuracy ? group : least));
  const gaps = measured.map(
    ({ classIndex, accuracy }) =>
      accuracy -
      Math.min(...measured.filter((other) => other.classIndex === classIndex).map((other) => other.accuracy)),
  );
  return {
    groups,
    worstGroup: { name: worst.name, accuracy: worst.accuracy },
    average: Number.isNaN(average) ? null : average,
    groupAverage: mean(
      accuracies,
      accuracies.map(() => 1),
    ),
    gap: Math.max(...gaps),
  };
}
