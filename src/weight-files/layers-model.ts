/**
 * A model in the format of tfjs is `model.json` with the layers and a manifest, and the weights in binary files
 * beside it. By itself tfjs reads and writes them on disk only with its native package. This does it without.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { formatDataError } from '../data/data-error.ts';
import { elementCount, type StoredWeight } from '../weights/stored-weight.ts';
import { registerLayers } from '../layers/register-layers.ts';
import { writeFileAtomically } from '../system/atomic-file.ts';
import { hasCode, parseJson } from '../system/text-file.ts';

const SpecificationCodec = t.intersection([
  t.type({
    name: t.string,
    shape: t.array(t.Int),
    dtype: t.keyof({ float32: null, int32: null, bool: null }),
  }),
  t.partial({ quantization: t.undefined }),
]);
type Specification = t.TypeOf<typeof SpecificationCodec>;
const ManifestCodec = t.array(
  t.type({ paths: t.array(t.string), weights: t.array(SpecificationCodec) }, 'manifest'),
);
const ModelCodec = t.intersection([
  t.type({ modelTopology: t.UnknownRecord, weightsManifest: ManifestCodec }),
  t.partial({ format: t.string, generatedBy: t.string }),
]);

/** What `model.json` and its files hold. */
export interface StoredModel {
  readonly modelTopology: Record<string, unknown>;
  readonly specifications: readonly Specification[];
  readonly data: Uint8Array;
}

const BYTES: Readonly<Record<Specification['dtype'], number>> = { float32: 4, int32: 4, bool: 1 };
const CURE = 'save the model again with saveWeights or tfjs';

const bytesOf = ({ shape, dtype }: Specification): number => elementCount(shape) * BYTES[dtype];

/** The size of a file, null if there is none. */
export const sizeOf = (path: string): Promise<number | null> =>
  stat(path).then(
    ({ size }) => size,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT')) return null;
      throw error;
    },
  );

const LONGEST_NAME = 255;

/** Whether a text from outside names a file of a folder, neither another folder's nor the folder itself. */
const isFileName = (name: string): boolean =>
  name === basename(name) &&
  !['', '.', '..'].includes(name) &&
  !name.includes('\0') &&
  Buffer.byteLength(name) <= LONGEST_NAME;

/** The size of a file, null if there is none, or a folder. */
const fileSizeOf = (path: string): Promise<number | null> =>
  stat(path).then(
    (found) => (found.isFile() ? found.size : null),
    () => null,
  );

/**
 * Reads `model.json` and the files that it names, which must lie in its folder.
 *
 * @param path The file `model.json`.
 * @param largest Bytes that all weights may have together; by default as many as fit into memory.
 * @returns Layers and weights, or which file is missing, damaged or of another length.
 */
export async function readStoredModel(
  path: string,
  largest = Infinity,
): Promise<E.Either<DataError, StoredModel>> {
  const failed = (where: string, expected: string, found: string): E.Either<DataError, never> =>
    refuse(where, expected, found, CURE);
  const json = parseJson(await readFile(path, 'utf8'));
  if (!ModelCodec.is(json))
    return failed(path, 'a model.json of tfjs: layers, and float32, int32 or bool weights', 'other contents');
  const specifications = json.weightsManifest.flatMap(({ weights }) => weights);
  if (specifications.some(({ shape }) => shape.some((size) => size < 0)))
    return failed(path, 'sizes of at least 0', 'a negative one');
  const total = specifications.reduce((sum, specification) => sum + bytesOf(specification), 0);
  // Sizes whose product is no number would let any file pass.
  if (!(total <= largest && Number.isSafeInteger(total)))
    return failed(path, `at most ${largest} bytes of weights`, `${total}`);
  const names = json.weightsManifest.flatMap(({ paths }) => paths);
  const wrong = names.find((name) => !isFileName(name));
  if (wrong !== undefined)
    return failed(path, 'weight files in its own folder', JSON.stringify(wrong.slice(0, 80)));
  const files = names.map((name) => join(dirname(path), name));
  let stated = 0;
  for (const file of files) {
    const size = await fileSizeOf(file);
    if (size === null) return failed(file, 'a file of weights', 'none');
    stated += size;
    if (stated > total) return failed(file, `${total} bytes of weights altogether`, `at least ${stated}`);
  }
  if (new Set(files).size < files.length) return failed(path, 'every weight file once', 'one of them again');
  const parts = await Promise.all(files.map((file) => readFile(file)));
  const data = Buffer.concat(parts);
  if (data.length !== total)
    return failed(path, `${total} bytes of weights in ${parts.length} files`, `${data.length}`);
  return E.right({ modelTopology: json.modelTopology, specifications, data });
}

/** The weights of a stored model as views of its data. */
export function modelWeights({ specifications, data }: StoredModel): StoredWeight[] {
  let offset = 0;
  return specifications.map((specification) => {
    const bytes = data.subarray(offset, (offset += bytesOf(specification)));
    const { name, shape, dtype } = specification;
    return { name, shape, type: dtype === 'float32' ? 'float32' : null, bytes };
  });
}

const entries = (specifications: readonly Specification[]): tf.io.WeightsManifestEntry[] =>
  specifications.map(({ name, shape, dtype }) => ({ name, shape: [...shape], dtype }));

const arrayBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/**
 * A place for a model on disk, for `model.save` and `tf.loadLayersModel`.
 *
 * @param path The file `model.json`; the weights are written beside it under its name and `.weights.bin`.
 * @returns A handler. Loading throws an error of one line if a file is missing or damaged. The layers of this package
 *   (instance normalisation, reflection padding) are known to it.
 * @example
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import * as tf from '@tensorflow/tfjs';
 * import { modelOnDisk } from 'model-patching/node';
 * const folder = await mkdtemp(join(tmpdir(), 'model-'));
 * const place = modelOnDisk(join(folder, 'model.json'));
 * const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
 * await model.save(place);
 * const loaded = await tf.loadLayersModel(place);
 * const [before, after] = [model, loaded].map((m) => m.getWeights()[0]!.dataSync().join());
 * if (before !== after) throw new Error('the same weights expected');
 * model.dispose();
 * loaded.dispose();
 * await rm(folder, { recursive: true });
 * ```
 */
export function modelOnDisk(path: string): tf.io.IOHandler {
  return {
    async load() {
      registerLayers();
      const model = await readStoredModel(path);
      if (E.isLeft(model)) throw new Error(formatDataError(model.left));
      const { modelTopology, specifications, data } = model.right;
      return { modelTopology, weightSpecs: entries(specifications), weightData: arrayBuffer(data) };
    },
    async save({ modelTopology, weightSpecs = [], weightData }) {
      const data = weightData === undefined ? [] : Array.isArray(weightData) ? weightData : [weightData];
      const parts = data.map((part) => new Uint8Array(part));
      await writeModel(path, modelTopology, weightSpecs, parts);
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    },
  };
}

/** Writes the weights, then `model.json`, so that a model that is there is whole. */
export async function writeModel(
  path: string,
  modelTopology: unknown,
  weights: readonly tf.io.WeightsManifestEntry[],
  parts: readonly Uint8Array[],
): Promise<void> {
  const file = `${basename(path).replace(/\.json$/, '')}.weights.bin`;
  const json = {
    format: 'layers-model',
    generatedBy: `TensorFlow.js tfjs-layers v${tf.version_layers}`,
    convertedBy: null,
    modelTopology,
    weightsManifest: [{ paths: [file], weights }],
  };
  await writeFileAtomically(join(dirname(path), file), parts);
  await writeFileAtomically(path, JSON.stringify(json));
}
