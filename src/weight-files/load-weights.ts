/**
 * Weights of others are loaded into networks of ours. A file's tensors are matched by name or order, checked by shape
 * and converted. A report says everything that was and was not loaded, and why.
 */
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import {
  matchWeights,
  type MatchedWeight,
  type UnmatchedWeight,
  type WeightMapping,
  type WeightMatches,
} from '../weights/match-weights.ts';
import { elementCount, storedValues } from '../weights/stored-weight.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import { decodeWeightFile, readWeightFile, type WeightFile, type WeightFormat } from './weight-file.ts';
import { orderedWeights } from './ordered-weights.ts';

/** {@link loadWeights} takes these options. */
export interface LoadWeightsOptions {
  /** How names are matched; default `auto`. */
  readonly mapping?: WeightMapping;
  /**
   * Which weights may keep the network's own value if the file has none of their name and shape. The head of a
   * fine-tuned network is an example. The default is none.
   */
  readonly optional?: (name: string) => boolean;
}

/** What was and was not loaded. Shapes of the file are as stored there. */
export interface WeightReport {
  readonly format: WeightFormat;
  readonly mapping: WeightMatches['mapping'];
  /** What was taken off the names of the file before they were matched, e.g. `module.`; missing if nothing was. */
  readonly prefix?: string;
  /** The network's name and the file's. */
  readonly loaded: readonly { readonly name: string; readonly from: string }[];
  /** Weights that keep their value, and why: nothing of the name, another shape, no floating-point numbers. */
  readonly kept: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly reason: UnmatchedWeight['reason'];
    readonly found?: { readonly name: string; readonly shape: readonly number[] };
  }[];
  /** Tensors of the file that the network does not know. */
  readonly unused: readonly string[];
}

/** Weights for {@link Network.forward} and for a step's `init`, owned by the caller, and the report. */
export interface LoadedWeights {
  readonly weights: NetworkWeights;
  readonly report: WeightReport;
}

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

function values({ stored, wanted, axes }: MatchedWeight): Float32Array {
  const read = storedValues(stored);
  if (axes === undefined) return read;
  const strides = stored.shape.map((_, axis) => elementCount(stored.shape.slice(axis + 1)));
  const steps = axes.map((axis) => strides[axis]!);
  const transposed = new Float32Array(read.length);
  const position = wanted.shape.map(() => 0);
  let from = 0;
  for (let i = 0; i < read.length; i++) {
    transposed[i] = read[from]!;
    for (let axis = position.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++position[axis]! < wanted.shape[axis]!) break;
      from -= steps[axis]! * wanted.shape[axis]!;
      position[axis] = 0;
    }
  }
  return transposed;
}

const OTHER_WEIGHTS =
  'give weights of this network; in a configuration, correct network.width or network.variant, ' +
  'or begin with network.weights={ kind: random }; in code, choose another mapping';

function unmatchedError(where: string, file: WeightFile, unmatched: readonly UnmatchedWeight[]): DataError {
  const { wanted, stored, reason } = unmatched[0]!;
  const more = unmatched.length > 1 ? ` (and ${unmatched.length - 1} more that do not fit)` : '';
  const found = {
    absent: `nothing of this name among its ${file.weights.length} tensors`,
    shape: `${stored?.name} of shape ${shapeText(stored?.shape ?? [])}`,
    type: `${stored?.name}, which holds no floating-point numbers`,
  }[reason];
  return {
    where: `${where}, ${wanted.name}`,
    expected: `shape ${shapeText(wanted.shape)}`,
    found: found + more,
    cure: `${OTHER_WEIGHTS} or name in "optional" what may keep its value`,
  };
}

/** Room for moving averages, an optimizer's slots and the file's own structure. */
const largestFile = (floats: number): number => 8 * 4 * floats + 2 ** 24;

function apply(
  where: string,
  network: Network,
  file: WeightFile,
  { mapping = 'auto', optional = () => false }: LoadWeightsOptions,
): E.Either<DataError, LoadedWeights> {
  const wanted = orderedWeights(network.model);
  const matches = matchWeights(wanted, file.weights, mapping);
  const required = matches.unmatched.filter(({ wanted: { name } }) => !optional(name));
  if (required.length > 0) return E.left(unmatchedError(where, file, required));
  if (matches.mapping === 'order' && matches.unused.some(({ type }) => type !== null))
    return refuse(
      where,
      `${wanted.length} weights, since they are matched by order`,
      `${file.weights.length}`,
      OTHER_WEIGHTS,
    );
  const matched = new Map(matches.matched.map((match) => [match.wanted.name, match]));
  const own = network.weights();
  const replaced = (tensors: tf.NamedTensorMap): tf.NamedTensorMap =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => {
        const match = matched.get(name);
        if (match === undefined) return [name, tensor];
        tensor.dispose();
        return [name, tf.tensor(values(match), [...match.wanted.shape])];
      }),
    );
  return E.right({
    weights: { trainable: replaced(own.trainable), statistics: replaced(own.statistics) },
    report: {
      format: file.format,
      mapping: matches.mapping,
      ...(matches.prefix !== '' && { prefix: matches.prefix }),
      loaded: matches.matched.map(({ wanted: { name }, stored }) => ({ name, from: stored.name })),
      kept: matches.unmatched.map(({ wanted: { name, shape }, reason, stored }) => ({
        name,
        shape,
        reason,
        ...(stored && { found: { name: stored.name, shape: stored.shape } }),
      })),
      unused: matches.unused.map(({ name }) => name),
    },
  });
}

/**
 * Loads weights of Keras (`.h5`, weights or whole model), NumPy (`.npz`), PyTorch or this package (`safetensors`), or
 * tfjs (`model.json`) for a network.
 *
 * @param source A path, or the bytes of a file (of any of these formats but the last).
 * @param network Says which weights of which shapes there must be. It is not changed: use the weights with
 *   `network.forward(x, { weights })`, as the beginning of a run's state, or put them into it with `assignWeights`.
 * @param options See {@link LoadWeightsOptions}.
 * @returns The weights and a report; or what is wrong with the file, or which weight it lacks. A file much larger than
 *   the network is refused before it is read. Half and double precision become single.
 * @throws What the file system says of a file that is there and cannot be read.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { networkFromModel } from 'model-patching/models';
 * import { encodeWeights, loadWeights } from 'model-patching/node';
 * const layers = [tf.layers.dense({ name: 'out', units: 1, inputShape: [2] })];
 * const network = networkFromModel(tf.sequential({ layers }));
 * const loaded = await loadWeights(Buffer.concat(await encodeWeights('npz', network)), network);
 * if (loaded._tag === 'Left') throw new Error(loaded.left.found);
 * const { weights, report } = loaded.right;
 * if (report.loaded.length !== 2 || report.kept.length > 0) throw new Error('kernel and bias expected');
 * tf.dispose([weights.trainable, weights.statistics]);
 * network.model.dispose();
 * ```
 */
export async function loadWeights(
  source: string | Uint8Array,
  network: Network,
  options: LoadWeightsOptions = {},
): Promise<E.Either<DataError, LoadedWeights>> {
  const wanted = orderedWeights(network.model);
  const largest = largestFile(wanted.reduce((sum, { shape }) => sum + elementCount(shape), 0));
  const where = typeof source === 'string' ? source : 'weights';
  const file =
    typeof source === 'string'
      ? await readWeightFile(source, largest)
      : decodeWeightFile(source, where, largest);
  return E.isLeft(file) ? file : apply(where, network, file.right, options);
}

/** Tensors that nobody asked for, counted; those of one kind, such as counters of batches, together. */
function unusedText(names: readonly string[]): string {
  const kindOf = (name: string): string =>
    name.slice(Math.max(name.lastIndexOf('.'), name.lastIndexOf('/')) + 1);
  const counts = new Map<string, number>();
  for (const name of names) counts.set(kindOf(name), (counts.get(kindOf(name)) ?? 0) + 1);
  const many = [...counts].filter(([, count]) => count > 8);
  const single = names.filter((name) => counts.get(kindOf(name))! <= 8);
  const shown = [...many.map(([kind, count]) => `${count} named ${kind}`), ...single.slice(0, 8)];
  const more = single.length > 8 ? ` and ${single.length - 8} more` : '';
  return `${names.length} ${names.length === 1 ? 'tensor' : 'tensors'} that nobody asked for: ${shown.join(', ')}${more}`;
}

/**
 * A report in a few lines: how many weights were loaded and how, then each that was not and why.
 *
 * @param report See {@link WeightReport}.
 * @returns Lines without line feeds.
 * @example
 * ```ts
 * import { describeWeightReport } from 'model-patching/node';
 * const [first, second] = describeWeightReport({
 *   format: 'hdf5',
 *   mapping: 'names',
 *   loaded: [{ name: 'conv0/kernel', from: 'conv0/kernel:0' }],
 *   kept: [{ name: 'logits/bias', shape: [2], reason: 'absent' }],
 *   unused: [],
 * });
 * if (first !== '1 of 2 weights loaded from hdf5, matched by names') throw new Error(first);
 * if (second !== 'kept: logits/bias [2], not in the file') throw new Error(second);
 * ```
 */
export function describeWeightReport({
  format,
  mapping,
  prefix,
  loaded,
  kept,
  unused,
}: WeightReport): string[] {
  const reasons = {
    absent: 'not in the file',
    shape: 'of another shape in the file',
    type: 'not floating-point in the file',
  };
  const without = prefix === undefined ? '' : ` without their prefix ${JSON.stringify(prefix)}`;
  return [
    `${loaded.length} of ${loaded.length + kept.length} weights loaded from ${format}, matched by ${mapping}${without}`,
    ...kept.map(({ name, shape, reason, found }) => {
      const other = found ? `: ${found.name} ${shapeText(found.shape)}` : '';
      return `kept: ${name} ${shapeText(shape)}, ${reasons[reason]}${other}`;
    }),
    ...(unused.length > 0 ? [`unused: ${unusedText(unused)}`] : []),
  ];
}
