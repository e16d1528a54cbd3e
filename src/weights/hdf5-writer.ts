/**
 * A writer of the same part of HDF5 as the reader (HDF5 File Format Specification 3.0): groups as symbol tables,
 * single-precision arrays in one piece, text attributes of fixed length. Parts are laid out from the leaves to the
 * root, so that every address is known when it is written; the arrays are passed through, not copied.
 */
import { joinedBytes, u16, u32, u64, u8 } from './little-endian.ts';
import { encodeUtf8 } from './utf8.ts';

/** A group to write: members and text attributes. */
export interface Hdf5Group {
  readonly kind: 'group';
  readonly members: ReadonlyMap<string, Hdf5Group | Hdf5Array>;
  /** Each one text, or a list of them. */
  readonly attributes: ReadonlyMap<string, string | readonly string[]>;
}

/** An array to write. */
export interface Hdf5Array {
  readonly kind: 'array';
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const rounded = (size: number): number => Math.ceil(size / 8) * 8;

const NOWHERE = new Uint8Array(8).fill(255);
const SIGNATURE = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
const SUPERBLOCK_SIZE = 96;

/** Half the children of a B-tree node, and half the entries of its leaves; the library's defaults. */
const NODE_HALF = 16;
const LEAF_HALF = 4;

const message = (type: number, body: Uint8Array): Uint8Array =>
  joinedBytes([u16(type, rounded(body.length)), u32(0), body], 8 + rounded(body.length));

function objectHeader(messages: readonly Uint8Array[]): Uint8Array {
  const size = messages.reduce((sum, { length }) => sum + length, 0);
  return joinedBytes([u8(1, 0), u16(messages.length), u32(1, size, 0), ...messages]);
}

const space = (shape: readonly number[]): Uint8Array =>
  joinedBytes([u8(1, shape.length, 0, 0), u32(0), u64(...shape)]);

/** IEEE single precision, little-endian: sign at bit 31, exponent 8 bits from 23 with bias 127, fraction 23 bits. */
const SINGLE = Uint8Array.of(0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0);

function attribute(name: string, value: string | readonly string[]): Uint8Array {
  const texts = (typeof value === 'string' ? [value] : value).map(encodeUtf8);
  const width = Math.max(1, ...texts.map(({ length }) => length));
  // The type is text of fixed length in UTF-8, filled up with zeros.
  const type = joinedBytes([u8(0x13, 0x11, 0, 0), u32(width)]);
  const shape = space(typeof value === 'string' ? [] : [texts.length]);
  const title = encodeUtf8(`${name}\0`);
  const fit = (bytes: Uint8Array): Uint8Array => joinedBytes([bytes], rounded(bytes.length));
  const sizes = [title, type, shape].map(({ length }) => length);
  const padded = texts.map((text) => joinedBytes([text], width));
  return message(0x0c, joinedBytes([u8(1, 0), u16(...sizes), fit(title), fit(type), fit(shape), ...padded]));
}

/** The parts of a file in order, at multiples of eight bytes. */
function layout() {
  const parts: Uint8Array[] = [];
  let end = SUPERBLOCK_SIZE;
  return {
    parts,
    end: () => end,
    place(bytes: Uint8Array): number {
      const address = end;
      parts.push(bytes, new Uint8Array(rounded(bytes.length) - bytes.length));
      end += rounded(bytes.length);
      return address;
    },
  };
}

type Layout = ReturnType<typeof layout>;

function placeArray({ place }: Layout, { shape, values }: Hdf5Array): number {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const data = bytes.length === 0 ? NOWHERE : u64(place(bytes));
  const fill = Uint8Array.of(2, 2, 2, 0);
  const contiguous = joinedBytes([u8(3, 1), data, u64(bytes.length)]);
  return place(
    objectHeader([message(1, space(shape)), message(3, SINGLE), message(5, fill), message(8, contiguous)]),
  );
}

/** The order in which the library looks a name up. */
function byBytes([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  const [x, y] = [encodeUtf8(a), encodeUtf8(b)];
  const differing = x.findIndex((byte, i) => byte !== y[i]);
  return differing < 0 ? x.length - y.length : x[differing]! - (y[differing] ?? -1);
}

const chunks = <A>(items: readonly A[], size: number): A[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

/** B-tree, leaves and heap of a group: the message that its header needs. */
function placeTable(
  { place }: Layout,
  members: readonly (readonly [name: string, address: number])[],
): Uint8Array {
  let heapSize = 8;
  const placed = [...members].sort(byBytes).map(([name, address]) => {
    const text = encodeUtf8(`${name}\0`);
    const at = heapSize;
    heapSize += rounded(text.length);
    return { at, address, name: joinedBytes([text], rounded(text.length)) };
  });
  const segment = place(joinedBytes([u64(0), ...placed.map(({ name }) => name)]));
  const heap = place(joinedBytes([encodeUtf8('HEAP'), u32(0), u64(heapSize, 1, segment)]));
  const leaves = chunks(placed, 2 * LEAF_HALF).map((entries) => {
    const links = entries.map(({ at, address }) => u64(at, address, 0, 0, 0));
    const leaf = [encodeUtf8('SNOD'), u8(1, 0), u16(entries.length), ...links];
    return { last: entries.at(-1)!.at, address: place(joinedBytes(leaf, 8 + 2 * LEAF_HALF * 40)) };
  });
  const node = (depth: number, children: readonly { last: number; address: number }[], from: number) => {
    const head = [encodeUtf8('TREE'), u8(0, depth), u16(children.length), NOWHERE, NOWHERE, u64(from)];
    const links = children.map(({ last, address }) => u64(address, last));
    return place(joinedBytes([...head, ...links], 24 + 16 * NODE_HALF * 2 + 8));
  };
  let level = leaves;
  for (let depth = 0; depth === 0 || level.length > 1; depth++) {
    let from = 0;
    level = chunks(level, 2 * NODE_HALF).map((children) => {
      const address = node(depth, children, from);
      from = children.at(-1)!.last;
      return { last: from, address };
    });
  }
  return u64(level[0]?.address ?? node(0, [], 0), heap);
}

function placeGroup(file: Layout, { members, attributes }: Hdf5Group): { header: number; table: Uint8Array } {
  const addresses = [...members].map(
    ([name, member]) =>
      [name, member.kind === 'array' ? placeArray(file, member) : placeGroup(file, member).header] as const,
  );
  const table = placeTable(file, addresses);
  const header = objectHeader([
    message(0x11, table),
    ...[...attributes].map(([name, value]) => attribute(name, value)),
  ]);
  return { header: file.place(header), table };
}

/**
 * A file with the given root.
 *
 * @param root Its groups, arrays and attributes.
 * @returns The file in pieces, to be written one after the other; the arrays are views of what was given.
 */
export function encodeHdf5(root: Hdf5Group): Uint8Array[] {
  const file = layout();
  const { header, table } = placeGroup(file, root);
  const versions = u8(0, 0, 0, 0, 0, 8, 8, 0);
  const sizes = [u16(LEAF_HALF, NODE_HALF), u32(0), u64(0), NOWHERE, u64(file.end()), NOWHERE];
  const entry = [u64(0, header), u32(1, 0), table];
  return [joinedBytes([SIGNATURE, versions, ...sizes, ...entry], SUPERBLOCK_SIZE), ...file.parts];
}
