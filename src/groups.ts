/**
 * Groups: the cells of label × attribute over which robustness is asked for (Sagawa et al., "Distributionally Robust
 * Neural Networks for Group Shifts", ICLR 2020). A table names them, says to which class each belongs and how many
 * training examples it has; group losses are the means of per-example losses over each group of a batch.
 */
import * as tf from '@tensorflow/tfjs';
import type { either as E } from 'fp-ts';

/** The groups of a data set, one entry a group in every list. */
export interface GroupTable {
  /** For example `(Y=0)(Z=1)`; see {@link groupName}. */
  readonly names: readonly string[];
  /** The class within which the group competes in a class-conditional objective. */
  readonly classOf: readonly number[];
  /** Number of training examples, n_g. */
  readonly trainingCounts: readonly number[];
}

/** Mean loss and number of examples of each group of a batch, both `[groups]`. */
export interface GroupLosses {
  /** Mean over the group's examples; 0 where there are none. */
  readonly means: tf.Tensor1D;
  /** Number of the group's examples in the batch. */
  readonly counts: tf.Tensor1D;
}

/** What a group's name says. `''`, the name of all examples together, says nothing. */
export interface GroupIdentity {
  /** Label. */
  readonly y?: number;
  /** Attribute. */
  readonly z?: number;
  /** Translation that made the group's examples, e.g. `A-F`; absent for the originals. */
  readonly variant?: string;
}

/**
 * The name of a group: `(Y=y)(Z=z)(variant)`, each part only where it is given.
 *
 * @example
 * ```ts
 * import { groupName } from 'model-patching';
 * if (groupName({ y: 0, z: 1, variant: 'A-F' }) !== '(Y=0)(Z=1)(A-F)') throw new Error('wrong name');
 * ```
 */
export function groupName({ y, z, variant }: GroupIdentity): string {
  const part = (text: string, given: unknown): string => (given === undefined ? '' : `(${text})`);
  return part(`Y=${y}`, y) + part(`Z=${z}`, z) + part(`${variant}`, variant);
}

const GROUP_NAME = /^(?:\(Y=(-?\d+)\))?(?:\(Z=(-?\d+)\))?(?:\(([^()=]+)\))?$/;

/**
 * The inverse of {@link groupName}.
 *
 * @returns Right: the parts. Left: what was expected and found.
 * @example
 * ```ts
 * import { either as E } from 'fp-ts';
 * import { parseGroupName } from 'model-patching';
 * const parsed = parseGroupName('(Y=1)(Z=0)(A-G)');
 * if (!E.isRight(parsed) || parsed.right.y !== 1 || parsed.right.variant !== 'A-G') throw new Error('not parsed');
 * ```
 */
export function parseGroupName(name: string): E.Either<string, GroupIdentity> {
  const match = GROUP_NAME.exec(name);
  if (match === null) {
    return {
      _tag: 'Left',
      left: `group name: expected (Y=label)(Z=attribute)(variant), each part optional, found '${name}'`,
    };
  }
  const [, y, z, variant] = match;
  return {
    _tag: 'Right',
    right: {
      ...(y === undefined ? {} : { y: Number(y) }),
      ...(z === undefined ? {} : { z: Number(z) }),
      ...(variant === undefined ? {} : { variant }),
    },
  };
}

/**
 * A checked table.
 *
 * @param names One name a group, all different.
 * @param trainingCounts n_g ≥ 0, one a group.
 * @param classOf The class of each group, an integer; by default the label in its name, −1 where it names none.
 * @throws RangeError if the lists differ in length, are empty, name a group twice or hold something else.
 * @example
 * ```ts
 * import { groupTable } from 'model-patching';
 * const table = groupTable(['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)'], [90, 10, 50]);
 * if (table.classOf.join() !== '0,0,1') throw new Error('wrong classes');
 * ```
 */
export function groupTable(
  names: readonly string[],
  trainingCounts: readonly number[],
  classOf: readonly number[] = names.map((name) => {
    const parsed = parseGroupName(name);
    return parsed._tag === 'Right' ? (parsed.right.y ?? -1) : -1;
  }),
): GroupTable {
  const table = { names: [...names], classOf: [...classOf], trainingCounts: [...trainingCounts] };
  checkGroupTable(table);
  return table;
}

/** Throws a RangeError unless `table` is well formed: see {@link groupTable}. */
export function checkGroupTable({ names, classOf, trainingCounts }: GroupTable): void {
  if (names.length === 0) throw new RangeError('table: expected at least one group, received none');
  if (classOf.length !== names.length || trainingCounts.length !== names.length) {
    throw new RangeError(
      `table: expected one class and one count for each of ${names.length} groups, ` +
        `received ${classOf.length} classes and ${trainingCounts.length} counts`,
    );
  }
  if (new Set(names).size !== names.length) {
    throw new RangeError(`table.names: expected different names, received ${names.join(', ')}`);
  }
  if (!classOf.every(Number.isInteger)) {
    throw new RangeError(`table.classOf: expected integers, received ${classOf.join(', ')}`);
  }
  if (!trainingCounts.every((count) => Number.isFinite(count) && count >= 0)) {
    throw new RangeError(
      `table.trainingCounts: expected finite numbers ≥ 0, received ${trainingCounts.join(', ')}`,
    );
  }
}

/** The groups of labelled examples, see {@link groupExamples}. */
export interface GroupedExamples {
  /** One group for each pair of label and attribute. */
  readonly table: GroupTable;
  /** Index of each example's group in the table. */
  readonly groups: Int32Array;
}

/**
 * The groups of labelled examples: one for each pair of label and attribute that occurs, ordered by label, then
 * attribute.
 *
 * @param y Labels, integers.
 * @param z Attributes, integers, one an example.
 * @returns The table, and each example's index into it.
 * @throws RangeError if the lists differ in length or are empty, or a label or attribute is no integer.
 * @example
 * ```ts
 * import { groupExamples } from 'model-patching';
 * const { table, groups } = groupExamples([0, 1, 0], [1, 0, 0]);
 * if (table.names.join() !== '(Y=0)(Z=0),(Y=0)(Z=1),(Y=1)(Z=0)' || groups.join() !== '1,2,0') throw new Error();
 * ```
 */
export function groupExamples(y: ArrayLike<number>, z: ArrayLike<number>): GroupedExamples {
  if (y.length !== z.length) {
    throw new RangeError(`z: expected ${y.length} attributes, one a label, received ${z.length}`);
  }
  for (const [name, values] of Object.entries({ y, z })) {
    const wrong = Array.from(values).findIndex((value) => !Number.isSafeInteger(value));
    if (wrong >= 0) throw new RangeError(`${name}[${wrong}]: expected an integer, received ${values[wrong]}`);
  }
  const cells = new Map<string, { readonly y: number; readonly z: number; count: number }>();
  const names = Array.from(y, (label, i) => groupName({ y: label, z: z[i]! }));
  names.forEach((name, i) => {
    const cell = cells.get(name) ?? { y: y[i]!, z: z[i]!, count: 0 };
    cells.set(name, { ...cell, count: cell.count + 1 });
  });
  const sorted = [...cells].sort(([, a], [, b]) => a.y - b.y || a.z - b.z);
  const table = groupTable(
    sorted.map(([name]) => name),
    sorted.map(([, cell]) => cell.count),
    sorted.map(([, cell]) => cell.y),
  );
  const indices = new Map(table.names.map((name, i) => [name, i]));
  return { table, groups: Int32Array.from(names, (name) => indices.get(name)!) };
}

/** Which images the main loss is taken over: the originals, their translations, or all. */
export type AugmentationTraining = 'original' | 'augmented' | 'both';

/**
 * The table of an objective over translated examples as groups of their own, in the published order: each group
 * followed by its variants. A variant has its original's class and count.
 *
 * @param table The groups of the originals.
 * @param variants Names of the translations of each example, e.g. `['A-F', 'A-G']`.
 * @param training Which are trained on; `original` gives the table back.
 * @example
 * ```ts
 * import { groupTable, withVariants } from 'model-patching';
 * const both = withVariants(groupTable(['(Y=0)(Z=0)'], [9]), ['A-F', 'A-G'], 'both');
 * if (both.names.join() !== '(Y=0)(Z=0),(Y=0)(Z=0)(A-F),(Y=0)(Z=0)(A-G)') throw new Error('wrong order');
 * ```
 */
export function withVariants(
  table: GroupTable,
  variants: readonly string[],
  training: AugmentationTraining,
): GroupTable {
  const suffixes = [
    ...(training === 'augmented' ? [] : ['']),
    ...(training === 'original' ? [] : variants.map((variant) => `(${variant})`)),
  ];
  return groupTable(
    table.names.flatMap((name) => suffixes.map((suffix) => name + suffix)),
    table.trainingCounts.flatMap((count) => suffixes.map(() => count)),
    table.classOf.flatMap((label) => suffixes.map(() => label)),
  );
}

/**
 * Mean loss and number of examples of each group: L_g = Σ_{i: gᵢ = g} ℓᵢ / max(1, n_g). Differentiable in `losses`.
 *
 * @param losses Per-example losses, `[batch]`.
 * @param groups Group of each example, `[batch]`, integers in [0, groupCount), or −1 for an example of no group. Any
 *   other index (groupCount, −2, 1.5) makes all means NaN: refusing it would mean reading it back.
 * @param groupCount Number of groups.
 * @returns Means and counts, `[groupCount]` each; a group absent from the batch has mean 0 and count 0. One loss that is
 *   NaN makes all means NaN, whatever its group.
 * @throws RangeError if the shapes differ or `groupCount` is no positive integer.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { groupLosses } from 'model-patching';
 * const text = tf.tidy(() =>
 *   groupLosses(tf.tensor1d([1, 2, 6]), tf.tensor1d([0, 2, 0], 'int32'), 3).means.dataSync().join(),
 * );
 * if (text !== '3.5,0,2') throw new Error(`wrong means ${text}`);
 * ```
 */
export function groupLosses(losses: tf.Tensor1D, groups: tf.Tensor1D, groupCount: number): GroupLosses {
  if (losses.shape.length !== 1 || groups.shape.length !== 1 || losses.shape[0] !== groups.shape[0]) {
    throw new RangeError(
      `losses, groups: expected the same shape [batch], received [${losses.shape}] and [${groups.shape}]`,
    );
  }
  if (!(Number.isInteger(groupCount) && groupCount > 0)) {
    throw new RangeError(`groupCount: expected a positive integer, received ${groupCount}`);
  }
  // Products and sums rather than a matrix product, which some devices round to ten bits.
  return tf.tidy(() => {
    const indices = tf.range(-1, groupCount, 1, 'int32').expandDims(1);
    const known = tf.equal(indices, groups.expandDims(0)).toFloat();
    const members = known.slice(1);
    const counts = members.sum<tf.Tensor1D>(1);
    const sums = members.mul(losses.expandDims(0)).sum<tf.Tensor1D>(1);
    const allKnown = known.sum().equal(groups.size);
    const means: tf.Tensor1D = sums.div(tf.where(allKnown, counts.maximum(1), NaN));
    return { means, counts };
  });
}
