/**
 * JPEG images (ITU-T T.81), sequential and progressive, of eight bits, with Huffman codes, in grey, RGB, YCbCr, CMYK or
 * YCCK. Transform, interpolation and colours are libjpeg's in integers, so that whole images have the bytes that
 * libjpeg gives. An image that is not whole is refused with the place, where libjpeg fills in what is missing.
 */
import { either as E } from 'fp-ts';
import { refuse, type DataError } from '../data-error.ts';
import { isBareMarker } from '../image-header.ts';
import type { ByteImage } from '../png.ts';
import { bitReader, toMarker, type BitReader } from './bit-reader.ts';
import { ZIGZAG } from './coefficients.ts';
import { colourSpaceOf, PIXELS } from './colour.ts';
import { readFrame, type Component, type Frame } from './frame.ts';
import { huffmanTable } from './huffman.ts';
import { JpegFault } from './jpeg-fault.ts';
import { readScan, writeCoefficients, type Tables } from './scans.ts';
import { upsampling } from './upsampling.ts';

/** What the segments have said so far. */
interface JpegState {
  readonly tables: Tables;
  /** Where the data of the frame's header begin. */
  readonly frameAt: number;
  frame: Frame | null;
  isJfif: boolean;
  adobe: number | null;
}

const START_OF_FRAME = [0xc0, 0xc1, 0xc2];
const HUFFMAN = 0xc4;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const QUANTIZATION = 0xdb;
const RESTART_INTERVAL = 0xdd;
const JFIF = 0xe0;
const ADOBE = 0xee;

const beginsWith = (body: Uint8Array, text: string): boolean =>
  String.fromCharCode(...body.subarray(0, text.length)) === text;

/** The Huffman tables of a segment whose data begin at `at`. */
function readHuffman(body: Uint8Array, at: number, { dc, ac }: Tables): void {
  for (let from = 0; from < body.length;) {
    const [kind, index] = [body[from]! >> 4, body[from]! & 15];
    const counts = body.subarray(from + 1, from + 17);
    const count = counts.reduce((sum, codes) => sum + codes, 0);
    const end = from + 17 + count;
    if (kind > 1 || index > 3 || count > 256 || end > body.length) {
      throw new JpegFault(
        at + from,
        'a Huffman table',
        `${count} symbols for table ${index} of kind ${kind}`,
      );
    }
    const table = huffmanTable(counts, body.subarray(from + 17, end), at + from);
    (kind === 0 ? dc : ac)[index] = table;
    from = end;
  }
}

/** The tables of quantisation steps, of one byte or two each. */
function readQuantization(body: Uint8Array, at: number, { quantization }: Tables): void {
  for (let from = 0; from < body.length;) {
    const [isWide, index] = [body[from]! >> 4, body[from]! & 15];
    const end = from + 1 + 64 * (1 + isWide);
    if (isWide > 1 || index > 3 || end > body.length) {
      throw new JpegFault(
        at + from,
        'a quantisation table',
        `${body.length - from} bytes for table ${index}`,
      );
    }
    const steps = new Uint16Array(64);
    for (let k = 0; k < 64; k++) {
      const step = from + 1 + k * (1 + isWide);
      steps[ZIGZAG[k]!] = isWide === 1 ? body[step]! * 256 + body[step + 1]! : body[step]!;
    }
    quantization[index] = steps;
    from = end;
  }
}

/** The data of the segment whose length is at `at`. */
function bodyAt(bytes: Uint8Array, at: number): Uint8Array {
  const length = bytes[at]! * 256 + bytes[at + 1]!;
  if (!(length >= 2) || at + length > bytes.length) {
    throw new JpegFault(at, 'a whole segment', `${bytes.length - at} bytes of it`);
  }
  return bytes.subarray(at + 2, at + length);
}

/** Reads the frame header that was looked at before, and no other. */
function startFrame(bytes: Uint8Array, at: number, marker: number, state: JpegState): void {
  if (at !== state.frameAt) throw new JpegFault(at, 'one frame', 'another');
  state.frame = readFrame(bytes, at, marker === 0xc2);
}

/** Reads the segment behind a marker. */
function readSegment(reader: BitReader, marker: number, state: JpegState): void {
  const { bytes, at } = reader;
  const body = bodyAt(bytes, at);
  const start = at + 2;
  reader.at = start + body.length;
  const { tables } = state;
  if (marker === HUFFMAN) readHuffman(body, start, tables);
  else if (marker === QUANTIZATION) readQuantization(body, start, tables);
  else if (marker === RESTART_INTERVAL && body.length >= 2) {
    tables.restartInterval = body[0]! * 256 + body[1]!;
  } else if (START_OF_FRAME.includes(marker)) startFrame(bytes, start, marker, state);
  else if (marker === JFIF && body.length >= 14 && beginsWith(body, 'JFIF\0')) state.isJfif = true;
  else if (marker === ADOBE && body.length >= 12 && beginsWith(body, 'Adobe')) state.adobe = body[11]!;
  else if (marker === START_OF_SCAN) {
    if (state.frame === null) throw new JpegFault(start, 'a frame header', 'a scan before it');
    reader.at = readScan(bytes, start, body.length + 2, state.frame, tables);
  }
}

/** Makes sure that the scans have told every bit of every coefficient. */
function assertComplete({ components, progressive }: Frame, at: number): void {
  const lacking = components.find(({ known }) => known.some((bit) => bit !== 0));
  if (lacking === undefined) return;
  const found = lacking.known.every((bit) => bit < 0) ? 'none' : 'some of them';
  throw new JpegFault(at, `${progressive ? 'all scans' : 'the scan'} of component ${lacking.id}`, found);
}

/** All segments up to the end of the image. */
function readSegments(bytes: Uint8Array, frameAt: number): JpegState & { readonly frame: Frame } {
  const tables: Tables = { dc: [], ac: [], quantization: [], restartInterval: 0 };
  const state: JpegState = { tables, frameAt, frame: null, isJfif: false, adobe: null };
  const reader = bitReader(bytes, 2);
  for (let marker = toMarker(reader); marker !== END_OF_IMAGE; marker = toMarker(reader)) {
    if (!isBareMarker(marker)) readSegment(reader, marker, state);
  }
  const { frame } = state;
  if (frame === null) throw new JpegFault(reader.at, 'a frame', 'the end of the image');
  assertComplete(frame, reader.at);
  return { ...state, frame };
}

/** The image of samples. */
function pixelsOf({ frame, isJfif, adobe }: JpegState & { readonly frame: Frame }): ByteImage {
  const { height, width, components } = frame;
  const space = colourSpaceOf({ ids: components.map(({ id }) => id), isJfif, adobe });
  const channels = space === 'grey' ? 1 : 3;
  const pixels = new Uint8Array(height * width * channels);
  const clamped = new Uint8ClampedArray(pixels.buffer);
  const rows = components.map(({ stride }) => new Uint8Array(Math.max(stride, 4) * 4));
  const writers = components.map((component: Component) => upsampling(component, frame));
  for (let row = 0; row < height; row++) {
    components.forEach((component, i) => writers[i]!(component, row, rows[i]!));
    PIXELS[space](rows, width, clamped, row * width * channels);
  }
  return { height, width, channels, pixels };
}

/**
 * Decodes a JPEG file whose header has been looked at: eight bits, 1, 3 or 4 components, a sane size.
 *
 * @param bytes The whole file.
 * @param frame The byte at which that header's marker stands; another one is refused.
 * @param name What to call it in an error.
 * @returns Grey or RGB; or at which byte it is damaged or ends too early.
 */
export function decodeJpeg(bytes: Uint8Array, frame: number, name: string): E.Either<DataError, ByteImage> {
  try {
    const state = readSegments(bytes, frame + 4);
    if (state.frame.progressive) writeCoefficients(state.frame.components);
    return E.right(pixelsOf(state));
  } catch (error) {
    if (!(error instanceof JpegFault)) throw error;
    const found = `a damaged one (${error.message})`;
    return refuse(name, 'a whole JPEG image', found, 'fetch or convert the image again');
  }
}
