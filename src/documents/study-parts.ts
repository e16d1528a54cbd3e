/**
 * The parts of a study's document that are experiments in themselves: those of stage 1, what all methods have in common,
 * and every method. Each may extend files of its own.
 */
import { either as E } from 'fp-ts';
import type { DataError } from '../data/data-error.ts';
import { withoutKey, type DocumentMap, type DocumentNode } from './document.ts';

/** A part of a document; undefined if there is none. */
export function childOf(node: DocumentNode | undefined, key: string): DocumentNode | undefined {
  if (node?.of === 'list') return node.items[Number(key)];
  return node?.of === 'map' ? node.entries.get(key)?.node : undefined;
}

/** A map without entries. */
export const emptyMap = (place: string): DocumentMap => ({ of: 'map', place, entries: new Map() });

/** A map with an entry put in, or in the place of the one that there was. */
export function withEntry(node: DocumentMap, key: string, value: DocumentNode): DocumentMap {
  const keyPlace = node.entries.get(key)?.keyPlace ?? value.place;
  return { ...node, entries: new Map([...node.entries, [key, { keyPlace, node: value }]]) };
}

/**
 * What a part takes from the files that it extends: all but the data and the sources of translations, which a study has
 * once.
 */
export function withoutStudysOwn(file: DocumentMap): DocumentMap {
  const rest = withoutKey(file, 'data');
  const method = childOf(rest, 'method');
  const translations = childOf(method, 'translations');
  if (method?.of !== 'map' || translations?.of !== 'map') return rest;
  return withEntry(rest, 'method', withEntry(method, 'translations', withoutKey(translations, 'sources')));
}

/**
 * `translations: stage-1` as `translations: { sources: stage-1 }`, so that it takes the place of the sources alone and
 * leaves the other settings of translations that a part extends.
 */
export function withStageOneAsSources(part: DocumentMap): DocumentMap {
  const method = childOf(part, 'method');
  const translations = childOf(method, 'translations');
  if (method?.of !== 'map' || translations?.of !== 'scalar' || translations.value !== 'stage-1') return part;
  const { place } = translations;
  const sources = withEntry(emptyMap(place), 'sources', translations);
  return withEntry(part, 'method', withEntry(method, 'translations', sources));
}

type Change = (part: DocumentMap) => Promise<E.Either<DataError, DocumentMap>>;

async function changedNode(node: DocumentNode, change: Change): Promise<E.Either<DataError, DocumentNode>> {
  return node.of === 'map' ? change(node) : E.right(node);
}

async function changedItems(node: DocumentNode, change: Change): Promise<E.Either<DataError, DocumentNode>> {
  if (node.of === 'scalar') return E.right(node);
  const entries = node.of === 'list' ? node.items.entries() : node.entries.entries();
  const changed = new Map<number | string, DocumentNode>();
  for (const [key, item] of entries) {
    const made = await changedNode('node' in item ? item.node : item, change);
    if (E.isLeft(made)) return made;
    changed.set(key, made.right);
  }
  if (node.of === 'list') return E.right({ ...node, items: node.items.map((_, i) => changed.get(i)!) });
  return E.right(
    [...node.entries.keys()].reduce<DocumentMap>((map, key) => withEntry(map, key, changed.get(key)!), node),
  );
}

const PARTS: Readonly<Record<string, typeof changedNode>> = {
  'stage-1': changedItems,
  'stage-2': changedNode,
  methods: changedItems,
};

/**
 * A study's document with every part changed.
 *
 * @param document Of any kind of file; one without such parts stays as it is.
 * @param change Given a part; its first fault is that of the whole.
 */
export async function mapStudyParts(
  document: DocumentMap,
  change: Change,
): Promise<E.Either<DataError, DocumentMap>> {
  let changed = document;
  for (const [key, within] of Object.entries(PARTS)) {
    const node = document.entries.get(key)?.node;
    if (node === undefined) continue;
    const made = await within(node, change);
    if (E.isLeft(made)) return made;
    changed = withEntry(changed, key, made.right);
  }
  return E.right(changed);
}
