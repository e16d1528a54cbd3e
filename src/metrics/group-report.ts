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

/** Why summaries of a {@link GroupReport} are null. */
export interface MissingGroups {
  /** Groups of training without an example: `worstGroup`, `groupAverage` and `gap` are null. */
  readonly absent: readonly string[];
  /** Groups with examples whose class has no other such group: `gap` is null. */
  readonly alone: readonly string[];
}

/** Plain JSON. What was not measured is null: a summary of the groups that happen to be there would look too good. */
export interface GroupReport {
  /** In the table's order. */
  readonly groups: readonly GroupResult[];
  /** The group of least accuracy, the first of equal ones; null if a group of training has no example. */
  readonly worstGroup: { readonly name: string; readonly accuracy: number } | null;
  /**
   * Σ_g n_g·accuracy_g / Σ_g n_g over the groups with examples, n_g the training counts: what examples drawn as in
   * training would see; null if all these n_g are 0.
   */
  readonly average: number | null;
  /** Plain mean of the groups' accuracies; null if a group of training has no example. */
  readonly groupAverage: number | null;
  /** Largest difference of accuracy between two groups of one class; null if a group of training has no example, or a class one group only. */
  readonly gap: number | null;
  /** Only if a summary is null for want of a group. */
  readonly missing?: MissingGroups;
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

function mean(values: readonly number[], weights: readonly number[] = values.map(() => 1)): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return values.reduce((sum, value, i) => sum + weights[i]! * value, 0) / total;
}

/** A group with examples. */
interface MeasuredGroup {
  readonly name: string;
  readonly accuracy: number;
  readonly classIndex: number;
  readonly trainingCount: number;
}

function measuredGroups(groups: readonly GroupResult[], table: GroupTable): readonly MeasuredGroup[] {
  return groups.flatMap(({ name, accuracy }, g) =>
    accuracy === null
      ? []
      : [{ name, accuracy, classIndex: table.classOf[g]!, trainingCount: table.trainingCounts[g]! }],
  );
}

/** The measured groups of each class that has some. */
function byClass(measured: readonly MeasuredGroup[]): readonly (readonly MeasuredGroup[])[] {
  const classes = new Map<number, MeasuredGroup[]>();
  for (const group of measured)
    classes.set(group.classIndex, [...(classes.get(group.classIndex) ?? []), group]);
  return [...classes.values()];
}

function summaries(groups: readonly GroupResult[], table: GroupTable): GroupReport {
  const measured = measuredGroups(groups, table);
  const classes = byClass(measured);
  const absent = groups.filter(({ count }, g) => count === 0 && table.trainingCounts[g]! > 0);
  const alone = classes.flatMap((members) => (members.length === 1 ? members : []));
  const accuracies = measured.map(({ accuracy }) => accuracy);
  const average = mean(
    accuracies,
    measured.map(({ trainingCount }) => trainingCount),
  );
  const whole = measured.length > 0 && absent.length === 0;
  const worst = whole
    ? measured.reduce((least, group) => (group.accuracy < least.accuracy ? group : least))
    : null;
  const gaps = classes.map((members) => {
    const inClass = members.map(({ accuracy }) => accuracy);
    return Math.max(...inClass) - Math.min(...inClass);
  });
  const names = (of: readonly { readonly name: string }[]): readonly string[] => of.map(({ name }) => name);
  return {
    groups,
    worstGroup: worst === null ? null : { name: worst.name, accuracy: worst.accuracy },
    average: Number.isNaN(average) ? null : average,
    groupAverage: whole ? mean(accuracies) : null,
    gap: whole && alone.length === 0 ? Math.max(...gaps) : null,
    ...(absent.length + alone.length > 0 && { missing: { absent: names(absent), alone: names(alone) } }),
  };
}

/**
 * Accuracy and loss per group with intervals, the worst group, the averages and the gap within a class.
 *
 * Formulas are on the fields of {@link GroupReport}. A group without examples is listed with count 0 and nulls. If it
 * is one of training (training count above 0), `worstGroup`, `groupAverage` and `gap` are null, and `average` takes
 * its weights over the others; else it is left out of all of them. A group of training count 0 that has examples takes
 * part in all of them, with weight 0 in `average`.
 *
 * @param input Predictions, labels, groups of n ≥ 1 examples, and the group table.
 * @returns Plain JSON; `missing` names the groups for want of which a summary is null.
 * @throws RangeError if there is no example, lengths differ, a probability is NaN or outside [0, 1] (logits), a label
 *   is no class, a group is not in the table or a training count is negative.
 * @example
 * ```ts
 * import { groupReport } from 'model-patching';
 * const report = groupReport({
 *   predictions: [[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.6, 0.4]],
 *   labels: [0, 0, 1, 1],
 *   groups: [0, 0, 1, 2],
 *   table: { names: ['cat', 'dog on grass', 'dog on snow'], classOf: [0, 1, 1], trainingCounts: [50, 45, 5] },
 * });
 * if (report.worstGroup?.name !== 'dog on snow') throw new Error('fails on snow');
 * if (report.average !== 0.95 || report.groupAverage !== 2 / 3) throw new Error('the average hides it');
 * if (report.gap !== null || report.missing?.alone.join() !== 'cat') throw new Error('cats have one group only');
 * ```
 */
export function groupReport(input: GroupReportInput): GroupReport {
  checkInput(input);
  return summaries(groupResults(input), input.table);
}

/**
 * The report of no examples: every group has count 0, and every summary is null.
 *
 * @param table The groups.
 * @example
 * ```ts
 * import { groupTable } from 'model-patching';
 * import { unmeasuredReport } from 'model-patching/metrics';
 * const report = unmeasuredReport(groupTable(['(Y=0)', '(Y=1)'], [50, 0]));
 * if (report.worstGroup !== null || report.missing?.absent.join() !== '(Y=0)') throw new Error('nothing is measured');
 * ```
 */
export const unmeasuredReport = (table: GroupTable): GroupReport =>
  summaries(
    table.names.map((name) => ({ name, count: 0, accuracy: null, interval: null, loss: null })),
    table,
  );
