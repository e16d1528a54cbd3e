/**
 * A reader of the part of HDF5 that Keras writes (HDF5 File Format Specification 3.0): superblock 0 or 1, object
 * headers of version 1, groups as symbol tables, arrays in one piece. Nothing is copied and every address is checked,
 * so that a damaged file costs neither memory nor time. Other parts of the format are refused by name.
 */
import { elementCount } from './stored-weight.ts';
import {
  Hdf5Bytes,
  Hdf5Fault,
  readAttribute,
  readSpace,
  readType,
  type Hdf5Attribute,
  type Hdf5Type,
} from './hdf5-messages.ts';
import { decodeUtf8 } from './utf8.ts';

const SIGNATURE = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);

/** Whether bytes begin as an HDF5 file does. */
export const isHdf5 = (bytes: Uint8Array): boolean => SIGNATURE.every((byte, i) => bytes[i] === byte);

const MESSAGE = {
  space: 0x01,
  type: 0x03,
  externalFiles: 0x07,
  layout: 0x08,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
} as const;

interface Message {
  readonly type: number;
  readonly body: Hdf5Bytes;
}

/** An array of a file. */
export interface Hdf5Dataset {
  readonly type: Hdf5Type;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A group or array of a file, not yet looked into. */
export interface Hdf5Object {
  /** Addresses of the members by name; none for an array. */
  members(): ReadonlyMap<string, number>;
  /** A text attribute's elements, undefined where there is no attribute of this name. */
  texts(attribute: string): readonly string[] | undefined;
  /** The array that this object is. */
  dataset(): Hdf5Dataset;
}

/** A file, see {@link openHdf5}. */
export interface Hdf5File {
  readonly root: number;
  /** Counts bytes that are read as structure, of which there is a bound. */
  spend(bytes: number): void;
  /** The object at an address. */
  object(address: number): Hdf5Object;
}

function messages(file: Hdf5Bytes, address: number): Message[] {
  if (file.text(address, 4) === 'OHDR')
    throw new Hdf5Fault('object headers of version 1', 'version 2 (a file written with libver="latest")');
  const version = file.u8(address);
  if (version !== 1) throw new Hdf5Fault(`an object header of version 1 at byte ${address}`, `${version}`);
  const count = file.u16(address + 2);
  const blocks = [{ at: address + 16, size: file.u32(address + 8) }];
  const found: Message[] = [];
  // As many blocks as messages at most, since each is announced by one: a ring of continuations ends.
  for (let i = 0; i < blocks.length && found.length < count; i++) {
    const { at, size } = blocks[i]!;
    const block = new Hdf5Bytes(file.slice(at, size));
    file.spend(size);
    for (let next = 0; next + 8 <= size && found.length < count;) {
      const type = block.u16(next);
      const length = block.u16(next + 2);
      if (block.u8(next + 4) & 2) throw new Hdf5Fault('messages of their own', 'a shared message');
      const body = new Hdf5Bytes(block.slice(next + 8, length));
      if (type === MESSAGE.continuation) blocks.push({ at: body.u64(0), size: body.u64(8) });
      found.push({ type, body });
      next += 8 + length;
    }
  }
  return found;
}

const UNDEFINED_ADDRESS = 0xffffffff * 2 ** 32;

const LONGEST_NAME = 4096;

/** The name of a member in its group's heap, which ends at a zero. */
function memberName(file: Hdf5Bytes, names: Hdf5Bytes, at: number): string {
  const name = names.text(at, Math.min(LONGEST_NAME, names.length - at));
  file.spend(name.length);
  if (name.length >= LONGEST_NAME) throw new Hdf5Fault(`a name at byte ${at} of its heap`, 'one without an end');
  return name;
}

/** The names of a group: leaves of a B-tree, whose names lie in a local heap. */
function readMembers(file: Hdf5Bytes, table: Hdf5Bytes): Map<string, number> {
  const [tree, heap] = [table.u64(0), table.u64(8)];
  file.expectSignature(heap, 'HEAP');
  const names = new Hdf5Bytes(file.slice(file.u64(heap + 24), file.u64(heap + 8)));
  const members = new Map<string, number>();
  const visited = new Set<number>();
  const visit = (node: number, depth: number): void => {
    if (visited.has(node) || depth > 16) throw new Hdf5Fault('a tree', `a ring at byte ${node}`);
    visited.add(node);
    if (file.text(node, 4) === 'SNOD') {
      for (let i = 0; i < file.u16(node + 6); i++) {
        const entry = node + 8 + 40 * i;
        const nameAt = file.u64(entry);
        const address = file.u64(entry + 8);
        file.spend(40);
        // Soft links have no address, and may lead anywhere.
        if (address < UNDEFINED_ADDRESS && file.u32(entry + 16) !== 2)
          members.set(memberName(file, names, nameAt), address);
      }
      return;
    }
    file.expectSignature(node, 'TREE');
    for (let i = 0; i < file.u16(node + 6); i++) {
      file.spend(16);
      visit(file.u64(node + 32 + 16 * i), depth + 1);
    }
  };
  visit(tree, 0);
  return members;
}

/** The objects of a global heap by their number. */
function readHeap(file: Hdf5Bytes, collection: number): Map<number, Uint8Array> {
  file.expectSignature(collection, 'GCOL');
  const heap = new Hdf5Bytes(file.slice(collection, file.u64(collection + 8)));
  file.spend(heap.length);
  const objects = new Map<number, Uint8Array>();
  for (let at = 16; at + 16 <= heap.length && heap.u16(at) !== 0;) {
    const size = heap.u64(at + 8);
    objects.set(heap.u16(at), heap.slice(at + 16, size));
    at += 16 + Math.ceil(size / 8) * 8;
  }
  return objects;
}

function attributeTexts(file: Hdf5Bytes, { type, shape, data, name }: Hdf5Attribute): string[] {
  const heaps = new Map<number, Map<number, Uint8Array>>();
  const heapText = (length: number, collection: number, index: number): string => {
    if (length === 0) return '';
    const heap = heaps.get(collection) ?? readHeap(file, collection);
    heaps.set(collection, heap);
    const object = heap.get(index);
    if (!object) throw new Hdf5Fault(`text ${index} in the heap at byte ${collection}`, 'none');
    const text = object.subarray(0, length);
    file.spend(text.length);
    return decodeUtf8(text);
  };
  const count = elementCount(shape);
  if (count === 0) return [];
  file.spend(data.length);
  if (type.kind !== 'text' && type.kind !== 'variable text')
    throw new Hdf5Fault(`text in attribute ${JSON.stringify(name)}`, 'numbers');
  if (type.size === 0 || count * type.size > data.length)
    throw new Hdf5Fault(`${count} texts in attribute ${JSON.stringify(name)}`, `${data.length} bytes`);
  return Array.from({ length: count }, (_, i) =>
    type.kind === 'text'
      ? data.text(i * type.size, type.size)
      : heapText(data.u32(16 * i), data.u64(16 * i + 4), data.u32(16 * i + 12)),
  );
}

function readDataset(file: Hdf5Bytes, found: readonly Message[]): Hdf5Dataset {
  const body = (type: number, what: string): Hdf5Bytes => {
    const message = found.find((other) => other.type === type);
    if (!message) throw new Hdf5Fault(`an array's ${what}`, 'none');
    return message.body;
  };
  if (found.some(({ type }) => type === MESSAGE.externalFiles))
    throw new Hdf5Fault('an array in this file', 'one in other files');
  const type = readType(body(MESSAGE.type, 'type'), 0);
  const shape = readSpace(body(MESSAGE.space, 'shape'), 0);
  const layout = body(MESSAGE.layout, 'layout');
  const [version, class_] = [layout.u8(0), layout.u8(1)];
  if ((version !== 3 && version !== 4) || class_ > 1)
    throw new Hdf5Fault('an array in one piece', 'one in chunks (compressed or extensible)');
  const size = elementCount(shape) * type.size;
  const stored = class_ === 0 ? layout.u16(2) : layout.u64(10);
  if (size !== stored) throw new Hdf5Fault(`${size} bytes for shape [${shape.join(', ')}]`, `${stored}`);
  if (size === 0) return { type, shape, bytes: new Uint8Array(0) };
  return { type, shape, bytes: class_ === 0 ? layout.slice(4, size) : file.slice(layout.u64(2), size) };
}

/** Finds attributes by name; each message is read once, and only as far as one of them is looked for. */
function attributesOf(found: readonly Message[]): (name: string) => Hdf5Attribute | undefined {
  const known = new Map<string, Hdf5Attribute>();
  const rest = found.values();
  return (name) => {
    for (let next = known.has(name) ? undefined : rest.next(); next?.done === false; next = rest.next()) {
      if (next.value.type !== MESSAGE.attribute) continue;
      const attribute = readAttribute(next.value.body);
      if (!known.has(attribute.name)) known.set(attribute.name, attribute);
      if (attribute.name === name) break;
    }
    return known.get(name);
  };
}

function readObject(file: Hdf5Bytes, address: number): Hdf5Object {
  const found = messages(file, address);
  const table = found.find(({ type }) => type === MESSAGE.symbolTable);
  let members: ReadonlyMap<string, number> | undefined;
  const attributes = attributesOf(found);
  return {
    members: () => (members ??= table ? readMembers(file, table.body) : new Map()),
    texts(name) {
      const attribute = attributes(name);
      return attribute && attributeTexts(file, attribute);
    },
    dataset: () => readDataset(file, found),
  };
}

/**
 * Opens a file.
 *
 * @param bytes The file, of which views are returned.
 * @throws Hdf5Fault if it is damaged or uses a part of the format that Keras does not; so do the methods.
 */
export function openHdf5(bytes: Uint8Array): Hdf5File {
  if (!isHdf5(bytes)) throw new Hdf5Fault('an HDF5 file', 'another one');
  const file = new Hdf5Bytes(bytes);
  const version = file.u8(8);
  if (version > 1)
    throw new Hdf5Fault(
      'a superblock of version 0 or 1',
      `version ${version} (a file written with libver="latest")`,
    );
  if (file.u8(13) !== 8 || file.u8(14) !== 8) throw new Hdf5Fault('addresses of 8 bytes', `${file.u8(13)}`);
  const start = version === 0 ? 24 : 28;
  const end = file.u64(start + 16);
  if (file.u64(start) !== 0) throw new Hdf5Fault('a file that begins at its first byte', 'another offset');
  if (end > bytes.length) throw new Hdf5Fault(`${end} bytes`, `${bytes.length}: it is cut off`);
  const objects = new Map<number, Hdf5Object>();
  return {
    root: file.u64(start + 40),
    spend: (size) => file.spend(size),
    object(address) {
      const known = objects.get(address) ?? readObject(file, address);
      objects.set(address, known);
      return known;
    },
  };
}
