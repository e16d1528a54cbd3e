/** The frame of a JPEG image: its size, and its components with their samples (ITU-T T.81, A.1 and B.2.2). */
import { JpegFault } from './jpeg-fault.ts';

/** A component of an image: luminance, say, or red. */
export interface Component {
  readonly id: number;
  /** How many blocks of a unit it has, side by side and above each other. */
  readonly horizontal: number;
  readonly vertical: number;
  /** Its samples, without those that only fill its last blocks. */
  readonly width: number;
  readonly height: number;
  /** Which table of quantisation steps is its own. */
  readonly quantization: number;
  /** Samples of a row of the plane, which holds whole units. */
  readonly stride: number;
  readonly plane: Uint8ClampedArray;
  /** The blocks of the plane, row by row; empty in a sequential image, which needs no more than one of them. */
  readonly coefficients: Int16Array;
  /** By coefficient, the lowest bit that is known; −1 before the first scan that holds it. */
  readonly known: Int8Array;
  /** Its steps of quantisation, row by row, from its first scan on. */
  steps: Uint16Array | null;
}

/** The frame of an image. */
export interface Frame {
  readonly progressive: boolean;
  readonly height: number;
  readonly width: number;
  /** Most blocks of a unit, over the components. */
  readonly horizontal: number;
  readonly vertical: number;
  /** Units of a row, and rows of units. */
  readonly columns: number;
  readonly rows: number;
  readonly components: readonly Component[];
}

interface Sampling {
  readonly id: number;
  readonly horizontal: number;
  readonly vertical: number;
  readonly quantization: number;
}

function samplingAt(bytes: Uint8Array, at: number): Sampling {
  const [id, factors, quantization] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!];
  const [horizontal, vertical] = [factors >> 4, factors & 15];
  const fits = (factor: number) => factor >= 1 && factor <= 4;
  if (!fits(horizontal) || !fits(vertical) || quantization > 3) {
    const found = `${horizontal} × ${vertical} with table ${quantization}`;
    throw new JpegFault(at, 'sampling factors of 1 to 4 and a table of 0 to 3', found);
  }
  return { id, horizontal, vertical, quantization };
}

/** A component with space for its samples. */
function componentOf(
  sampling: Sampling,
  { progressive, height, width, horizontal, vertical, columns, rows }: Omit<Frame, 'components'>,
): Component {
  const stride = 8 * columns * sampling.horizontal;
  const samples = stride * 8 * rows * sampling.vertical;
  return {
    ...sampling,
    width: Math.ceil((width * sampling.horizontal) / horizontal),
    height: Math.ceil((height * sampling.vertical) / vertical),
    stride,
    plane: new Uint8ClampedArray(samples),
    coefficients: new Int16Array(progressive ? samples : 0),
    known: new Int8Array(64).fill(-1),
    steps: null,
  };
}

/** Whether the samples of every component can be spread over whole ones of the image, as libjpeg asks. */
const isWhole = ({ horizontal, vertical }: Sampling, most: Sampling): boolean =>
  most.horizontal % horizontal === 0 && most.vertical % vertical === 0;

/**
 * Reads the frame header SOF0, SOF1 or SOF2, whose size and number of components are known to be sane.
 *
 * @param bytes The file.
 * @param at Where the header's data begin.
 * @param progressive Whether it is SOF2.
 * @throws JpegFault if sampling factors are wrong, or the file is too short to hold so many blocks.
 */
export function readFrame(bytes: Uint8Array, at: number, progressive: boolean): Frame {
  const [height, width] = [bytes[at + 1]! * 256 + bytes[at + 2]!, bytes[at + 3]! * 256 + bytes[at + 4]!];
  const samplings = Array.from({ length: bytes[at + 5]! }, (_, i) => samplingAt(bytes, at + 6 + 3 * i));
  // One component alone is stored block by block, whatever its factors are.
  const factors = samplings.map((sampling) =>
    samplings.length === 1 ? { ...sampling, horizontal: 1, vertical: 1 } : sampling,
  );
  const horizontal = Math.max(...factors.map((sampling) => sampling.horizontal));
  const vertical = Math.max(...factors.map((sampling) => sampling.vertical));
  const fractional = factors.find((sampling) => !isWhole(sampling, { ...sampling, horizontal, vertical }));
  if (fractional !== undefined) {
    const found = `${fractional.horizontal} × ${fractional.vertical} of ${horizontal} × ${vertical}`;
    throw new JpegFault(at, 'sampling factors that divide the largest', found);
  }
  const columns = Math.ceil(width / (8 * horizontal));
  const rows = Math.ceil(height / (8 * vertical));
  // Without those that only fill units, which scans of one component leave out.
  const blocks = factors.reduce(
    (sum, { horizontal: h, vertical: v }) =>
      sum + Math.ceil((width * h) / (8 * horizontal)) * Math.ceil((height * v) / (8 * vertical)),
    0,
  );
  // Each takes two codes of a bit at least, or one in several scans, so that a short file cannot ask for much memory.
  if (blocks > (progressive ? 8 : 4) * bytes.length) {
    throw new JpegFault(at, `data of ${blocks} blocks`, `${bytes.length} bytes`);
  }
  const frame = { progressive, height, width, horizontal, vertical, columns, rows };
  return { ...frame, components: factors.map((sampling) => componentOf(sampling, frame)) };
}
