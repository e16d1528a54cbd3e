/** Damage to a file as bytes: flipped bits, cut ends, copied and repeated blocks, numbers set to extremes. */
import type { Draws } from './draws.ts';

/** Makes another file of one; `others` are files of the same format. */
export type Mutation = (file: Uint8Array, draws: Draws, others: readonly Uint8Array[]) => Uint8Array;

/** No file grows beyond this by mutation, or beyond four times its size if that is more. */
const LARGEST = 2 ** 17;

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** A block of a file, mostly short. */
function block(file: Uint8Array, draws: Draws): readonly [start: number, end: number] {
  const start = draws.below(file.length + 1);
  const longest = draws.chance(0.7) ? 16 : draws.chance(0.7) ? 512 : file.length;
  return [start, Math.min(file.length, start + draws.below(longest + 1))];
}

/** A file with some of its bytes changed. */
function changed(file: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = file.slice();
  if (copy.length > 0) change(copy);
  return copy;
}

const flipBits: Mutation = (file, draws) =>
  changed(file, (copy) => {
    for (let left = 1 + draws.below(4); left > 0; left--)
      copy[draws.below(copy.length)]! ^= 1 << draws.below(8);
  });

const setByte: Mutation = (file, draws) =>
  changed(file, (copy) => {
    copy[draws.below(copy.length)] = draws.one([0, 1, 0x7f, 0x80, 0xff, draws.below(256)]);
  });

const cutEnd: Mutation = (file, draws) =>
  file.subarray(
    0,
    draws.chance(0.5) ? draws.below(file.length + 1) : Math.max(0, file.length - draws.below(24)),
  );

const cutOut: Mutation = (file, draws) => {
  const [start, end] = block(file, draws);
  return joined(file.subarray(0, start), file.subarray(end));
};

const insert: Mutation = (file, draws) => {
  const at = draws.below(file.length + 1);
  const added = Uint8Array.from({ length: 1 + draws.below(32) }, () => draws.below(256));
  return joined(file.subarray(0, at), added, file.subarray(at));
};

const repeat: Mutation = (file, draws) => {
  const [start, end] = block(file, draws);
  const room = Math.max(LARGEST, 4 * file.length) - file.length;
  const most = Math.floor(Math.max(0, room) / Math.max(1, end - start));
  const times = Math.min(most, draws.one([1, 2, 3, 16, 300, 30_000]));
  const copies = Array.from({ length: times }, () => file.subarray(start, end));
  return joined(file.subarray(0, end), ...copies, file.subarray(end));
};

const splice: Mutation = (file, draws, others) => {
  const other = draws.one(others);
  const at = draws.below(file.length + 1);
  return joined(file.subarray(0, at), other.subarray(draws.chance(0.5) ? at : draws.below(other.length + 1)));
};

const move: Mutation = (file, draws) => {
  const [start, end] = block(file, draws);
  return changed(file, (copy) => copy.copyWithin(draws.below(copy.length), start, end));
};

const fill: Mutation = (file, draws) => {
  const [start, end] = block(file, draws);
  return changed(file, (copy) => copy.fill(draws.one([0, 0xff, 0x20, draws.below(256)]), start, end));
};

/** Numbers on which lengths and counts break. */
const EXTREMES: readonly bigint[] = [
  ...[0n, 1n, 2n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x10000n, 0xfffffn, 0x7ffffffn],
  ...[0x7fffffffn, 0x80000000n, 0xfffffffen, 0xffffffffn, 0x100000000n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n],
];

/** A number of one, two, four or eight bytes, in either order, set to an extreme, to the file's size, or one off. */
const setNumber: Mutation = (file, draws) =>
  changed(file, (copy) => {
    const size = draws.one([1, 2, 4, 4, 8].filter((each) => each <= copy.length));
    // Lengths and counts stand at the beginnings of files more often than elsewhere.
    const at = draws.below(draws.chance(0.5) ? Math.min(64, copy.length - size + 1) : copy.length - size + 1);
    const little = draws.chance(0.5);
    const bytes = copy.subarray(at, at + size);
    if (little) bytes.reverse();
    const before = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    const near = before + BigInt(draws.below(5) - 2);
    let value = draws.one([...EXTREMES, BigInt(copy.length), BigInt(copy.length - at), near, near]);
    for (let i = size - 1; i >= 0; i--, value >>= 8n) bytes[i] = Number(value & 255n);
    if (little) bytes.reverse();
  });

/** All kinds of damage to bytes. */
export const BYTE_MUTATIONS: readonly Mutation[] = [
  flipBits,
  flipBits,
  setByte,
  cutEnd,
  cutOut,
  insert,
  repeat,
  splice,
  move,
  fill,
  setNumber,
  setNumber,
];

/** One file with one to four mutations; half of them leave the first `magic` bytes as they are. */
export function mutated(
  files: readonly Uint8Array[],
  draws: Draws,
  mutations: readonly Mutation[] = BYTE_MUTATIONS,
  magic = 0,
): Uint8Array {
  const original = draws.one(files);
  let file = original;
  for (let left = draws.one([1, 1, 2, 4]); left > 0; left--) file = draws.one(mutations)(file, draws, files);
  if (magic === 0 || file.length < magic || draws.chance(0.5)) return new Uint8Array(file);
  return joined(original.subarray(0, magic), file.subarray(magic));
}
