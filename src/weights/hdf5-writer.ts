/**
 * A writer of the same part of HDF5 as the reader (HDF5 File Format Specification 3.0): groups as symbol tables,
 * single-precision arrays in one piece, text attributes of fixed length. Parts are laid out from the leaves to the
 * root, so that every address is known when it is written; the arrays are passed through, not copied.
 */
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

/** Numbers of 1, 2, 4 and 8 bytes, little-endian, and bytes as they are. */
type Field = readonly [size: 1 | 2 | 4 | 8, value: number] | Uint8Array;

function packed(fields: readonly Field[], size?: number): Uint8Array {
  const length = fields.reduce(
    (sum, field) => sum + (field instanceof Uint8Array ? field.length : field[0]),
    0,
  );
  const bytes = new Uint8Array(size ?? length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const field of fields) {
    if (field instanceof Uint8Array) {
      bytes.set(field, at);
      at += field.length;
      continue;
    }
    const [width, value] = field;
    if (width === 8) view.setBigUint64(at, BigInt(value), true);
    else if (width === 4) view.setUint32(at, value, true);
    else if (width === 2) view.setUint16(at, value, true);
    else view.setUint8(at, value);
    at += width;
  }
  return bytes;
}

const NOWHERE = new Uint8Array(8).fill(255);
const SIGNATURE = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
const SUPERBLOCK_SIZE = 96;

/** Half the children of a B-tree node, and half the entries of its leaves; the library's defaults. */
const NODE_HALF = 16;
const LEAF_HALF = 4;

const message = (type: number, body: Uint8Array): Uint8Array =>
  packed([[2, type], [2, rounded(body.length)], [4, 0], body], 8 + rounded(body.length));

function objectHeader(messages: readonly Uint8Array[]): Uint8Array {
  const size = messages.reduce((sum, { length }) => sum + length, 0);
  return packed([[1, 1], [1, 0], [2, messages.length], [4, 1], [4, size], [4, 0], ...messages]);
}

const space = (shape: readonly number[]): Uint8Array =>
  packed([[1, 1], [1, shape.length], [2, 0], [4, 0], ...shape.map((n): Field => [8, n])]);

/** IEEE single precision, little-endian: sign at bit 31, exponent 8 bits from 23 with bias 127, fraction 23 bits. */
const SINGLE = Uint8Array.of(0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0);

function attribute(name: string, value: string | readonly string[]): Uint8Array {
  const texts = (typeof value === 'string' ? [value] : value).map(encodeUtf8);
  const width = Math.max(1, ...texts.map(({ length }) => length));
  // Text of fixed length in UTF-8, filled up with zeros.
  const type = packed([
    [1, 0x13],
    [1, 0x11],
    [2, 0],
    [4, width],
  ]);
  const shape = space(typeof value === 'string' ? [] : [texts.length]);
  const title = packed([encodeUtf8(name), [1, 0]]);
  const fit = (bytes: Uint8Array): Uint8Array => packed([bytes], rounded(bytes.length));
  return message(
    0x0c,
    packed([
      [1, 1],
      [1, 0],
      [2, title.length],
      [2, type.length],
      [2, shape.length],
      fit(title),
      fit(type),
      fit(shape),
      ...texts.map((text) => packed([text], width)),
    ]),
  );
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
  const data = bytes.length === 0 ? NOWHERE : packed([[8, place(bytes)]]);
  const fill = Uint8Array.of(2, 2, 2, 0);
  const contiguous = packed([[1, 3], [1, 1], data, [8, bytes.length]]);
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
  const names = [...members]
    .sort(byBytes)
    .map(([name, address]) => ({ name: packed([encodeUtf8(name), [1, 0]]), address }));
  let heapSize = 8;
  const placed = names.map(({ name, address }) => {
    const at = heapSize;
    heapSize += rounded(name.length);
    return { at, address, name: packed([name], rounded(name.length)) };
  });
  const segment = place(packed([new Uint8Array(8), ...placed.map(({ name }) => name)]));
  const heap = place(packed([encodeUtf8('HEAP'), [4, 0], [8, heapSize], [8, 1], [8, segment]]));
  const leaves = chunks(placed, 2 * LEAF_HALF).map((entries) => ({
    last: entries.at(-1)!.at,
    address: place(
      packed(
        [
          encodeUtf8('SNOD'),
          [1, 1],
          [1, 0],
          [2, entries.length],
          ...entries.flatMap(({ at, address }): Field[] => [
            [8, at],
            [8, address],
            [8, 0],
            new Uint8Array(16),
          ]),
        ],
        8 + 2 * LEAF_HALF * 40,
      ),
    ),
  }));
  const node = (
    level: number,
    children: readonly { last: number; address: number }[],
    from: number,
  ): number =>
    place(
      packed(
        [
          encodeUtf8('TREE'),
          [1, 0],
          [1, level],
          [2, children.length],
          NOWHERE,
          NOWHERE,
          [8, from],
          ...children.flatMap(({ last, address }): Field[] => [
            [8, address],
            [8, last],
          ]),
        ],
        24 + 16 * NODE_HALF * 2 + 8,
      ),
    );
  let level = leaves;
  for (let depth = 0; depth === 0 || level.length > 1; depth++) {
    let from = 0;
    level = chunks(level, 2 * NODE_HALF).map((children) => {
      const address = node(depth, children, from);
      from = children.at(-1)!.last;
      return { last: from, address };
    });
  }
  const root = level[0]?.address ?? node(0, [], 0);
  return packed([
    [8, root],
    [8, heap],
  ]);
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
  const superblock = packed(
    [
      SIGNATURE,
      [1, 0],
      [1, 0],
      [1, 0],
      [1, 0],
      [1, 0],
      [1, 8],
      [1, 8],
      [1, 0],
      [2, LEAF_HALF],
      [2, NODE_HALF],
      [4, 0],
      [8, 0],
      NOWHERE,
      [8, file.end()],
      NOWHERE,
      [8, 0],
      [8, header],
      [4, 1],
      [4, 0],
      table,
    ],
    SUPERBLOCK_SIZE,
  );
  return [superblock, ...file.parts];
}
