/**
 * YAML as a tree whose every part knows where it was written, so that a fault found after files have been composed
 * still names its line. Untrusted text: its size, depth, number of nodes and aliases are bounded, keys are text and
 * never `__proto__`.
 */
import { either as E } from 'fp-ts';
import * as yaml from 'yaml';
import { refuse, type DataError } from '../data/data-error.ts';
import { tooDeepLine } from './nesting.ts';

/** A value that YAML writes without brackets. */
export type Scalar = null | boolean | number | string;

/** A part of a document. `place` is e.g. `file.yaml:3:7`. */
export type DocumentNode =
  | { readonly of: 'scalar'; readonly place: string; readonly value: Scalar }
  | { readonly of: 'list'; readonly place: string; readonly items: readonly DocumentNode[] }
  | DocumentMap;

/** A map of a document. */
export interface DocumentMap {
  readonly of: 'map';
  readonly place: string;
  readonly entries: ReadonlyMap<string, DocumentEntry>;
}

/** A key of a map with its value. */
export interface DocumentEntry {
  readonly keyPlace: string;
  readonly node: DocumentNode;
}

/** Most characters of a configuration file. */
export const LARGEST_DOCUMENT = 64_000;
const MOST_NODES = 20_000;
const MOST_ALIASES = 100;
const DEEPEST = 32;

/** Thrown inside this module only, to leave a recursion. */
class Fault extends Error {
  readonly fault: DataError;
  constructor(fault: DataError) {
    super(fault.found);
    this.fault = fault;
  }
}

const fault = (where: string, expected: string, found: string, cure: string): Fault =>
  new Fault({ where, expected, found, cure });

/** YAML 1.1 had such keys, YAML 1.2 has none: they would be settings of an odd name. */
const MERGE_KEY = [
  'the name of a setting',
  'the merge key "<<", which YAML 1.2 does not have',
  'write out what it brings in, or put that into a file which "extends: FILE" names; ' +
    'a whole value may be repeated as "setting: *name"',
] as const;

const firstLine = (message: string): string =>
  message.split('\n', 1)[0]!.replace(/\s+/g, ' ').replace(/:$/, '');

/** What the parser makes of a text, or the error with which it gives up: its stack, say, is used up by depth. */
function parsedYaml(text: string, lineCounter: yaml.LineCounter): yaml.Document.Parsed | Error {
  const options = { lineCounter, prettyErrors: false, stringKeys: true, uniqueKeys: false } as const;
  try {
    return yaml.parseDocument(text, options);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * Parses one YAML document.
 *
 * @param text The contents of a file.
 * @param file Its name, for errors.
 * @returns The tree, or the first fault with its line and column.
 */
export function parseDocument(text: string, file: string): E.Either<DataError, DocumentNode> {
  if (text.length > LARGEST_DOCUMENT) {
    return refuse(
      file,
      `a configuration of at most ${LARGEST_DOCUMENT} characters`,
      `${text.length}`,
      'point at a configuration file',
    );
  }
  const lines = new yaml.LineCounter();
  const deep = tooDeepLine(text);
  if (deep !== null) {
    return refuse(
      `${file}:${deep}:1`,
      `at most ${DEEPEST} levels`,
      'more',
      'point at a configuration file, or write out what is meant',
    );
  }
  const document = parsedYaml(text, lines);
  if (document instanceof Error) {
    return refuse(file, 'YAML that can be parsed', firstLine(document.message), 'write out what is meant');
  }
  const at = (offset: number | undefined): string => {
    const { line, col } = lines.linePos(offset ?? 0);
    return `${file}:${line}:${col}`;
  };
  const broken = document.errors[0] ?? document.warnings[0];
  if (broken !== undefined) {
    return refuse(at(broken.pos[0]), 'YAML', firstLine(broken.message), 'correct it');
  }
  try {
    return E.right(treeOf(document, at));
  } catch (error) {
    if (error instanceof Fault) return E.left(error.fault);
    throw error;
  }
}

function treeOf(document: yaml.Document.Parsed, at: (offset: number | undefined) => string): DocumentNode {
  let nodes = 0;
  let aliases = 0;
  const convert = (node: unknown, depth: number, alias?: string): DocumentNode => {
    const place = alias ?? at(yaml.isNode(node) ? node.range?.[0] : undefined);
    if (++nodes > MOST_NODES) {
      const found = 'more, by repeating parts under aliases';
      throw fault(place, `at most ${MOST_NODES} values`, found, 'write out what is meant');
    }
    if (depth > DEEPEST) {
      throw fault(
        place,
        `at most ${DEEPEST} levels`,
        'more, or an alias to what holds it',
        'write out what is meant',
      );
    }
    if (yaml.isAlias(node)) {
      if (++aliases > MOST_ALIASES) {
        throw fault(place, `at most ${MOST_ALIASES} aliases`, 'more', 'write out what is meant');
      }
      return convert(node.resolve(document), depth + 1, place);
    }
    if (yaml.isSeq(node)) {
      return { of: 'list', place, items: node.items.map((item) => convert(item, depth + 1, alias)) };
    }
    if (yaml.isMap(node)) {
      const entries = new Map<string, DocumentEntry>();
      for (const { key, value } of node.items) {
        const keyPlace = alias ?? at(yaml.isNode(key) ? key.range?.[0] : undefined);
        const name = yaml.isScalar(key) ? String(key.value) : '';
        if (name === '__proto__') throw fault(keyPlace, 'the name of a setting', '"__proto__"', 'remove it');
        if (name === '<<' && yaml.isScalar(key) && key.type === 'PLAIN') throw fault(keyPlace, ...MERGE_KEY);
        // The parser's own check takes time by the square of the number of keys.
        if (entries.has(name))
          throw fault(keyPlace, 'every key once', `"${name}" again`, 'remove one of them');
        entries.set(name, { keyPlace, node: convert(value, depth + 1, alias) });
      }
      return { of: 'map', place, entries };
    }
    const value = yaml.isScalar(node) ? node.value : node;
    if (value === null || value === undefined) return { of: 'scalar', place, value: null };
    if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') {
      return { of: 'scalar', place, value };
    }
    throw fault(
      place,
      'text, a number, true, false, null, a list or a map',
      typeof value,
      'write it as text',
    );
  };
  return convert(document.contents, 0);
}

/**
 * A value as a tree.
 *
 * @param value Plain data.
 * @param place Where all of it was written.
 */
export function documentOf(value: unknown, place: string): DocumentNode {
  if (Array.isArray(value)) return { of: 'list', place, items: value.map((item) => documentOf(item, place)) };
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([key, part]) => [key, { keyPlace: place, node: documentOf(part, place) }] as const,
    );
    return { of: 'map', place, entries: new Map(entries) };
  }
  return { of: 'scalar', place, value: value as Scalar };
}

/** A single value as a tree. */
export const scalarNode = (value: Scalar, place: string): DocumentNode => ({ of: 'scalar', place, value });

/** The plain value of a tree. */
export function plainValue(node: DocumentNode): unknown {
  switch (node.of) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(plainValue);
    case 'map':
      return Object.fromEntries(Array.from(node.entries, ([key, entry]) => [key, plainValue(entry.node)]));
  }
}

/**
 * Where a part was written, or else what would hold it.
 *
 * @param node The whole.
 * @param path To the part.
 * @param ofKey Whether the place of its key is meant.
 */
export function placeOf(node: DocumentNode, path: readonly string[], ofKey = false): string {
  const [key, ...rest] = path;
  if (key === undefined) return node.place;
  if (node.of === 'list') {
    const item = node.items[Number(key)];
    return item === undefined ? node.place : placeOf(item, rest, ofKey);
  }
  const entry = node.of === 'map' ? node.entries.get(key) : undefined;
  if (entry === undefined) return node.place;
  return rest.length === 0 && ofKey ? entry.keyPlace : placeOf(entry.node, rest, ofKey);
}

const kindOf = (node: DocumentMap): Scalar | undefined => {
  const kind = node.entries.get('kind')?.node;
  return kind?.of === 'scalar' ? kind.value : undefined;
};

/** Keys that say the same in two ways: one that is written takes the place of the other. */
const INSTEAD: Readonly<Record<string, string>> = { steps: 'epochs', epochs: 'steps' };

/**
 * One tree over another: maps are merged key by key, everything else is replaced. A map that names another `kind` is
 * another thing altogether and replaces the whole. A duration in steps replaces one in epochs, and the other way round.
 *
 * @param base What gives way.
 * @param over What wins.
 */
export function mergeDocuments(base: DocumentNode, over: DocumentNode): DocumentNode {
  if (base.of !== 'map' || over.of !== 'map') return over;
  const [before, after] = [kindOf(base), kindOf(over)];
  if (before !== undefined && after !== undefined && before !== after) return over;
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const under = base.entries.get(key);
    if (Object.hasOwn(INSTEAD, key)) entries.delete(INSTEAD[key]!);
    entries.set(
      key,
      under === undefined ? entry : { ...entry, node: mergeDocuments(under.node, entry.node) },
    );
  }
  return { of: 'map', place: over.place, entries };
}

/** A map without one of its keys. */
export const withoutKey = (node: DocumentMap, key: string): DocumentMap => ({
  ...node,
  entries: new Map([...node.entries].filter(([name]) => name !== key)),
});
