/**
 * What the names of record shards say. Here they are `NN-<shard size>.tfrec`; TensorFlow's tools write
 * `name.tfrecord-00000-of-00010` or `name-00000-of-00010.tfrecord`, and say so how many there are.
 */

const ENDING = /\.tfrec(?:ords?)?(-\d+-of-\d+)?(\.gz)?$/i;
const OWN = /^(\d{2,})-(\d+)\.tfrec(?:\.gz)?$/i;
const OF_MANY = /-(\d+)-of-(\d+)(?=\.|$)/i;
/** How file managers and browsers name a second copy. */
const COPY = /(?: \(\d+\)| - copy(?: \(\d+\))?| copy(?: \d+)?)(?=\.[^/]*$)/i;

/** Whether a path ends as shards do. */
export const endsAsShard = (name: string): boolean => ENDING.test(name);

/** Whether a path lies in what macOS (`._name`, `__MACOSX`) or an unfinished writer (`.name`) leaves behind. */
export const isByproduct = (name: string): boolean =>
  name.split(/[/\\]/).some((part) => part.startsWith('.') || part === '__MACOSX');

/** What is wrong with the names of a folder's shards. */
export interface NamesFault {
  readonly expected: string;
  readonly found: string;
  readonly cure: string;
}

/** A name without what may differ between two writings of the same shard: compression, and how the ending is spelt. */
const plainName = (name: string): string =>
  name.replace(ENDING, (_, ofMany: string | undefined) => `.tfrec${ofMany ?? ''}`);

/** The fault of two files that are the same shard. */
export const twiceFault = (first: string, second: string): NamesFault => ({
  expected: 'every shard once',
  found: `${first} and ${second}`,
  cure: 'remove one of them',
});

/** Whether a shard is there under two names: plain and compressed, with two endings, or as a copy beside it. */
function twofold(names: readonly string[]): NamesFault | undefined {
  const first = new Map<string, string>();
  for (const name of names) {
    const plain = plainName(name);
    if (first.has(plain)) return twiceFault(first.get(plain)!, name);
    first.set(plain, name);
  }
  const copy = names.find((name) => COPY.test(name) && first.has(plainName(name.replace(COPY, ''))));
  return copy === undefined ? undefined : twiceFault(first.get(plainName(copy.replace(COPY, '')))!, copy);
}

/** Shards that were written together: their common name, how many there are, and which numbers are there. */
interface Series {
  readonly name: string;
  readonly count: number;
  readonly width: number;
  readonly numbers: readonly number[];
}

function seriesOf(names: readonly string[]): readonly Series[] {
  const series = new Map<string, Series>();
  for (const name of names) {
    const [part, number, count] = OF_MANY.exec(name) ?? [];
    if (part === undefined) continue;
    const common = plainName(name).replace(OF_MANY, '');
    const key = `${common} ${Number(count)}`;
    const numbers = [...(series.get(key)?.numbers ?? []), Number(number)];
    series.set(key, { name: common, count: Number(count), width: number!.length, numbers });
  }
  return [...series.values()];
}

const MOST_SHOWN = 8;

/** Some numbers in a few words. */
function listed(numbers: readonly number[], width: number): string {
  const shown = numbers.slice(0, MOST_SHOWN).map((number) => String(number).padStart(width, '0'));
  return shown.join(', ') + (numbers.length > MOST_SHOWN ? ` and ${numbers.length - MOST_SHOWN} more` : '');
}

/** What is wrong with one series: numbers beyond its count, or missing ones. They begin at 0, or all at 1. */
function incomplete({ name, count, width, numbers }: Series): NamesFault | undefined {
  const start = numbers.includes(0) || !numbers.includes(count) ? 0 : 1;
  const beyond = numbers.filter((number) => number >= start + count);
  const there = new Set(numbers);
  // A name may claim any count; no more numbers are looked at than can be shown beside those that are there.
  const looked = Math.min(count, numbers.length + MOST_SHOWN + 1);
  const missing = Array.from({ length: looked }, (_, i) => start + i).filter((number) => !there.has(number));
  const expected = `all ${count} shards of ${name}, as their names say`;
  if (beyond.length > 0)
    return {
      expected,
      found: `also the number ${listed(beyond, width)}`,
      cure: 'remove what is of another set',
    };
  if (missing.length === 0) return undefined;
  const many = count - there.size;
  const rest = many > missing.length ? ` and ${many - Math.min(missing.length, MOST_SHOWN)} more` : '';
  const shown = rest === '' ? listed(missing, width) : listed(missing.slice(0, MOST_SHOWN), width) + rest;
  return { expected, found: `${there.size}; missing: ${shown}`, cure: 'copy the missing shards there' };
}

/** Whether shards of one name were written twice in different numbers: their records would count twice. */
function twoSeries(series: readonly Series[]): NamesFault | undefined {
  const second = series.find(({ name }, i) => series.findIndex((other) => other.name === name) < i);
  if (second === undefined) return undefined;
  const first = series.find(({ name }) => name === second.name)!;
  return {
    expected: `the shards of ${second.name} written once`,
    found: `${first.numbers.length} of ${first.count} and ${second.numbers.length} of ${second.count}`,
    cure: 'remove those of one writing',
  };
}

/** Whether shards that are numbered as here are all there; how many there should be is not known. */
function ownNumbering(names: readonly string[]): NamesFault | undefined {
  const numbered = names.map((name) => OWN.exec(name));
  if (numbered.some((match) => match === null)) return undefined;
  const missing = numbered.findIndex((match, i) => Number(match![1]) !== i);
  return missing < 0
    ? undefined
    : {
        expected: `a shard ${String(missing).padStart(2, '0')}-${numbered[0]![2]}.tfrec before ${names[missing]}`,
        found: 'none',
        cure: 'copy all shards of the folder',
      };
}

/**
 * What is wrong with the names of a folder's shards.
 *
 * @param names Paths below the folder, in order.
 * @returns A shard that is there twice, two writings of one name, or shards that are missing by their numbers.
 */
export function namesFault(names: readonly string[]): NamesFault | undefined {
  const series = seriesOf(names);
  return (
    twofold(names) ??
    twoSeries(series) ??
    series.map(incomplete).find((fault) => fault !== undefined) ??
    ownNumbering(names)
  );
}
