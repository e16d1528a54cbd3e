/**
 * Batches that can be found by their step number alone. Each group is an endless stream of seeded permutations of its
 * examples, and a batch takes the same number from each stream, so that every group counts equally whatever its size
 * (the sampling of Sagawa et al. 2020 and of the published CAMEL runs). A resumed run continues in the same order
 * without having stored anything.
 */
import { foldKey, permutationEntry, randomKey, type RandomKey } from './random/random.ts';

/** Options of {@link groupBatches}. */
export interface GroupBatchesOptions {
  /** Examples a batch, at least one a group. */
  readonly batchSize: number;
  /** Seed of the order, a safe integer. */
  readonly seed: number;
  /**
   * `true` (default): ⌊batchSize/groups⌋ of each group, the remainder to the last group. `false`: one shuffled
   * stream over all examples, as for empirical risk minimisation.
   */
  readonly balanced?: boolean;
  /** Number of groups, so that an empty last one is noticed; default: the largest index + 1. */
  readonly groupCount?: number;
}

function streamEntry(key: RandomKey, position: number, members: Int32Array): number {
  const pass = Math.floor(position / members.length);
  return members[permutationEntry(foldKey(key, pass), position % members.length, members.length)]!;
}

function checkGroups(groups: ArrayLike<number>, groupCount: number | undefined, lowest: number): void {
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    if (Number.isSafeInteger(group) && group >= lowest && group < (groupCount ?? Infinity)) continue;
    const range = groupCount === undefined ? `≥ ${lowest}` : `in [${lowest}, ${groupCount})`;
    throw new RangeError(`groups: expected integers ${range}, received ${group} at index ${i}`);
  }
}

function membersOf(groups: ArrayLike<number>, groupCount: number): Int32Array[] {
  const members = new Map<number, number[]>();
  for (let i = 0; i < groups.length; i++) {
    const list = members.get(groups[i]!);
    if (list === undefined) members.set(groups[i]!, [i]);
    else list.push(i);
  }
  // The first that is absent is found before as many lists are made as an index that is far too large asks for.
  for (let g = 0; g < groupCount; g++) {
    if (!members.has(g))
      throw new RangeError(`groups: expected examples of every group, received none of ${g}`);
  }
  return Array.from({ length: groupCount }, (_, g) => Int32Array.from(members.get(g)!));
}

/**
 * The indices of each step's batch.
 *
 * @param groups Group of each training example, integers from 0; unbalanced also −1, of no group.
 * @param options See {@link GroupBatchesOptions}.
 * @returns `step ↦ [batchSize]` example indices, for steps 0, 1, …, in time O(batchSize). Balanced batches list the
 *   first group's examples first. Within one pass over a group no example repeats.
 * @throws RangeError if there is no example, a group is none or has no example, or the batch is smaller than the number
 *   of groups.
 * @example
 * ```ts
 * import { groupBatches } from 'model-patching';
 * const groups = [0, 0, 0, 1, 0];
 * const batch = groupBatches(groups, { batchSize: 4, seed: 1 })(1000);
 * if (Array.from(batch, (i) => groups[i]).join() !== '0,0,1,1') throw new Error('not balanced');
 * ```
 */
export function groupBatches(
  groups: ArrayLike<number>,
  options: GroupBatchesOptions,
): (step: number) => Int32Array {
  const { batchSize, seed, balanced = true } = options;
  if (groups.length === 0) throw new RangeError('groups: expected at least one example, received none');
  checkGroups(groups, options.groupCount, balanced ? 0 : -1);
  const groupCount =
    options.groupCount ?? Array.from(groups).reduce((largest, group) => Math.max(largest, group), 0) + 1;
  const streams = balanced
    ? membersOf(groups, groupCount)
    : [Int32Array.from({ length: groups.length }, (_, i) => i)];
  if (!(Number.isInteger(batchSize) && batchSize >= streams.length)) {
    throw new RangeError(
      `batchSize: expected an integer ≥ ${streams.length}, one a group, received ${batchSize}`,
    );
  }
  const key = foldKey(randomKey(seed), balanced ? 'group batches' : 'batches');
  const share = Math.floor(batchSize / streams.length);
  const shares = streams.map((_, g) =>
    g === streams.length - 1 ? batchSize - share * (streams.length - 1) : share,
  );
  return (step) => {
    if (!(Number.isSafeInteger(step) && step >= 0)) {
      throw new RangeError(`step: expected an integer ≥ 0, received ${step}`);
    }
    return Int32Array.from(
      streams.flatMap((members, g) =>
        Array.from({ length: shares[g]! }, (_, i) =>
          streamEntry(foldKey(key, g), step * shares[g]! + i, members),
        ),
      ),
    );
  };
}
