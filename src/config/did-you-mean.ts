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
  const most = (name: string): number => Math.max(1, Math.floor(name.length / 3));
  const distance = (name: string): number => editDistance(word.toLowerCase(), name.toLowerCase());
  // Names of other lengths are as far as those differ: a word of a whole file is compared with none.
  const similar = names.filter((name) => Math.abs(name.length - word.length) <= most(name));
  const nearest = similar.sort((a, b) => distance(a) - distance(b))[0];
  return nearest !== undefined && distance(nearest) <= most(nearest) ? `, did you mean "${nearest}"?` : '';
}
