/** `--set data.size=64`: single settings changed on the command line. A value is read as YAML. */
import { either as E } from 'fp-ts';
import type { DataError } from '../../data/data-error.ts';
import { mergeDocuments, parseDocument, type DocumentNode } from './document.ts';

const refused = (option: string, found: string): E.Either<DataError, never> =>
  E.left({
    where: option,
    expected: 'setting=value, e.g. training.epochs=5',
    found,
    cure: 'name the setting by its keys with dots between them',
  });

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

function changed(node: DocumentNode | undefined, path: readonly string[], value: DocumentNode): DocumentNode {
  const [key, ...rest] = path;
  if (key === undefined) return node === undefined ? value : mergeDocuments(node, value);
  if (node?.of === 'list' && Number(key) < node.items.length) {
    const items = node.items.map((item, i) => (i === Number(key) ? changed(item, rest, value) : item));
    return { ...node, items };
  }
  const under = node?.of === 'map' ? node.entries.get(key)?.node : undefined;
  const entry = { keyPlace: value.place, node: changed(under, rest, value) };
  const change: DocumentNode = {
    of: 'map',
    place: node?.place ?? value.place,
    entries: new Map([[key, entry]]),
  };
  return node === undefined ? change : mergeDocuments(node, change);
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
  const path = override.slice(0, equals).trim().split('.');
  if (path.some((key) => !/^[A-Za-z0-9_-]+$/.test(key)) || path.includes('__proto__')) {
    return refused(option, `"${override.slice(0, equals)}"`);
  }
  const text = override.slice(equals + 1);
  return E.Functor.map(parseDocument(text, option), (value) =>
    changed(document, path, placed(value, option)),
  );
}
