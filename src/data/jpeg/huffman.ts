/** Huffman codes of JPEG (ITU-T T.81, annex C and F.2.2.3), looked up nine bits at once. */
import { fillBits, type BitReader } from './bit-reader.ts';
import { JpegFault } from './jpeg-fault.ts';

const LOOK_AHEAD = 9;

/** The codes of a table. */
export interface HuffmanTable {
  /** By the next nine bits, 256 · length + symbol; 0 where the code is longer. */
  readonly short: Uint16Array;
  /** By length, the first code that is too large for it, shifted to 16 bits. */
  readonly limits: Int32Array;
  /** By length, what is added to a code to find its symbol. */
  readonly offsets: Int32Array;
  readonly symbols: Uint8Array;
}

/**
 * The table of a DHT segment.
 *
 * @param counts How many codes there are of each length, 1 … 16.
 * @param symbols Their symbols, shortest code first.
 * @param at Where the table is in the file, for the fault.
 * @throws JpegFault if there are more codes of a length than fit.
 */
export function huffmanTable(counts: ArrayLike<number>, symbols: Uint8Array, at: number): HuffmanTable {
  const short = new Uint16Array(1 << LOOK_AHEAD);
  const [limits, offsets] = [new Int32Array(17), new Int32Array(17)];
  for (let length = 1, code = 0, symbol = 0; length <= 16; length++, code <<= 1) {
    offsets[length] = symbol - code;
    for (let i = 0; i < counts[length - 1]!; i++, code++, symbol++) {
      const free = LOOK_AHEAD - length;
      if (free >= 0) short.fill((length << 8) | symbols[symbol]!, code << free, (code + 1) << free);
    }
    if (code > 1 << length) throw new JpegFault(at, 'a Huffman table', `too many codes of ${length} bits`);
    limits[length] = code << (16 - length);
  }
  return { short, limits, offsets, symbols };
}

/** A symbol whose code is longer than what is looked up. */
function longSymbol(reader: BitReader, { limits, offsets, symbols }: HuffmanTable): number {
  const ahead = (reader.buffer >>> (reader.count - 16)) & 0xffff;
  let length = LOOK_AHEAD + 1;
  while (length <= 16 && ahead >= limits[length]!) length++;
  if (length > 16) throw new JpegFault(reader.at, 'a Huffman code', 'bits that are none');
  reader.count -= length;
  return symbols[(ahead >> (16 - length)) + offsets[length]!]!;
}

/** The next symbol. */
export function takeSymbol(reader: BitReader, table: HuffmanTable): number {
  if (reader.count < 16) fillBits(reader);
  const entry = table.short[(reader.buffer >>> (reader.count - LOOK_AHEAD)) & 511]!;
  if (entry === 0) return longSymbol(reader, table);
  reader.count -= entry >> 8;
  return entry & 255;
}
