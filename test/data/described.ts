import type { DataError } from '../../src/data/data-error.ts';
import type { Dataset } from '../../src/data/dataset.ts';

type Result<A> =
  { readonly _tag: 'Left'; readonly left: DataError } | { readonly _tag: 'Right'; readonly right: A };

export function right<A>(result: Result<A>): A {
  if (result._tag === 'Left') throw new Error(JSON.stringify(result.left));
  return result.right;
}

export function left(result: Result<unknown>): DataError {
  if (result._tag === 'Right') throw new Error('expected an error');
  return result.left;
}

export const counts = (dataset: Dataset, split: 'train' | 'validation' | 'test') =>
  dataset.table.names.map((_, g) => dataset.splits[split].filter(({ group }) => group === g).length);

/** `[split, y, z, count]` as rows of a table. */
export const LAYOUT = [
  [0, 0, 0, 6],
  [0, 0, 1, 2],
  [0, 1, 0, 1],
  [0, 1, 1, 3],
  [1, 0, 0, 2],
  [1, 0, 1, 2],
  [1, 1, 0, 1],
  [1, 1, 1, 1],
  [2, 0, 0, 1],
  [2, 1, 1, 2],
] as const;

export const IMAGES = LAYOUT.flatMap(([split, y, z, count]) =>
  Array.from({ length: count }, (_, i) => ({ file: `${split}${y}${z}/${i}.jpg`, split, y, z })),
);
