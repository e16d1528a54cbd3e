/**
 * Two folders of runs, compared file by file. {@link RULES} says which parts of which files may differ: those that tell
 * how long something took. Everything else is the same to the byte. A file that a rule does not name has none.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { decodeEvents } from '../../src/logs/event-file.ts';

/** Files of some names, and what of them is compared. */
export interface Rule {
  /** Why they may differ, for a person. */
  readonly what: string;
  /** Matched with the path below the folder. */
  readonly files: RegExp;
  /** What must be equal. */
  readonly kept: (file: Buffer) => string | Buffer;
  /** A part of the path that may differ, such as a time or a process in a name; it is left out. */
  readonly name?: RegExp;
}

/** JSON without the fields that tell a time. */
const withoutFields =
  (...fields: readonly string[]) =>
  (file: Buffer): string =>
    JSON.stringify(JSON.parse(file.toString()), (name, value: unknown) =>
      fields.includes(name) && typeof value === 'number' ? 'a time' : value,
    );

/** Seconds in a page: a figure, and the line below its title. */
const withoutSeconds = (file: Buffer): string =>
  file
    .toString()
    .replaceAll(/<data value="[\d.e+-]+">[\d.]+ (?:s|min|h|days)(?: \d+ (?:s|min))?<\/data>/g, 'a time')
    .replaceAll(/ · [\d.]+ (?:s|min|h|days)(?: \d+ (?:s|min))?<\/p>/g, ' · a time</p>');

/** What an event file shows, without when it was written. */
function withoutWallTimes(file: Buffer): string {
  const events = decodeEvents(file);
  if (events._tag === 'Left') return events.left.found;
  return JSON.stringify(events.right.map((event) => ({ ...event, wallTime: 'a time' })));
}

/** By name of file; the first that matches counts. */
export const RULES: readonly Rule[] = [
  { what: 'the seconds of a run', files: /(^|\/)elapsed\.json$/, kept: withoutFields('seconds') },
  { what: 'the seconds in an outcome', files: /(^|\/)run\.json$/, kept: withoutFields('seconds') },
  { what: 'the seconds of runs and study', files: /(^|\/)results\.json$/, kept: withoutFields('seconds') },
  { what: 'the seconds of a study', files: /^study\.json$/, kept: withoutFields('seconds') },
  { what: 'seconds in a page', files: /(^|\/)report\.html$/, kept: withoutSeconds },
  { what: 'nothing: its contents, unpacked', files: /(^|\/)data\.gz$/, kept: (file) => gunzipSync(file) },
  {
    what: 'the second in its name, and its wall times',
    files: /(^|\/)events\.out\.tfevents\.\d+\.[^/]+$/,
    kept: withoutWallTimes,
    name: /(?<=tfevents\.)\d+/,
  },
];

const whole = (file: Buffer): Buffer => file;

/** Files that a program leaves only if it was ended in the middle of something. */
const LEFT_BEHIND = /\.tmp$|(^|\/)lock(\.|$)|(^|\/)\.[^/]+(\/|$)/;

/** The paths of all files below a folder, in alphabetical order. */
export const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

/** Temporary files and locks below a folder of which every program has ended. */
export const leftBehind = (folder: string): readonly string[] =>
  filesBelow(folder).filter((file) => LEFT_BEHIND.test(file));

function keptOf(folder: string, rules: readonly Rule[]): ReadonlyMap<string, string> {
  return new Map(
    filesBelow(folder).map((file) => {
      const rule = rules.find(({ files }) => files.test(file));
      const name = rule?.name === undefined ? file : file.replace(rule.name, '…');
      const kept = (rule?.kept ?? whole)(readFileSync(join(folder, file)));
      return [name, typeof kept === 'string' ? kept : kept.toString('latin1')];
    }),
  );
}

/**
 * Compares two folders.
 *
 * @param expected Of an undisturbed program.
 * @param found Of one that was disturbed.
 * @param rules What may differ.
 * @returns A line for each file that is missing, too many or different, and for each that was left behind.
 */
export function folderDifferences(
  expected: string,
  found: string,
  rules: readonly Rule[] = RULES,
): readonly string[] {
  const [there, here] = [keptOf(expected, rules), keptOf(found, rules)];
  const names = [...new Set([...there.keys(), ...here.keys()])].sort();
  return [
    ...leftBehind(found).map((file) => `${file}: left behind`),
    ...names.flatMap((name) => {
      if (!there.has(name)) return [`${name}: too many`];
      if (!here.has(name)) return [`${name}: missing`];
      return there.get(name) === here.get(name) ? [] : [`${name}: different`];
    }),
  ];
}
