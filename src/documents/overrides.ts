/** `--set data.size=64`: single settings changed on the command line. A value is read as YAML. */
import { either as E } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { mergeDocuments, parseDocument, type DocumentNode } from './document.ts';

/** The most keys of a path. Functions that follow a path recurse, and no setting has nearly so many. */
const MOST_KEYS = 32;

const refused = (
  option: string,
  found: string,
  cure = 'name the setting by its keys with dots between them',
): E.Either<DataError, never> => refuse(option, 'setting=value, e.g. training.epochs=5', found, cure);

/** Every place of a tree set to one. */
function placed(node: DocumentNode, place: string): DocumentNode {
  if (node.of === 'scalar') return { ...node, place };
  if (node.of === 'list') return { ...node, place, items: node.items.map((item) => placed(item, place)) };
  const entries = Array.from(
    node.entries,
    ([key, entry]) => [key, { keyPlace: place, node: placed(entry.node, place) }] as const,
  );
  return { of: 'map', place, entries: new Map(entries) };
}

/** The item that a key of a path names: a number as it is counted, so neither `-1` nor `01`. */
function itemIndex(key: string, items: readonly DocumentNode[]): number | undefined {
  return /^(0|[1-9]\d*)$/.test(key) && Number(key) < items.length ? Number(key) : undefined;
}

const noItem = (option: string, path: readonly string[], count: number): DataError => ({
  where: `${option}: ${path.slice(0, -1).join('.')}`,
  expected: count === 0 ? 'no entry, the list is empty' : `the number of an entry, 0 … ${count - 1}`,
  found: `"${path.at(-1)}"`,
  cure: 'correct the number, or set the whole list',
});

/** The node with the value at `path`; `above` is where the node itself is. */
function changed(
  node: DocumentNode | undefined,
  path: readonly string[],
  value: DocumentNode,
  above: readonly string[] = [],
): E.Either<DataError, DocumentNode> {
  const [key, ...rest] = path;
  if (key === undefined) return E.right(node === undefined ? value : mergeDocuments(node, value));
  const here = [...above, key];
  if (node?.of === 'list') {
    const index = itemIndex(key, node.items);
    if (index === undefined) return E.left(noItem(value.place, here, node.items.length));
    return E.Functor.map(changed(node.items[index], rest, value, here), (item) => ({
      ...node,
      items: node.items.map((other, i) => (i === index ? item : other)),
    }));
  }
  const under = node?.of === 'map' ? node.entries.get(key)?.node : undefined;
  return E.Functor.map(changed(under, rest, value, here), (below) => {
    const change: DocumentNode = {
      of: 'map',
      place: node?.place ?? value.place,
      entries: new Map([[key, { keyPlace: value.place, node: below }]]),
    };
    return node === undefined ? change : mergeDocuments(node, change);
  });
}

/**
 * A document with one setting changed. Whether there is such a setting is seen when it is decoded.
 *
 * @param document The whole.
 * @param override `path=value`, the value as YAML.
 * @returns The changed document, or what is wrong with the text.
 */
export function withOverride(document: DocumentNode, override: string): E.Either<DataError, DocumentNode> {
  const option = `--set ${override.length > 60 ? `${override.slice(0, 57)}…` : override}`;
  const equals = override.indexOf('=');
  if (equals < 0) return refused(option, 'no "="');
  const path = override
    .slice(0, equals)
    .trim()
    .split('.', MOST_KEYS + 1);
  if (path.length > MOST_KEYS) return refused(option, `more than ${MOST_KEYS} keys`, 'shorten the path');
  if (path.some((key) => !/^[A-Za-z0-9_-]+$/.test(key)) || path.includes('__proto__')) {
    return refused(option, `"${override.slice(0, equals)}"`);
  }
  const text = override.slice(equals + 1);
  return E.Monad.chain(parseDocument(text, option), (value) =>
    changed(document, path, placed(value, option)),
  );
}

/**
 * A document with settings changed one after the other.
 *
 * @param document The whole.
 * @param overrides `path=value` each.
 * @returns The changed document, or the first text that is wrong.
 */
export const withOverrides = (
  document: DocumentNode,
  overrides: readonly string[],
): E.Either<DataError, DocumentNode> =>
  overrides.reduce<E.Either<DataError, DocumentNode>>(
    (changed, override) => E.Monad.chain(changed, (node) => withOverride(node, override)),
    E.right(document),
  );
