/**
 * State trees as safetensors bytes (the Hugging Face format: eight bytes of header length, little-endian; a JSON
 * header; the data), readable from Python by `safetensors.numpy.load_file`. A tensor's name is its path in the
 * tree. The header's metadata hold a checksum of the data, so that a flipped bit is noticed.
 */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import type { DataError } from '../data/data-error.ts';
import { flattenTensors, mapTensors, type TensorTree } from '../tensor-tree.ts';

const DTYPES = { float32: 'F32', int32: 'I32', bool: 'BOOL' } as const;
type Dtype = keyof typeof DTYPES;
const BYTES: Readonly<Record<Dtype, number>> = { float32: 4, int32: 4, bool: 1 };

/** A header beyond this is damage: ours are a few kilobytes. */
const LARGEST_HEADER = 2 ** 26;

const EntryCodec = t.type({
  dtype: t.keyof({ F32: null, I32: null, BOOL: null }),
  shape: t.array(t.Int),
  data_offsets: t.tuple([t.Int, t.Int]),
});
const HeaderCodec = t.record(t.string, t.unknown);
const MetadataCodec = t.record(t.string, t.string);

/** Tensors on the host, and the metadata of their file. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<
    string,
    { readonly dtype: Dtype; readonly shape: readonly number[]; readonly data: Uint8Array }
  >;
  readonly metadata: Readonly<Record<string, string>>;
}

const sha256 = (parts: readonly Uint8Array[]): string =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');

/**
 * A tree as the parts of a safetensors file.
 *
 * @param tree float32, int32 and bool tensors; they are read without blocking.
 * @param metadata Text by name; `sha256` is added.
 */
export async function encodeSafetensors(
  tree: TensorTree,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array[]> {
  const leaves = flattenTensors(tree);
  const parts = await Promise.all(
    leaves.map(async ([, tensor]) => {
      const data = await tensor.data();
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    }),
  );
  let offset = 0;
  const entries = leaves.map(([path, tensor], i) => {
    const start = offset;
    offset += parts[i]!.length;
    return [
      path,
      { dtype: DTYPES[tensor.dtype as Dtype], shape: tensor.shape, data_offsets: [start, offset] },
    ] as const;
  });
  const json = JSON.stringify({
    __metadata__: { ...metadata, sha256: sha256(parts) },
    ...Object.fromEntries(entries),
  });
  // The format asks for data aligned to eight bytes; spaces are allowed after the JSON.
  const header = new TextEncoder().encode(json + ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return [length, header, ...parts];
}

/**
 * Decodes a safetensors file of ours or of others.
 *
 * @param bytes The file.
 * @param where What to call it in an error.
 * @returns The tensors, or what is damaged: lengths, header, types, offsets that overlap or leave gaps, checksum.
 */
export function decodeSafetensors(bytes: Uint8Array, where: string): E.Either<DataError, Safetensors> {
  const fault = (expected: string, found: string): E.Either<DataError, never> =>
    E.left({ where, expected, found, cure: 'use another checkpoint, or train again' });
  if (bytes.length < 8) return fault('at least 8 bytes', `${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getBigUint64(0, true);
  if (headerLength > BigInt(Math.min(LARGEST_HEADER, bytes.length - 8)))
    return fault(`a header within the file's ${bytes.length} bytes`, `one of ${headerLength}`);
  const dataStart = 8 + Number(headerLength);
  const parsed = E.tryCatch(
    () =>
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, dataStart))) as unknown,
    String,
  );
  if (E.isLeft(parsed) || !HeaderCodec.is(parsed.right))
    return fault('a JSON object as header', E.isLeft(parsed) ? parsed.left : 'other JSON');
  const { __metadata__: metadata = {}, ...entries } = parsed.right;
  if (!MetadataCodec.is(metadata))
    return fault('metadata of text by name', JSON.stringify(metadata).slice(0, 80));
  const data = bytes.subarray(dataStart);
  const tensors = new Map<string, { dtype: Dtype; shape: readonly number[]; data: Uint8Array }>();
  let expectedStart = 0;
  for (const [name, entry] of Object.entries(entries).sort(byOffset)) {
    if (!EntryCodec.is(entry))
      return fault(
        `${name}: dtype F32, I32 or BOOL, shape and offsets`,
        JSON.stringify(entry)?.slice(0, 80) ?? 'nothing',
      );
    const dtype = (Object.keys(DTYPES) as Dtype[]).find((key) => DTYPES[key] === entry.dtype)!;
    const [start, end] = entry.data_offsets;
    const size = entry.shape.reduce((product, dimension) => product * dimension, BYTES[dtype]);
    if (
      start !== expectedStart ||
      end - start !== size ||
      end > data.length ||
      entry.shape.some((d) => d < 0)
    ) {
      return fault(
        `${name}: ${size} bytes from ${expectedStart} on, within ${data.length}`,
        `bytes ${start} to ${end}`,
      );
    }
    expectedStart = end;
    tensors.set(name, { dtype, shape: entry.shape, data: data.subarray(start, end) });
  }
  if (expectedStart !== data.length) return fault(`${expectedStart} bytes of data`, `${data.length}`);
  const { sha256: checksum } = metadata;
  if (checksum !== undefined && checksum !== sha256([data]))
    return fault(`data of SHA-256 ${checksum}`, 'data of another one: the file is damaged');
  return E.right({ tensors, metadata });
}

function byOffset([, a]: [string, unknown], [, b]: [string, unknown]): number {
  return EntryCodec.is(a) && EntryCodec.is(b)
    ? a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1]
    : 0;
}

/**
 * The tree that a file holds, in the structure of a tree that is known.
 *
 * @param expected Says which tensors of which shapes and types there must be; its values are not used.
 * @returns A new tree, owned by the caller, or which tensor is missing, unexpected or of another shape.
 */
export function restoreTree<T extends TensorTree>(
  { tensors }: Safetensors,
  expected: T,
  where: string,
): E.Either<DataError, T> {
  const leaves = flattenTensors(expected);
  const describe = (entry: { dtype: string; shape: readonly number[] }): string =>
    `${entry.dtype} [${entry.shape.join(', ')}]`;
  const fault = (path: string, wanted: string, found: string): E.Either<DataError, never> =>
    E.left({
      where: `${where}, ${path}`,
      expected: wanted,
      found,
      cure: 'use a checkpoint of the same networks and settings',
    });
  for (const [path, tensor] of leaves) {
    const entry = tensors.get(path);
    if (entry === undefined || describe(entry) !== describe(tensor))
      return fault(path, describe(tensor), entry === undefined ? 'nothing' : describe(entry));
  }
  const extra = [...tensors.keys()].find((name) => !leaves.some(([path]) => path === name));
  if (extra !== undefined) return fault(extra, 'nothing', describe(tensors.get(extra)!));
  return E.right(
    mapTensors(expected, (tensor, path) => {
      const { data, shape } = tensors.get(path)!;
      const copy = new Uint8Array(data);
      const values =
        tensor.dtype === 'bool'
          ? copy
          : tensor.dtype === 'int32'
            ? new Int32Array(copy.buffer)
            : new Float32Array(copy.buffer);
      return tf.tensor(values, [...shape], tensor.dtype);
    }),
  );
}
