/**
 * The nearest known name to a misspelt one, by the edit distance of Damerau (1964) and Levenshtein (1966) in which
 * no part is edited twice: insertions, deletions, substitutions, and swaps of neighbours, each counting one.
 */

function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next.push(
        Math.min(substituted, row[j]! + 1, next[j - 1]! + 1, swapped ? before[j - 2]! + 1 : Infinity),
      );
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}

/**
 * `, did you mean "name"?`, or nothing if no name is near: at most a third of its letters, and at least one, may
 * differ; case does not count.
 *
 * @param word What was written.
 * @param names What is known.
 * @example
 * ```ts
 * import { didYouMean } from 'model-patching/config';
 * if (didYouMean('sede', ['seed', 'steps']) !== ', did you mean "seed"?') throw new Error('seed is near');
 * ```
 */
export function didYouMean(word: string, names: readonly string[]): string {
  const distance = (name: string): number => editDistance(word.toLowerCase(), name.toLowerCase());
  const nearest = [...names].sort((a, b) => distance(a) - distance(b))[0];
  const near = nearest !== undefined && distance(nearest) <= Math.max(1, Math.floor(nearest.length / 3));
  return near ? `, did you mean "${nearest}"?` : '';
}
