/**
 * Names of files that nearly are the name which a table gives: in other capitals, with accents composed otherwise, with
 * blanks at the end, another ending or none, a backslash for a slash, in another folder, or a slip of a letter.
 */

/** A path as people read it: one form of accents, no blanks around its parts, small letters, slashes. */
const loose = (path: string): string =>
  path
    .normalize('NFC')
    .toLowerCase()
    .split(/[/\\]/)
    .map((part) => part.trim())
    .join('/');

/** The part of a path behind its last slash, and what is before. */
function parted(path: string): { readonly folder: string; readonly base: string } {
  const slash = path.lastIndexOf('/');
  return { folder: path.slice(0, Math.max(0, slash)), base: path.slice(slash + 1) };
}

const ENDING = /\.[a-z0-9]{2,5}$/i;

/** Whether two names are one but for their endings, of which either may be missing. */
const hasSameStem = (wanted: string, base: string): boolean => {
  const stem = base.replace(ENDING, '');
  return stem === wanted.replace(ENDING, '') || stem === wanted;
};

const digitsOf = (name: string): string => name.replace(/\D/g, '');

/** How many letters must be put in, left out or exchanged, if no more than `most`; else Infinity. */
function slips(first: string, second: string, most: number): number {
  if (Math.abs(first.length - second.length) > most) return Infinity;
  let row = Array.from({ length: second.length + 1 }, (_, i) => i);
  for (let i = 1; i <= first.length; i++) {
    const next = [i];
    for (let j = 1; j <= second.length; j++) {
      const exchanged = row[j - 1]! + (first[i - 1] === second[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, row[j]! + 1, next[j - 1]! + 1));
    }
    if (Math.min(...next) > most) return Infinity;
    row = next;
  }
  return row[second.length]! <= most ? row[second.length]! : Infinity;
}

/** Slips of one letter in five, at most two, endings not counted. A number is another number, however near it is. */
function slipsOfNames(wanted: string, base: string): number {
  if (Math.abs(wanted.length - base.length) > 2 || digitsOf(wanted) !== digitsOf(base)) return Infinity;
  return slips(wanted, base, Math.min(2, Math.floor(wanted.replace(ENDING, '').length / 5)));
}

/** How far a path is from the wanted one; Infinity if it is another. */
function distance(wanted: ReturnType<typeof parted>, path: string): number {
  const { folder, base } = parted(loose(path));
  const elsewhere = folder === wanted.folder ? 0 : 2;
  if (base === wanted.base) return elsewhere;
  if (hasSameStem(wanted.base, base)) return 1 + elsewhere;
  return 4 + elsewhere + slipsOfNames(wanted.base, base);
}

/**
 * The path that is nearest to a wanted one.
 *
 * @param wanted The path that is missing.
 * @param paths Those that there are, relative to the same folder. They are gone through once.
 * @returns The nearest, the first of equals; undefined if none is near.
 */
export function nearestPath(wanted: string, paths: Iterable<string>): string | undefined {
  const sought = parted(loose(wanted));
  let nearest: string | undefined;
  let least = Infinity;
  for (const path of paths) {
    const far = distance(sought, path);
    if (far < least) [nearest, least] = [path, far];
    if (least === 0) break;
  }
  return nearest;
}

/** What is between the endings of two names. */
function endingDifference(wanted: string, base: string): readonly string[] {
  const [mine, its] = [wanted, base].map((name) => ENDING.exec(name.trim())?.[0] ?? '') as [string, string];
  if (mine.toLowerCase() === its.toLowerCase()) return [];
  return [its === '' ? 'without an ending' : `with the ending ${its}`];
}

/**
 * In what a near path differs from the wanted one, in words.
 *
 * @param wanted The path that is missing.
 * @param near The one that there is.
 */
export function nameDifferences(wanted: string, near: string): string {
  const [first, second] = [parted(wanted), parted(near.replaceAll('\\', '/'))];
  const [mine, its] = [first.base.normalize('NFC'), second.base.normalize('NFC')];
  const inCapitals = mine.trim() !== its.trim() && mine.trim().toLowerCase() === its.trim().toLowerCase();
  const found = [
    ...(near.includes('\\') ? ['with a backslash in its name'] : []),
    ...(first.folder === second.folder ? [] : ['in another folder']),
    ...(mine !== first.base || its !== second.base ? ['with accents composed otherwise'] : []),
    ...(its === its.trim() ? [] : ['with a blank around its name']),
    ...(inCapitals ? ['in other capitals'] : []),
    ...endingDifference(mine, its),
  ];
  return found.length === 0 ? 'spelt otherwise' : found.join(', ');
}
