/**
 * Weights in the HDF5 files of Keras 1 and 2: a group for every layer, listed in order by the attribute `layer_names`,
 * whose arrays are listed by its attribute `weight_names`. A whole model keeps the same under `/model_weights`. Keras
 * cuts a list that is too long for one attribute into `layer_names0`, `layer_names1`, …
 */
import { either as E } from 'fp-ts';
import type { DataError } from '../data/data-error.ts';
import { KERAS_3_WEIGHTS_CURE } from './foreign-formats.ts';
import { Hdf5Fault } from './hdf5-messages.ts';
import { openHdf5, type Hdf5File, type Hdf5Object } from './hdf5-reader.ts';
import { encodeHdf5, type Hdf5Array, type Hdf5Group } from './hdf5-writer.ts';
import type { StoredWeight } from './stored-weight.ts';
import { encodeUtf8 } from './utf8.ts';

const KERAS_3 = 'a .weights.h5 file of Keras 3';
const KERAS_CURE = 'fetch it again, or save it anew with Keras 2: model.save_weights("weights.h5")';

function listed(object: Hdf5Object, attribute: string): readonly string[] | undefined {
  const whole = object.texts(attribute);
  if (whole !== undefined) return whole;
  const parts: string[] = [];
  for (let i = 0; ; i++) {
    const part = object.texts(`${attribute}${i}`);
    if (part === undefined) return i === 0 ? undefined : parts;
    parts.push(...part);
  }
}

/** The object at a path below a group. */
function descend(file: Hdf5File, start: Hdf5Object, path: string): Hdf5Object {
  return path.split('/').reduce((object, part) => {
    const address = object.members().get(part);
    if (address === undefined) throw new Hdf5Fault(`${JSON.stringify(path)} in its group`, 'nothing');
    return file.object(address);
  }, start);
}

function listedWeights(file: Hdf5File): StoredWeight[] {
  const root = file.object(file.root);
  const top = root.members().has('model_weights') ? descend(file, root, 'model_weights') : root;
  const layers = listed(top, 'layer_names');
  if (layers === undefined) {
    const keras3 = ['layers', '_layer_checkpoint_dependencies'].some((name) => top.members().has(name));
    throw new Hdf5Fault('the attribute layer_names of Keras 1 and 2', keras3 ? KERAS_3 : 'none');
  }
  const members = top.members();
  return layers.flatMap((layer) => {
    const address = members.get(layer);
    if (address === undefined) throw new Hdf5Fault(`a group ${JSON.stringify(layer)}`, 'none');
    const group = file.object(address);
    return (listed(group, 'weight_names') ?? []).map((name) => {
      file.spend(name.length);
      const { type, shape, bytes } = descend(file, group, name).dataset();
      return { name, layer, shape, bytes, type: type.kind === 'float' ? type.type : null };
    });
  });
}

/**
 * The weights of a Keras `.h5` file, of weights or of a whole model.
 *
 * @param bytes The file; the weights are views of it.
 * @param where What to call it in an error.
 * @returns In the order of the file, or what is damaged or not supported.
 * @example
 * ```ts
 * import { decodeKerasHdf5, encodeKerasHdf5, storedValues } from 'model-patching/weights';
 * const parts = encodeKerasHdf5([
 *   { name: 'out', weights: [{ name: 'out/bias', shape: [2], values: Float32Array.of(1, 2) }] },
 * ]);
 * const decoded = decodeKerasHdf5(Buffer.concat(parts), 'weights');
 * if (decoded._tag === 'Left') throw new Error(decoded.left.found);
 * const [bias] = decoded.right;
 * if (bias!.name !== 'out/bias:0' || storedValues(bias!)[1] !== 2) throw new Error('the bias expected');
 * ```
 */
export function decodeKerasHdf5(bytes: Uint8Array, where: string): E.Either<DataError, StoredWeight[]> {
  return E.tryCatch(
    () => listedWeights(openHdf5(bytes)),
    (error) => {
      if (!(error instanceof Hdf5Fault)) throw error;
      const cure = error.found === KERAS_3 ? KERAS_3_WEIGHTS_CURE : KERAS_CURE;
      return { where, expected: error.expected, found: error.found, cure };
    },
  );
}

/** A layer's weights to write. */
export interface LayerWeights {
  readonly name: string;
  /** Each called `<layer>/<weight>`; Keras' `:0` is added. */
  readonly weights: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly values: Float32Array;
  }[];
}

/** What fits into an attribute, with room for its own header. */
const LARGEST_ATTRIBUTE = 64_000;

/** A list as Keras writes it: one attribute, or numbered ones if it is too long. */
function listAttributes(name: string, texts: readonly string[]): [string, readonly string[]][] {
  const width = Math.max(1, ...texts.map((text) => encodeUtf8(text).length));
  const each = Math.floor(LARGEST_ATTRIBUTE / width);
  if (texts.length <= each) return [[name, texts]];
  return Array.from({ length: Math.ceil(texts.length / each) }, (_, i) => [
    `${name}${i}`,
    texts.slice(i * each, (i + 1) * each),
  ]);
}

function nestedGroup(
  arrays: readonly (readonly [path: readonly string[], array: Hdf5Array])[],
  attributes: Hdf5Group['attributes'] = new Map(),
): Hdf5Group {
  const inner = new Map<string, (readonly [path: readonly string[], array: Hdf5Array])[]>();
  const members = new Map<string, Hdf5Group | Hdf5Array>();
  for (const [[first, ...rest], array] of arrays) {
    if (rest.length === 0) members.set(first!, array);
    else inner.set(first!, [...(inner.get(first!) ?? []), [rest, array]]);
  }
  for (const [name, parts] of inner) members.set(name, nestedGroup(parts));
  return { kind: 'group', members, attributes };
}

/**
 * Weights as an `.h5` file that Keras 1 and 2 read with `load_weights`, by order or `by_name`.
 *
 * @param layers In the order of the model's layers; those without weights may be left out.
 * @returns The file in pieces, to be written one after the other.
 * @throws RangeError if two layers share a name.
 * @example
 * ```ts
 * import { encodeKerasHdf5 } from 'model-patching/weights';
 * const values = Float32Array.of(1, 2);
 * const parts = encodeKerasHdf5([{ name: 'out', weights: [{ name: 'out/bias', shape: [2], values }] }]);
 * if (parts[0]![1] !== 'H'.charCodeAt(0)) throw new Error('an HDF5 signature expected');
 * ```
 */
export function encodeKerasHdf5(layers: readonly LayerWeights[]): Uint8Array[] {
  const groups = new Map<string, Hdf5Group>();
  for (const { name: layer, weights } of layers) {
    if (groups.has(layer)) throw new RangeError(`layers: expected distinct names, received ${layer} twice`);
    const named = weights.map(({ name, ...array }) => [`${name}:0`, { kind: 'array', ...array }] as const);
    const names = named.map(([name]) => name);
    groups.set(
      layer,
      nestedGroup(
        named.map(([name, array]) => [name.split('/'), array]),
        new Map(listAttributes('weight_names', names)),
      ),
    );
  }
  return encodeHdf5({
    kind: 'group',
    members: groups,
    attributes: new Map<string, string | readonly string[]>([
      ...listAttributes('layer_names', [...groups.keys()]),
      ['backend', 'tensorflow'],
      ['keras_version', '2.15.0'],
    ]),
  });
}
