/** Scans: the compressed data of one component or of several in turn (ITU-T T.81, B.2.3, F.1 and G.1). */
import { assertWithin, bitReader, toMarker, type BitReader } from './bit-reader.ts';
import {
  readFirstAc,
  readFirstDc,
  readWholeBlock,
  refineAc,
  refineDc,
  type BlockCoding,
  type BlockRun,
  type ReadBlock,
} from './coefficients.ts';
import type { Component, Frame } from './frame.ts';
import type { HuffmanTable } from './huffman.ts';
import { writeBlock } from './inverse-transform.ts';
import { JpegFault } from './jpeg-fault.ts';

/** What the segments in front of a scan have said; later ones replace earlier ones. */
export interface Tables {
  readonly dc: (HuffmanTable | undefined)[];
  readonly ac: (HuffmanTable | undefined)[];
  /** Steps of quantisation, row by row. */
  readonly quantization: (Uint16Array | undefined)[];
  /** Units from one restart to the next; 0 for none. */
  restartInterval: number;
}

/** A component's part of a scan. */
interface Part {
  readonly component: Component;
  readonly coding: BlockCoding;
}

interface Scan {
  readonly parts: readonly Part[];
  readonly read: ReadBlock;
}

/** Reads the block that is the `row`-th from the top and the `column`-th from the left. */
type TakeBlock = (reader: BitReader, part: Part, row: number, column: number) => void;

const NO_CODES: HuffmanTable = {
  short: new Uint16Array(512),
  limits: new Int32Array(17),
  offsets: new Int32Array(17),
  symbols: new Uint8Array(0),
};

/** Which coefficients a scan holds, and which of their bits. */
interface Selection {
  readonly first: number;
  readonly last: number;
  /** One above the lowest bit that is known already; 0 in a first scan. */
  readonly high: number;
  readonly low: number;
}

function selectionAt(bytes: Uint8Array, at: number, progressive: boolean, components: number): Selection {
  if (!progressive) return { first: 0, last: 63, high: 0, low: 0 };
  const [first, last, bits] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!];
  const selection = { first, last, high: bits >> 4, low: bits & 15 };
  const sane =
    last <= 63 &&
    (first === 0 ? last === 0 : first <= last && components === 1) &&
    selection.low <= 13 &&
    (selection.high === 0 || selection.high === selection.low + 1);
  if (sane) return selection;
  const found = `coefficients ${first} to ${last} of ${components} components, bits ${bits >> 4} and ${bits & 15}`;
  throw new JpegFault(at, 'a scan of a progressive image', found);
}

/** Notes what a scan tells of a component. */
function note({ known }: Component, { first, last, high, low }: Selection, at: number): void {
  for (let k = first; k <= last; k++) {
    if (known[k]! !== (high === 0 ? -1 : high)) {
      const found = known[k]! < 0 ? 'bits that come too early' : 'bits that were read before';
      throw new JpegFault(at, 'scans that go on where others end', found);
    }
    known[k] = low;
  }
}

const readerOf = (progressive: boolean, { first, high }: Selection): ReadBlock => {
  if (!progressive) return readWholeBlock;
  if (first === 0) return high === 0 ? readFirstDc : refineDc;
  return high === 0 ? readFirstAc : refineAc;
};

function tableOf(
  tables: readonly (HuffmanTable | undefined)[],
  index: number,
  isNeeded: boolean,
  at: number,
): HuffmanTable {
  const table = tables[index];
  if (table === undefined && isNeeded) throw new JpegFault(at, `the Huffman table ${index}`, 'none');
  return table ?? NO_CODES;
}

function stepsOf({ quantization }: Component, tables: Tables, at: number): Uint16Array {
  const steps = tables.quantization[quantization];
  if (steps === undefined) throw new JpegFault(at, `the quantisation table ${quantization}`, 'none');
  return steps;
}

function partAt(bytes: Uint8Array, at: number, frame: Frame, tables: Tables, selection: Selection): Part {
  const component = frame.components.find(({ id }) => id === bytes[at]);
  if (component === undefined) throw new JpegFault(at, 'a component of the frame', `component ${bytes[at]}`);
  note(component, selection, at);
  // The steps hold from a component's first scan on.
  component.steps ??= stepsOf(component, tables, at);
  const { first, last, high, low } = selection;
  const index = bytes[at + 1]!;
  const dc = tableOf(tables.dc, index >> 4, first === 0 && high === 0, at);
  const ac = tableOf(tables.ac, index & 15, last > 0, at);
  return { component, coding: { dc, ac, first, last, low, previous: 0 } };
}

/** The header of a scan, whose data begin at `at`; it says itself how long it is. */
function scanAt(bytes: Uint8Array, at: number, length: number, frame: Frame, tables: Tables): Scan {
  const count = bytes[at]!;
  if (count < 1 || count > 4 || length !== 6 + 2 * count) {
    throw new JpegFault(at, 'a scan of 1 to 4 components', `${count} in ${length} bytes`);
  }
  const selection = selectionAt(bytes, at + 1 + 2 * count, frame.progressive, count);
  const parts = Array.from({ length: count }, (_, i) =>
    partAt(bytes, at + 1 + 2 * i, frame, tables, selection),
  );
  return { parts, read: readerOf(frame.progressive, selection) };
}

/** Keeps what is read of the blocks of a progressive image. */
const keepBlocks =
  (read: ReadBlock, run: BlockRun): TakeBlock =>
  (reader, { component, coding }, row, column) => {
    const at = 64 * ((row * component.stride) / 8 + column);
    read(reader, coding, component.coefficients, at, run);
  };

/** Turns blocks into samples as they are read. */
function writeBlocks(read: ReadBlock, run: BlockRun): TakeBlock {
  const block = new Int16Array(64);
  const work = new Int32Array(64);
  return (reader, { component, coding }, row, column) => {
    read(reader, coding, block, 0, run);
    const { plane, stride, steps } = component;
    writeBlock(block, 0, steps!, plane, 8 * (row * stride + column), stride, work);
    block.fill(0);
  };
}

/** Passes over the restart marker that is due. */
function restart(reader: BitReader, { parts }: Scan, run: BlockRun, due: number): void {
  const { at } = reader;
  const marker = toMarker(reader);
  if (marker !== 0xd0 + due) {
    throw new JpegFault(at, `the restart marker ${due}`, `marker ${marker.toString(16)}`);
  }
  for (const { coding } of parts) coding.previous = 0;
  run.left = 0;
}

/** The blocks of one component, row by row, without those that only fill its units. */
function blocksOf({ component }: Part): { readonly rows: number; readonly columns: number } {
  return { rows: Math.ceil(component.height / 8), columns: Math.ceil(component.width / 8) };
}

/** Takes the blocks of a unit: of one component a block, of several as many of each as its factors say. */
function takeUnit(reader: BitReader, parts: readonly Part[], take: TakeBlock, row: number, column: number) {
  if (parts.length === 1) {
    take(reader, parts[0]!, row, column);
    return;
  }
  for (const part of parts) {
    const { horizontal, vertical } = part.component;
    for (let v = 0; v < vertical; v++) {
      for (let h = 0; h < horizontal; h++) {
        take(reader, part, row * vertical + v, column * horizontal + h);
      }
    }
  }
}

/**
 * Reads a scan.
 *
 * @param bytes The file.
 * @param at Where the data of its header begin.
 * @param length How long the header is, its length included.
 * @param frame Components, whose samples or coefficients are written.
 * @param tables What holds for this scan.
 * @returns The byte behind its data, where a marker follows.
 * @throws JpegFault if it is damaged or ends too early.
 */
export function readScan(
  bytes: Uint8Array,
  at: number,
  length: number,
  frame: Frame,
  tables: Tables,
): number {
  const scan = scanAt(bytes, at, length, frame, tables);
  const { parts, read } = scan;
  const run: BlockRun = { left: 0 };
  const take = frame.progressive ? keepBlocks(read, run) : writeBlocks(read, run);
  const { rows, columns } = parts.length === 1 ? blocksOf(parts[0]!) : frame;
  const reader = bitReader(bytes, at + length - 2);
  const interval = tables.restartInterval === 0 ? Infinity : tables.restartInterval;
  for (let unit = 0, row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, unit++) {
      if (unit > 0 && unit % interval === 0) restart(reader, scan, run, (unit / interval - 1) & 7);
      takeUnit(reader, parts, take, row, column);
      assertWithin(reader);
    }
  }
  return reader.at;
}

/**
 * Turns the coefficients of a progressive image, all of whose scans have been read, into samples.
 *
 * @param components Those of its frame.
 */
export function writeCoefficients(components: readonly Component[]): void {
  const work = new Int32Array(64);
  for (const { coefficients, plane, stride, steps } of components) {
    const columns = stride / 8;
    for (let block = 0; 64 * block < coefficients.length; block++) {
      const [row, column] = [Math.floor(block / columns), block % columns];
      writeBlock(coefficients, 64 * block, steps!, plane, 8 * (row * stride + column), stride, work);
    }
  }
}
