/**
 * The groups that are trained on. A group may occur in evaluation only: a report lists it, but an objective over it
 * would wait for losses that never come, and balanced batches for examples that are not there.
 */
import { checkGroupTable, groupTable, type GroupTable } from './groups.ts';

/** What {@link trainedGroups} gives. */
export interface TrainedGroups {
  /** The groups with training examples, in their order. */
  readonly table: GroupTable;
  /** For each group of the whole table its index in `table`, −1 for one that is not trained on. */
  readonly indexOf: readonly number[];
}

/**
 * The groups of a table that have training examples, for objectives, batches and logs of training.
 *
 * @param table Of training and evaluation; a group that occurs in evaluation only has a training count of 0.
 * @returns The smaller table, and where each group is in it.
 * @throws RangeError if the table is not well formed, or no group has training examples.
 * @example
 * ```ts
 * import { groupTable, trainedGroups } from 'model-patching';
 * const { table, indexOf } = trainedGroups(groupTable(['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)'], [90, 0, 50]));
 * if (table.names.join() !== '(Y=0)(Z=0),(Y=1)(Z=0)' || indexOf.join() !== '0,-1,1') throw new Error('two groups');
 * ```
 */
export function trainedGroups(table: GroupTable): TrainedGroups {
  checkGroupTable(table);
  const trained = [...table.names.keys()].filter((g) => table.trainingCounts[g]! > 0);
  if (trained.length === 0) {
    throw new RangeError(
      `table.trainingCounts: expected a group with training examples, received ${table.trainingCounts.join(', ')}`,
    );
  }
  const of = <Value>(values: readonly Value[]): readonly Value[] => trained.map((g) => values[g]!);
  return {
    table: groupTable(of(table.names), of(table.trainingCounts), of(table.classOf)),
    indexOf: table.names.map((_, g) => trained.indexOf(g)),
  };
}
