/**
 * Two corruptions of MNIST-C (Mu, Gilmer: "MNIST-C: a robustness benchmark for computer vision", 2019, arXiv
 * 1906.02337) that draw a bright stroke over the digit: `zigzag` and `dottedLine`. The distribution of the strokes
 * is the published one; the random numbers are our own, so that an image depends on its key alone.
 *
 * A stroke adds to every pixel of the columns that it touches the intensity max(0, 1 + ln(1 − d/2.3)), d being the
 * *vertical* distance in pixels from the stroke's line: 1 on the line, 0 from d = 2.3·(1 − 1/e) ≈ 1.45 on.
 */
import { foldKey, randomIntegers, type RandomKey } from '../random/random.ts';
import { MNIST_PIXELS, MNIST_SIDE } from './mnist.ts';

interface Point {
  readonly column: number;
  readonly row: number;
}

const DECAY = 2.3;
const REACH = DECAY * (1 - Math.exp(-1));

function addStroke(canvas: Float64Array, from: Point, to: Point): void {
  const slope = (to.row - from.row) / (to.column - from.column);
  const last = Math.min(MNIST_SIDE, Math.ceil(to.column)) - 1;
  for (let column = Math.max(0, Math.floor(from.column)); column <= last; column++) {
    const centre = from.row + slope * (column - from.column);
    const bottom = Math.min(MNIST_SIDE - 1, Math.floor(centre + REACH));
    for (let row = Math.max(0, Math.ceil(centre - REACH)); row <= bottom; row++) {
      const pixel = row * MNIST_SIDE + column;
      canvas[pixel] = canvas[pixel]! + Math.max(0, 1 + Math.log(1 - Math.abs(row - centre) / DECAY));
    }
  }
}

/** Clean image plus strokes, in units of full brightness, cut at white. */
function overlay(image: Uint8Array, canvas: Float64Array): Uint8Array {
  return Uint8Array.from(image, (value, pixel) => Math.round(Math.min(255, value + 255 * canvas[pixel]!)));
}

function checkImage(image: Uint8Array): void {
  if (image.length !== MNIST_PIXELS) {
    throw new RangeError(`image: expected 28×28 = ${MNIST_PIXELS} pixels, received ${image.length}`);
  }
}

const PITCH = 4;
const AMPLITUDE = 2;

/**
 * The corners of a zigzag along the straight line between two points: one at each end, and between them, every
 * four pixels along the line from the second pixel on, one two pixels to this side of it and the next two pixels
 * to the other. The last corner is all but on the line (the published formula's small offset is kept).
 */
function zigzagCorners(start: Point, end: Point): Point[] {
  const length = Math.hypot(end.column - start.column, end.row - start.row);
  const cosine = (end.column - start.column) / length;
  const sine = (end.row - start.row) / length;
  const teeth = Math.floor((length - PITCH / 2) / PITCH) + 1;
  const side = (tooth: number) => (tooth % 2 === 0 ? AMPLITUDE : -AMPLITUDE);
  const corners = [
    [0, 0],
    ...Array.from({ length: teeth }, (_, tooth) => [PITCH * (tooth + 0.5), side(tooth)]),
    [length, side(teeth - 1) / (2 * (length % PITCH))],
  ] as const;
  return corners.map(([along, across]) => ({
    column: start.column + along! * cosine - across! * sine,
    row: start.row + along! * sine + across! * cosine,
  }));
}

/**
 * MNIST-C `zigzag`: a bright zigzag from column 2 to column 25. Its start row is uniform in 0 … 26, its end lies
 * −5 … 4 rows further down; teeth have a pitch of four and an amplitude of two pixels. One that starts near the
 * upper or lower edge may partly leave the image, as in the published data.
 *
 * @param image Grey values 0 … 255, `[784]`, row-major 28×28. It is not changed.
 * @param key Determines the zigzag; the same key gives the same zigzag on any image.
 * @returns The corrupted image, `[784]`, nowhere darker than the original.
 * @throws RangeError if `image` has not 784 pixels.
 * @example
 * ```ts
 * import { randomKey } from 'model-patching/random';
 * import { zigzag } from 'model-patching/data';
 * const corrupted = zigzag(new Uint8Array(784), randomKey(3));
 * if (corrupted.filter((value) => value > 127).length < 20) throw new Error('expected a bright zigzag');
 * ```
 */
export function zigzag(image: Uint8Array, key: RandomKey): Uint8Array {
  checkImage(image);
  const row = randomIntegers(foldKey(key, 'start'), 1, 0, 27)[0]!;
  const fall = randomIntegers(foldKey(key, 'fall'), 1, -5, 5)[0]!;
  const corners = zigzagCorners({ column: 2, row }, { column: 25, row: row + fall });
  const canvas = new Float64Array(MNIST_PIXELS);
  corners.slice(1).forEach((corner, i) => addStroke(canvas, corners[i]!, corner));
  return overlay(image, canvas);
}

/**
 * MNIST-C `dotted_line`: a straight line from the left to the right edge between two rows, each uniform in 0 … 26,
 * dashed in steps of two columns (columns 2, 3, 6, 7, … are lit).
 *
 * @param image Grey values 0 … 255, `[784]`, row-major 28×28. It is not changed.
 * @param key Determines the line; the same key gives the same line on any image.
 * @returns The corrupted image, `[784]`, nowhere darker than the original.
 * @throws RangeError if `image` has not 784 pixels.
 * @example
 * ```ts
 * import { randomKey } from 'model-patching/random';
 * import { dottedLine } from 'model-patching/data';
 * const corrupted = dottedLine(new Uint8Array(784), randomKey(3));
 * if (corrupted.some((value, pixel) => value > 0 && pixel % 4 < 2)) throw new Error('expected gaps');
 * ```
 */
export function dottedLine(image: Uint8Array, key: RandomKey): Uint8Array {
  checkImage(image);
  const [startRow, endRow] = randomIntegers(foldKey(key, 'rows'), 2, 0, 27);
  const canvas = new Float64Array(MNIST_PIXELS);
  addStroke(canvas, { column: 0, row: startRow! }, { column: 27, row: endRow! });
  return overlay(
    image,
    canvas.map((value, pixel) => ((pixel % MNIST_SIDE) % 4 < 2 ? 0 : value)),
  );
}
