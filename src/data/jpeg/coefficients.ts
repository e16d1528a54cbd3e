/**
 * The coefficients of a block, from the bits of a scan: all at once in a sequential image (ITU-T T.81, F.2.2), or in a
 * progressive one the first bits of some of them, and later one more bit of each (G.1.2).
 */
import { takeBits, takeSigned, type BitReader } from './bit-reader.ts';
import { takeSymbol, type HuffmanTable } from './huffman.ts';
import { JpegFault } from './jpeg-fault.ts';

/** Where the coefficients of a block stand, row by row, in the order in which they are stored. */
export const ZIGZAG = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5],
  ...[12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28],
  ...[35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51],
  ...[58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
);

/** What the blocks of one component in one scan have in common. */
export interface BlockCoding {
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
  /** The first and the last coefficient of the scan. */
  readonly first: number;
  readonly last: number;
  /** The lowest bit that the scan knows. */
  readonly low: number;
  /** The coefficient 0 of the block before. */
  previous: number;
}

/** Blocks, beside this one, that a progressive scan leaves as they are. */
export interface BlockRun {
  left: number;
}

/** Reads a block, or a part of one, into 64 coefficients that begin at `at`. */
export type ReadBlock = (
  reader: BitReader,
  coding: BlockCoding,
  block: Int16Array,
  at: number,
  run: BlockRun,
) => void;

const outside = ({ at }: BitReader): JpegFault =>
  new JpegFault(at, 'coefficients of one block', 'more of them than it has');

function takeDifference(reader: BitReader, coding: BlockCoding): number {
  const size = takeSymbol(reader, coding.dc);
  if (size > 15) throw new JpegFault(reader.at, 'a difference of at most 15 bits', `one of ${size}`);
  coding.previous += takeSigned(reader, size);
  return coding.previous;
}

/** All coefficients of a block of a sequential image. */
export const readWholeBlock: ReadBlock = (reader, coding, block, at) => {
  block[at] = takeDifference(reader, coding);
  const { ac } = coding;
  for (let k = 1; k < 64; k++) {
    const symbol = takeSymbol(reader, ac);
    const size = symbol & 15;
    const zeros = symbol >> 4;
    if (size === 0) {
      if (zeros < 15) return;
      k += 15;
      continue;
    }
    k += zeros;
    if (k > 63) throw outside(reader);
    block[at + ZIGZAG[k]!] = takeSigned(reader, size);
  }
};

/** The first bits of coefficient 0. */
export const readFirstDc: ReadBlock = (reader, coding, block, at) => {
  block[at] = takeDifference(reader, coding) << coding.low;
};

/** One more bit of coefficient 0. */
export const refineDc: ReadBlock = (reader, coding, block, at) => {
  if (takeBits(reader, 1) === 1) block[at]! |= 1 << coding.low;
};

/** The length of a run of blocks without further coefficients, this one included. */
const takeRun = (reader: BitReader, size: number): number => (1 << size) + takeBits(reader, size);

/** The first bits of some coefficients other than 0. */
export const readFirstAc: ReadBlock = (reader, coding, block, at, run) => {
  if (run.left > 0) {
    run.left--;
    return;
  }
  const { ac, first, last, low } = coding;
  for (let k = first; k <= last; k++) {
    const symbol = takeSymbol(reader, ac);
    const size = symbol & 15;
    const zeros = symbol >> 4;
    if (size === 0 && zeros < 15) {
      run.left = takeRun(reader, zeros) - 1;
      return;
    }
    k += zeros;
    if (size === 0) continue;
    if (k > last) throw outside(reader);
    block[at + ZIGZAG[k]!] = takeSigned(reader, size) << low;
  }
};

/** One more bit of a coefficient that is not 0. */
function refine(reader: BitReader, block: Int16Array, index: number, bit: number): void {
  if (takeBits(reader, 1) === 0) return;
  const value = block[index]!;
  if ((Math.abs(value) & bit) === 0) block[index] = value >= 0 ? value + bit : value - bit;
}

/**
 * Refines the coefficients from the k-th on, until one is reached that is 0 and behind as many others as `zeros` says.
 *
 * @returns That one, or the first behind the last.
 */
function refineThrough(
  reader: BitReader,
  { last, low }: BlockCoding,
  block: Int16Array,
  at: number,
  from: number,
  zeros: number,
): number {
  let left = zeros;
  let k = from;
  for (; k <= last; k++) {
    const index = at + ZIGZAG[k]!;
    if (block[index] !== 0) refine(reader, block, index, 1 << low);
    else if (left-- === 0) break;
  }
  return k;
}

/** One more bit of some coefficients other than 0, and the ones that this bit makes others than 0. */
export const refineAc: ReadBlock = (reader, coding, block, at, run) => {
  const { ac, last, low } = coding;
  let k = coding.first;
  while (run.left === 0 && k <= last) {
    const symbol = takeSymbol(reader, ac);
    const size = symbol & 15;
    const zeros = symbol >> 4;
    if (size === 0 && zeros < 15) {
      run.left = takeRun(reader, zeros);
      break;
    }
    if (size > 1) throw new JpegFault(reader.at, 'coefficients of one more bit', `one of ${size}`);
    const value = size === 0 ? 0 : takeBits(reader, 1) === 1 ? 1 << low : -1 << low;
    k = refineThrough(reader, coding, block, at, k, zeros);
    if (value !== 0) {
      if (k > last) throw outside(reader);
      block[at + ZIGZAG[k]!] = value;
    }
    k++;
  }
  if (run.left > 0) {
    refineThrough(reader, coding, block, at, k, 64);
    run.left--;
  }
};
