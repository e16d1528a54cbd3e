/**
 * Files of weights that are not read here, told by their first bytes whatever their names end in. Each has a line of
 * Python that makes of it a file that is read: only its own library knows what lies in it, and a pickled file may run
 * code when it is opened.
 */
import { decodeUtf8 } from './utf8.ts';

/** What a file is, and what to do with it; phrases for a fault. */
export interface ForeignFormat {
  /** E.g. `a PyTorch file (torch.save)`. */
  readonly found: string;
  readonly cure: string;
}

/** Bytes of a file that {@link foreignFormat} needs, at most. */
export const FOREIGN_BYTES = 4096;

const begins = (bytes: Uint8Array, ...start: number[]): boolean =>
  start.every((byte, i) => bytes[i] === byte);

/** The name of a zip archive's first entry; undefined if it is none. */
function firstEntry(bytes: Uint8Array): string | undefined {
  if (!begins(bytes, 0x50, 0x4b, 3, 4) || bytes.length < 30) return undefined;
  return decodeUtf8(bytes.subarray(30, 30 + bytes[26]! + 256 * bytes[27]!));
}

/** A path that may stand in a line for a shell; others are left to the reader. */
const isPlain = (path: string): boolean => /^[\p{L}\p{N}_./@+ -]+$/u.test(path);

/** What a line reads and writes. */
interface Names {
  readonly from: string;
  /** Without ending. */
  readonly to: string;
}

const namesOf = (path: string | null, ending: string): Names =>
  path !== null && isPlain(path)
    ? { from: path, to: path.replace(/(?<=[^/])\.\w+$/, '') }
    : { from: `model${ending}`, to: 'model' };

const line = (python: string, to: string): string => `convert it, and give ${to}: python -c '${python}'`;

const SAVE_TENSORS = (to: string): string =>
  `save_file({k: v.clone().contiguous() for k, v in s.items() if torch.is_tensor(v)}, "${to}.safetensors")`;

const torchSaved = ({ from, to }: Names): string =>
  line(
    `import torch; from safetensors.torch import save_file; ` +
      `c = torch.load("${from}", map_location="cpu", weights_only=True); ` +
      `c = c.state_dict() if hasattr(c, "state_dict") else c; ` +
      `s = next(d for d in [c, *c.values()] if hasattr(d, "values") and any(map(torch.is_tensor, d.values()))); ` +
      SAVE_TENSORS(to),
    `${to}.safetensors`,
  ) + ' (weights_only=False if that refuses a file which you trust)';

const torchScript = ({ from, to }: Names): string =>
  line(
    `import torch; from safetensors.torch import save_file; ` +
      `s = torch.jit.load("${from}", map_location="cpu").state_dict(); ${SAVE_TENSORS(to)}`,
    `${to}.safetensors`,
  );

const arrays = (imports: string, steps: string, entries: string, to: string): string =>
  line(`import ${imports}, numpy as np; ${steps}; np.savez("${to}.npz", **{${entries}})`, `${to}.npz`);

const keras = ({ from, to }: Names): string =>
  arrays('keras', `m = keras.saving.load_model("${from}")`, 'w.path: w.numpy() for w in m.weights', to);

/** Weights of Keras 3 without a model: only the code that made it knows the layers. */
export const KERAS_3_WEIGHTS_CURE =
  'build its model m with Keras 3 in Python and save its arrays: m.load_weights(FILE); ' +
  'np.savez("weights.npz", **{w.path: w.numpy() for w in m.weights})';

const onnx = ({ from, to }: Names): string =>
  `convert what it was exported from, since an export folds normalisations into kernels; or ${arrays(
    'onnx, onnx.numpy_helper',
    `m = onnx.load("${from}")`,
    't.name: onnx.numpy_helper.to_array(t) for t in m.graph.initializer',
    to,
  )}`;

const frozenGraph = ({ from, to }: Names): string =>
  arrays(
    'tensorflow as tf',
    `g = tf.compat.v1.GraphDef.FromString(open("${from}", "rb").read())`,
    'n.name: tf.make_ndarray(n.attr["value"].tensor) for n in g.node if n.op == "Const"',
    to,
  );

/**
 * What to do with a SavedModel of TensorFlow.
 *
 * @param folder The folder of `saved_model.pb`.
 */
export function savedModelCure(folder: string): string {
  const { from } = namesOf(folder === '' ? '.' : folder, '');
  const steps = `m = tf.saved_model.load("${from}")`;
  const entries = 'v.name: v.numpy() for v in m.variables';
  return arrays('tensorflow as tf', steps, entries, from === '.' ? 'model' : from);
}

/**
 * What to do with a checkpoint of TensorFlow.
 *
 * @param checkpoint Its path without `.index`.
 */
export function checkpointCure(checkpoint: string): string {
  const { from } = namesOf(checkpoint, '.ckpt');
  return arrays(
    'tensorflow as tf',
    `r = tf.train.load_checkpoint("${from}")`,
    'n: r.get_tensor(n) for n, t in r.get_variable_to_dtype_map().items() if t.is_floating',
    from,
  );
}

const pickled = ({ from, to }: Names): string =>
  `opening it runs code of whoever made it; if you trust it, and it holds arrays by name, ${arrays(
    'pickle',
    `d = pickle.load(open("${from}", "rb"))`,
    'k: np.asarray(v) for k, v in d.items()',
    to,
  )}`;

/** Protocol buffers: a number of field 1, then a field that only the one or the other has. */
function protocolBuffer(bytes: Uint8Array): 'onnx' | 'saved-model' | 'graph' | undefined {
  const text = (start: number, length: number): boolean =>
    bytes.subarray(start, start + length).every((byte) => byte >= 0x20 && byte < 0x7f);
  if (begins(bytes, 0x08, 0x01, 0x12) && bytes[3]! >= 0x80) return 'saved-model';
  if (bytes[0] === 0x08 && bytes[1]! < 0x20) {
    return [0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42].includes(bytes[2]!) ? 'onnx' : undefined;
  }
  const name = bytes[0] === 0x0a ? bytes.subarray(1, 8).indexOf(0x0a) + 1 : 0;
  const length = bytes[name + 1]!;
  const isNode = name > 1 && length > 0 && bytes[name + 2 + length] === 0x12;
  return isNode && text(name + 2, length) ? 'graph' : undefined;
}

const LFS = 'version https://git-lfs';
const PAGE = /^\s*<(?:!doctype|html|\?xml)/i;

function fromText(bytes: Uint8Array, path: string | null): ForeignFormat | null {
  const text = decodeUtf8(bytes.subarray(0, 64));
  if (text.startsWith(LFS))
    return { found: 'a pointer of Git LFS, not the file that it stands for', cure: 'fetch it: git lfs pull' };
  if (PAGE.test(text)) return { found: 'a web page', cure: 'fetch the file itself, not the page about it' };
  const [, named] = /^model_checkpoint_path: "([^"]*)/.exec(text) ?? [];
  if (named === undefined) return null;
  const folder = path?.slice(0, path.lastIndexOf('/') + 1) ?? '';
  return { found: 'the list of TensorFlow checkpoints', cure: checkpointCure(folder + named) };
}

function fromZip(entry: string, path: string | null): ForeignFormat | null {
  if (/\.npy$/.test(entry)) return null;
  if (/\/data\.pkl$/.test(entry))
    return { found: 'a PyTorch file (torch.save)', cure: torchSaved(namesOf(path, '.pth')) };
  if (/^[^/]+\/(?:data\/\d+|constants\.pkl|code\/.*|\.data\/.*)$/.test(entry))
    return { found: 'a TorchScript file of PyTorch', cure: torchScript(namesOf(path, '.pt')) };
  if (['metadata.json', 'config.json', 'model.weights.h5'].includes(entry))
    return { found: 'a .keras file of Keras 3', cure: keras(namesOf(path, '.keras')) };
  return {
    found: `a zip archive that begins with ${JSON.stringify(entry.slice(0, 80))}`,
    cure: 'unpack it and give the file of weights that is in it',
  };
}

/** The beginning of what PyTorch wrote before it wrote zip archives: a number, pickled. */
const OLD_TORCH = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/**
 * What a file is that is not read here.
 *
 * @param bytes The file, or its first `FOREIGN_BYTES` bytes.
 * @param path Its path, which the line of Python names; null if it has none.
 * @returns What it is and how to convert it, in a line; null if it may be a file that is read.
 * @example
 * ```ts
 * import { foreignFormat } from 'model-patching/weights';
 * const pickled = Uint8Array.of(0x80, 0x04, 0x95);
 * const { found, cure } = foreignFormat(pickled, 'resnet.pkl')!;
 * if (found !== 'a Python pickle' || !cure.includes('give resnet.npz')) throw new Error(found);
 * if (foreignFormat(new Uint8Array(8), 'weights.h5') !== null) throw new Error('nothing is known of zeros');
 * ```
 */
export function foreignFormat(bytes: Uint8Array, path: string | null): ForeignFormat | null {
  const entry = firstEntry(bytes);
  if (entry !== undefined) return fromZip(entry, path);
  if (begins(bytes, ...OLD_TORCH))
    return { found: 'a PyTorch file (torch.save, before 1.6)', cure: torchSaved(namesOf(path, '.pth')) };
  if (bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5)
    return { found: 'a Python pickle', cure: pickled(namesOf(path, '.pkl')) };
  switch (protocolBuffer(bytes)) {
    case 'onnx':
      return { found: 'an ONNX model', cure: onnx(namesOf(path, '.onnx')) };
    case 'saved-model':
      return {
        found: 'the graph of a TensorFlow SavedModel, whose weights lie beside it',
        cure: savedModelCure(path?.slice(0, Math.max(0, path.lastIndexOf('/'))) ?? 'FOLDER'),
      };
    case 'graph':
      return { found: 'a frozen graph of TensorFlow', cure: frozenGraph(namesOf(path, '.pb')) };
    case undefined:
      return fromText(bytes, path);
  }
}
