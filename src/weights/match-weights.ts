/**
 * Which stored tensor goes to which weight of a network. Names differ from library to library and, where Keras has
 * made them up, from session to session (`conv2d_37`); then only the order of the layers is left, and kinds and shapes
 * must agree all along.
 */
import { possiblePrefixes, withoutPrefix } from './name-prefix.ts';
import type { StoredWeight } from './stored-weight.ts';
import { TORCHVISION_LAYOUTS, torchvisionName } from './torchvision-names.ts';

/**
 * `names`: `<layer>/<weight>` as here and in Keras. `classification-models`: the same, and the top `fc1` is `logits`.
 * `order`: by the order of the layers, for Keras networks of unnamed layers. `torchvision`: the names of PyTorch's
 * ResNet-50, kernels transposed. A function gives the network's name for a stored one, null for none. `auto` decides
 * by what is in the file and says in the report what it took.
 */
export type WeightMapping =
  'auto' | 'names' | 'classification-models' | 'order' | 'torchvision' | ((stored: string) => string | null);

/** A weight that a network has. */
export interface WantedWeight {
  /** `<layer>/<weight>`. */
  readonly name: string;
  readonly shape: readonly number[];
}

/** A weight that finds its tensor. */
export interface MatchedWeight {
  readonly wanted: WantedWeight;
  readonly stored: StoredWeight;
  /** For each axis of the weight the axis of the tensor, where they are in another order. */
  readonly axes?: readonly number[];
}

/** Why a weight keeps its value. */
export interface UnmatchedWeight {
  readonly wanted: WantedWeight;
  /** Nothing of its name, a tensor of another shape, or one that holds no floating-point numbers. */
  readonly reason: 'absent' | 'shape' | 'type';
  readonly stored?: StoredWeight;
}

/** What became of all weights and tensors. */
export interface WeightMatches {
  readonly mapping: 'names' | 'classification-models' | 'order' | 'torchvision' | 'function';
  readonly matched: readonly MatchedWeight[];
  readonly unmatched: readonly UnmatchedWeight[];
  /** Tensors that no weight asked for. */
  readonly unused: readonly StoredWeight[];
  /** What was taken off the names before they were matched, e.g. `module.`; empty if nothing was. */
  readonly prefix: string;
}

/** Names of one kind of weight in several libraries. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['gamma', 'scale'],
  ['beta', 'offset'],
]);

interface Parts {
  readonly whole: string;
  readonly parent: string | undefined;
  readonly kind: string;
}

function parts(name: string): Parts {
  const components = name.replace(/:\d+$/, '').split('/');
  const last = components.pop()!;
  const kind = KINDS.get(last) ?? last;
  return { whole: [...components, kind].join('/'), parent: components.at(-1), kind };
}

/** By key, those that share a key left out. */
function index(
  stored: readonly StoredWeight[],
  key: (weight: StoredWeight) => string | null,
): ReadonlyMap<string, StoredWeight> {
  const found = new Map<string, StoredWeight>();
  const repeated = new Set<string>();
  for (const weight of stored) {
    const name = key(weight);
    if (name === null) continue;
    if (found.has(name)) repeated.add(name);
    found.set(name, weight);
  }
  for (const name of repeated) found.delete(name);
  return found;
}

/** The tensor of a weight: by its whole path, by its innermost layer, or by the layer that it is listed under. */
function finder(
  stored: readonly StoredWeight[],
  layerNames: ReadonlyMap<string, string>,
): (wanted: WantedWeight) => StoredWeight | undefined {
  const layerOf = (name: string): string => layerNames.get(name) ?? name;
  const under = (layer: string | undefined, kind: string): string | null =>
    layer === undefined ? null : `${layerOf(layer)}/${kind}`;
  const indexes = [
    index(stored, ({ name }) => parts(name).whole),
    index(stored, ({ name }) => under(parts(name).parent, parts(name).kind)),
    index(stored, ({ name, layer }) => under(layer, parts(name).kind)),
  ];
  return ({ name }) => {
    const { whole } = parts(name);
    return indexes.map((found) => found.get(whole)).find((weight) => weight !== undefined);
  };
}

const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);

type Axes = readonly number[] | undefined;

function compare(
  wanted: WantedWeight,
  stored: StoredWeight | undefined,
  axes: Axes,
): MatchedWeight | UnmatchedWeight {
  if (stored === undefined) return { wanted, reason: 'absent' };
  if (stored.type === null) return { wanted, stored, reason: 'type' };
  const shape = axes ? axes.map((axis) => stored.shape[axis]!) : stored.shape;
  if (stored.shape.length !== wanted.shape.length || !same(shape, wanted.shape))
    return { wanted, stored, reason: 'shape' };
  return axes ? { wanted, stored, axes } : { wanted, stored };
}

const isMatched = (result: MatchedWeight | UnmatchedWeight): result is MatchedWeight => !('reason' in result);

function summarize(
  mapping: WeightMatches['mapping'],
  results: readonly (MatchedWeight | UnmatchedWeight)[],
  stored: readonly StoredWeight[],
): WeightMatches {
  const used = new Set(results.map((result) => result.stored));
  return {
    mapping,
    matched: results.filter(isMatched),
    unmatched: results.filter((result): result is UnmatchedWeight => !isMatched(result)),
    unused: stored.filter((weight) => !used.has(weight)),
    prefix: '',
  };
}

const kindOf = (name: string): string | null => (name.includes('/') ? parts(name).kind : null);

/** In order, as far as kinds agree: from the first that does not, the rest is absent. */
function inOrder(wanted: readonly WantedWeight[], stored: readonly StoredWeight[]): WeightMatches {
  const floats = stored.filter(({ type }) => type !== null);
  const agrees = (i: number): boolean => {
    const found = floats[i];
    const kind = found && kindOf(found.name);
    return found !== undefined && (kind === null || kind === kindOf(wanted[i]!.name));
  };
  const firstOther = wanted.findIndex((_, i) => !agrees(i));
  const results = wanted.map((weight, i) =>
    compare(weight, firstOther >= 0 && i >= firstOther ? undefined : floats[i], undefined),
  );
  return summarize('order', results, stored);
}

const HEAD: ReadonlyMap<string, string> = new Map([['fc1', 'logits']]);

function chosen(
  wanted: readonly WantedWeight[],
  stored: readonly StoredWeight[],
): Exclude<WeightMapping, 'auto'> {
  const layers = new Set(stored.map(({ name, layer }) => layer ?? parts(name).parent));
  if (stored.some(({ name }) => name === 'layer1.0.conv1.weight')) return 'torchvision';
  const find = finder(stored, new Map());
  if (!wanted.some((weight) => find(weight) !== undefined)) return 'order';
  return layers.has('bn_data') && layers.has('fc1') ? 'classification-models' : 'names';
}

function matchNames(
  wanted: readonly WantedWeight[],
  stored: readonly StoredWeight[],
  how: Exclude<WeightMapping, 'auto' | 'order'>,
): WeightMatches {
  if (how === 'names' || how === 'classification-models') {
    const find = finder(stored, how === 'names' ? new Map() : HEAD);
    return summarize(
      how,
      wanted.map((weight) => compare(weight, find(weight), undefined)),
      stored,
    );
  }
  const rename = how === 'torchvision' ? torchvisionName : how;
  const found = index(stored, ({ name }) => rename(name));
  const axes = (weight: WantedWeight): Axes =>
    how === 'torchvision' ? TORCHVISION_LAYOUTS.get(weight.shape.length) : undefined;
  return summarize(
    how === 'torchvision' ? how : 'function',
    wanted.map((weight) => compare(weight, found.get(weight.name), axes(weight))),
    stored,
  );
}

function match(
  wanted: readonly WantedWeight[],
  stored: readonly StoredWeight[],
  mapping: WeightMapping,
): WeightMatches {
  const how = mapping === 'auto' ? chosen(wanted, stored) : mapping;
  return how === 'order' ? inOrder(wanted, stored) : matchNames(wanted, stored, how);
}

/** The matches of names without a prefix, told of the tensors as the file has them. */
function matchWithout(
  wanted: readonly WantedWeight[],
  stored: readonly StoredWeight[],
  mapping: WeightMapping,
  prefix: string,
): WeightMatches {
  const originals = withoutPrefix(stored, prefix);
  const matches = match(wanted, [...originals.keys()], mapping);
  const original = <A extends { readonly stored?: StoredWeight }>(result: A): A =>
    result.stored === undefined ? result : { ...result, stored: originals.get(result.stored)! };
  const unused = new Set(matches.unused.map((weight) => originals.get(weight)!));
  const passed = new Set(originals.values());
  return {
    ...matches,
    matched: matches.matched.map(original),
    unmatched: matches.unmatched.map(original),
    unused: stored.filter((weight) => unused.has(weight) || !passed.has(weight)),
    prefix,
  };
}

/**
 * Matches stored tensors to a network's weights. A prefix of the names is taken off where more weights find their
 * tensors without it.
 *
 * @param wanted The network's weights in the order of its layers.
 * @param stored The file's tensors in their order.
 * @param mapping See {@link WeightMapping}; a function and the order see the names as they are.
 * @returns Each weight once, matched or not; nothing is thrown.
 */
export function matchWeights(
  wanted: readonly WantedWeight[],
  stored: readonly StoredWeight[],
  mapping: WeightMapping,
): WeightMatches {
  const asStored = match(wanted, stored, mapping);
  if (typeof mapping === 'function' || mapping === 'order') return asStored;
  const countOf = ({ mapping: how, matched }: WeightMatches): number =>
    how === 'order' ? 0 : matched.length;
  return possiblePrefixes(stored.map(({ name }) => name)).reduce((best, prefix) => {
    if (countOf(best) === wanted.length) return best;
    const without = matchWithout(wanted, stored, mapping, prefix);
    return countOf(without) > countOf(best) ? without : best;
  }, asStored);
}
