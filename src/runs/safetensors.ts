/**
 * State trees as safetensors bytes (the Hugging Face format: eight bytes of header length, little-endian; a JSON
 * header; the data), readable from Python by `safetensors.numpy.load_file`. A tensor's name is its path in the
 * tree. The header's metadata hold a checksum of the whole file, header included, so that a flipped bit is noticed:
 * the SHA-256 of the file in which the checksum's own digits are zeros.
 */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { either as E, function as F } from 'fp-ts';
import * as t from 'io-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { jsonValue } from '../data/json-text.ts';
import { flattenTensors, mapTensors, type TensorTree } from '../tensor-tree.ts';

const DTYPES = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;
type Dtype = keyof typeof DTYPES;

/** Types that others write: they are read, and never written here. */
const FOREIGN = {
  float16: 'F16',
  bfloat16: 'BF16',
  float64: 'F64',
  int64: 'I64',
  uint8: 'U8',
  int8: 'I8',
  int16: 'I16',
  uint16: 'U16',
  uint32: 'U32',
  uint64: 'U64',
  float8e4m3: 'F8_E4M3',
  float8e5m2: 'F8_E5M2',
  complex64: 'C64',
} as const;
type StoredDtype = HostTensor['dtype'];
const STORED: Readonly<Record<StoredDtype, string>> = { ...DTYPES, ...FOREIGN };
const BYTES: Readonly<Record<StoredDtype, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  float16: 2,
  bfloat16: 2,
  float64: 8,
  int64: 8,
  uint8: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  float8e4m3: 1,
  float8e5m2: 1,
  complex64: 8,
};
const CODES: Readonly<Record<string, null>> = Object.fromEntries(
  Object.values(STORED).map((code) => [code, null]),
);

/** A header beyond this is damage: ours are a few kilobytes. */
const LARGEST_HEADER = 2 ** 26;

const METADATA = '__metadata__';
const CHECKSUM = 'model-patching.sha256';
const checksumText = (checksum: string): string => `${JSON.stringify(CHECKSUM)}:${JSON.stringify(checksum)}`;
const NO_CHECKSUM = '0'.repeat(64);

const EntryCodec = t.type({
  dtype: t.keyof(CODES),
  shape: t.array(t.Int),
  data_offsets: t.tuple([t.Int, t.Int]),
});
const HeaderCodec = t.record(t.string, t.unknown);
const MetadataCodec = t.record(t.string, t.string);

/** One tensor on the host. */
export interface HostTensor {
  readonly dtype: Dtype | keyof typeof FOREIGN;
  readonly shape: readonly number[];
  /** Its elements, row-major, little-endian: a view of the file's bytes. */
  readonly data: Uint8Array;
}

/** What a safetensors file holds. */
export interface Safetensors {
  /** By name, in the order of their data. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** Text by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface Fault {
  readonly expected: string;
  readonly found: string;
}
const fault = (expected: string, found: string): E.Either<Fault, never> => E.left({ expected, found });

const sha256 = (parts: readonly Uint8Array[]): string =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

const isDtype = (dtype: string): dtype is Dtype => Object.hasOwn(DTYPES, dtype);

/** The tensors of a tree under the names they get in a file. */
function namedTensors(tree: TensorTree): (readonly [name: string, dtype: Dtype, tensor: tf.Tensor])[] {
  const names = new Set<string>([METADATA]);
  return flattenTensors(tree).map(([name, tensor]) => {
    if (names.has(name))
      throw new Error(`tree: expected every path once and none called ${METADATA}, received '${name}'`);
    names.add(name);
    const { dtype } = tensor;
    if (!isDtype(dtype))
      throw new TypeError(`tree: expected float32, int32 or bool at '${name}', received ${dtype}`);
    return [name, dtype, tensor];
  });
}

async function bytesOf(tensor: tf.Tensor): Promise<Uint8Array> {
  const data = await tensor.data();
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}

/** Header length and header. The format asks for data aligned to eight bytes; spaces may follow the JSON. */
function headerParts(json: string): [Uint8Array, Uint8Array] {
  const unpadded = new TextEncoder().encode(json);
  const header = new Uint8Array(Math.ceil(unpadded.length / 8) * 8).fill(0x20);
  header.set(unpadded);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return [length, header];
}

/**
 * A tree as the parts of a safetensors file, to be written one after the other.
 *
 * @param tree float32, int32 and bool tensors; they are read without blocking and stay the caller's.
 * @param metadata Text by name, beside which the checksum is put.
 * @returns Bytes in pieces.
 * @throws TypeError for another type, Error for two tensors of one path.
 */
export async function encodeSafetensors(
  tree: TensorTree,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array[]> {
  const leaves = namedTensors(tree);
  const parts = await Promise.all(leaves.map(([, , tensor]) => bytesOf(tensor)));
  let offset = 0;
  const entries = leaves.map(([name, dtype, { shape }], i) => {
    const data_offsets = [offset, (offset += parts[i]!.length)];
    return [name, { dtype: DTYPES[dtype], shape, data_offsets }] as const;
  });
  const json = JSON.stringify({
    [METADATA]: { ...metadata, [CHECKSUM]: NO_CHECKSUM },
    ...Object.fromEntries(entries),
  });
  const checksum = sha256([...headerParts(json), ...parts]);
  return [...headerParts(json.replace(checksumText(NO_CHECKSUM), checksumText(checksum))), ...parts];
}

interface Header {
  readonly text: string;
  readonly entries: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

function readHeader(bytes: Uint8Array): E.Either<Fault, Header> {
  if (bytes.length < 8) return fault('at least 8 bytes', `${bytes.length}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  if (length > BigInt(Math.min(LARGEST_HEADER, bytes.length - 8)))
    return fault(`a header within the file's ${bytes.length} bytes`, `one of ${length} bytes`);
  const end = 8 + Number(length);
  const parsed = E.tryCatch((): { text: string; json: unknown } => {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, end));
    return { text, json: jsonValue(text) };
  }, String);
  if (E.isLeft(parsed)) return fault('a header of JSON', 'bytes that are none');
  const { text, json } = parsed.right;
  if (!HeaderCodec.is(json)) return fault('a JSON object as header', 'other JSON');
  const { [METADATA]: metadata = {}, ...entries } = json;
  return MetadataCodec.is(metadata)
    ? E.right({ text, entries, metadata, data: bytes.subarray(end) })
    : fault('metadata of text by name', excerpt(metadata));
}

const excerpt = (value: unknown): string => JSON.stringify(value)?.slice(0, 80) ?? 'nothing';

function checkEntries(
  entries: Readonly<Record<string, unknown>>,
): E.Either<Fault, (readonly [name: string, entry: t.TypeOf<typeof EntryCodec>])[]> {
  const checked: (readonly [string, t.TypeOf<typeof EntryCodec>])[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    if (!EntryCodec.is(entry) || entry.shape.some((dimension) => dimension < 0))
      return fault(
        `type (${Object.values(STORED).join(', ')}), shape and data_offsets of ${JSON.stringify(name)}`,
        excerpt(entry),
      );
    checked.push([name, entry]);
  }
  return E.right(checked);
}

/** The tensors, if their data follow one another without gap or overlap and fill the file. */
function takeApart({ entries, data }: Header): E.Either<Fault, Map<string, HostTensor>> {
  const checked = checkEntries(entries);
  if (E.isLeft(checked)) return checked;
  const tensors = new Map<string, HostTensor>();
  let next = 0;
  const byOffset = checked.right.sort(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  );
  for (const [name, { dtype: type, shape, data_offsets }] of byOffset) {
    const dtype = (Object.keys(STORED) as StoredDtype[]).find((key) => STORED[key] === type)!;
    const end = next + shape.reduce((product, dimension) => product * dimension, BYTES[dtype]);
    if (data_offsets[0] !== next || data_offsets[1] !== end || end > data.length)
      return fault(
        `${JSON.stringify(name)} from byte ${next} to ${end} of the data's ${data.length}`,
        `from ${data_offsets[0]} to ${data_offsets[1]}`,
      );
    tensors.set(name, { dtype, shape, data: data.subarray(next, end) });
    next = end;
  }
  return next === data.length ? E.right(tensors) : fault(`${next} bytes of data`, `${data.length}`);
}

/** Files of others bear no checksum and pass. */
function verifyChecksum({ text, metadata, data }: Header): E.Either<Fault, null> {
  const { [CHECKSUM]: checksum } = metadata;
  if (checksum === undefined) return E.right(null);
  const blank = text.replace(checksumText(checksum), checksumText(NO_CHECKSUM));
  return checksum === sha256([...headerParts(blank), data])
    ? E.right(null)
    : fault('the contents that its checksum was made of', 'others: the file is damaged');
}

/**
 * Decodes a safetensors file of ours or of others.
 *
 * @param bytes The file.
 * @param where What to call it in an error.
 * @returns The tensors, or what is damaged: lengths, header, types, offsets that overlap or leave gaps, checksum.
 */
export function decodeSafetensors(bytes: Uint8Array, where: string): E.Either<DataError, Safetensors> {
  // A Buffer's slice is no copy, unlike that of the Uint8Array which it also is.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return F.pipe(
    readHeader(plain),
    E.chain((header) =>
      F.pipe(
        takeApart(header),
        E.chainFirst(() => verifyChecksum(header)),
        E.map((tensors) => ({ tensors, metadata: header.metadata })),
      ),
    ),
    E.mapLeft((found) => ({ where, ...found, cure: 'use another checkpoint, or train again' })),
  );
}

function toTensor({ dtype, shape, data }: HostTensor): tf.Tensor {
  const copy = data.slice();
  if (!isDtype(dtype)) throw new TypeError(`expected float32, int32 or bool, received ${dtype}`);
  const views = {
    float32: () => new Float32Array(copy.buffer),
    int32: () => new Int32Array(copy.buffer),
    bool: () => copy,
  };
  return tf.tensor(views[dtype](), [...shape], dtype);
}

/**
 * The tree that a file holds, in the structure of a tree that is known.
 *
 * @param file What {@link decodeSafetensors} returned.
 * @param expected Says which tensors of which shapes and types there must be; its values are not used.
 * @param where What to call the file in an error.
 * @returns A new tree, owned by the caller, or which tensor is missing, unexpected or of another shape or type.
 */
export function restoreTree<T extends TensorTree>(
  { tensors }: Safetensors,
  expected: T,
  where: string,
): E.Either<DataError, T> {
  const describe = (tensor: { dtype: string; shape: readonly number[] } | undefined): string =>
    tensor === undefined ? 'no such tensor' : `${tensor.dtype} [${tensor.shape.join(', ')}]`;
  const wanted = new Map(flattenTensors(expected));
  for (const path of new Set([...wanted.keys(), ...tensors.keys()])) {
    const [want, found] = [describe(wanted.get(path)), describe(tensors.get(path))];
    if (want !== found)
      return refuse(`${where}, ${path}`, want, found, 'use a checkpoint of the same networks and settings');
  }
  return E.right(mapTensors(expected, (_, path) => toTensor(tensors.get(path)!)));
}
