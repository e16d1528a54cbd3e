/**
 * Prefixes of names. PyTorch puts the name of the module before those of its parts, so a network that was wrapped for
 * several devices, compiled, or held as the backbone of another saves its weights with words before their names.
 */
import type { StoredWeight } from './stored-weight.ts';

/** Words that wrappers put before names; they are taken off even where others stand beside them. */
const WRAPPERS: ReadonlySet<string> = new Set([
  'module',
  'model',
  'backbone',
  '_orig_mod',
  'net',
  'network',
  'encoder',
  'encoder_q',
  'student',
  'state_dict',
]);

/** Words of a prefix, and prefixes, at most: names are somebody else's. */
const [LONGEST, MOST] = [8, 32];

/** The words before the last one. */
const segments = (name: string): readonly string[] =>
  name
    .slice(0, Math.max(0, name.lastIndexOf('.')))
    .split('.', LONGEST)
    .filter(Boolean);

/** All beginnings of a list, but for the empty one, shortest first. */
const beginnings = (words: readonly string[]): readonly string[] =>
  words.map((_, i) => `${words.slice(0, i + 1).join('.')}.`);

function common(lists: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = lists;
  const end = first.findIndex((word, i) => others.some((list) => list[i] !== word));
  return end < 0 ? first : first.slice(0, end);
}

const wrappersOf = (words: readonly string[]): readonly string[] => {
  const end = words.findIndex((word) => !WRAPPERS.has(word));
  return end < 0 ? words : words.slice(0, end);
};

/**
 * Prefixes that might be taken off.
 *
 * @param names All names of a file.
 * @returns Those that all names share, and those of wrappers that some have; each ends in a dot, shorter ones first.
 */
export function possiblePrefixes(names: readonly string[]): readonly string[] {
  const words = names.map(segments);
  const found = [...beginnings(common(words)), ...words.flatMap((list) => beginnings(wrappersOf(list)))];
  return [...new Set(found)].sort((a, b) => a.length - b.length).slice(0, MOST);
}

/**
 * The tensors whose names begin with a prefix, without it.
 *
 * @param stored The file's tensors.
 * @param prefix From {@link possiblePrefixes}, or empty.
 * @returns Each shorter one with the tensor that it was.
 */
export const withoutPrefix = (
  stored: readonly StoredWeight[],
  prefix: string,
): ReadonlyMap<StoredWeight, StoredWeight> =>
  new Map(
    stored.flatMap((weight) =>
      weight.name.startsWith(prefix)
        ? [[{ ...weight, name: weight.name.slice(prefix.length) }, weight] as const]
        : [],
    ),
  );
