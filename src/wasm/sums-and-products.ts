/**
 * Training asks for sums and matrix products that the backend is slow at or lacks. One is the scatter that is a
 * lookup's gradient. Others are transposed products (∂weights = xᵀ dy and ∂x = dy wᵀ of a dense layer). The rest are
 * sums and means over axes before the last (the gradient of a bias, the moments of normalisation).
 */
import * as tf from '@tensorflow/tfjs';
import {
  address,
  blocksOf,
  floats,
  input,
  requireFloats,
  runKernel,
  zeros,
  type BackendWasm,
  type WasmKernel,
} from './backend.ts';
import { columnBlocks, rowBlocks } from './multiply-accumulate.ts';

const FLOAT = 4;

/** out[s] = Σ x[i] over the i with segmentIds[i] = s; inputs x [n, …], segmentIds [n]; returns [numSegments, …]. */
export const unsortedSegmentSum: WasmKernel = ({ inputs, attrs, backend }) => {
  const [x, ids] = [input(inputs, 'x'), input(inputs, 'segmentIds')];
  requireFloats('UnsortedSegmentSum', { x });
  if (ids.dtype !== 'int32' || ids.shape.length !== 1 || ids.shape[0] !== x.shape[0])
    throw new Error(
      `UnsortedSegmentSum on wasm: expected segmentIds to be int32 of shape [${x.shape[0]}], received ${ids.dtype} [${ids.shape}].`,
    );
  const segments = attrs['numSegments'] as number;
  const output = zeros(backend, [segments, ...x.shape.slice(1)]);
  const [xs, sums] = [floats(backend, x), floats(backend, output)];
  const rows = backend.typedArrayFromHeap(ids);
  const size = tf.util.sizeFromShape(x.shape.slice(1));
  for (let i = 0; i < rows.length; i++) {
    const segment = rows[i]!;
    if (segment < 0 || segment >= segments) continue;
    for (let j = 0; j < size; j++) sums[segment * size + j]! += xs[i * size + j]!;
  }
  return output;
};

/** Floats of a matrix that is small: the backend's own product makes an operator of it, which takes longer than the product. */
const SMALL = 64 * 64;

/** a · b for pairs of small matrices, one pair after the other; `a` may be stored transposed. */
function smallProducts(
  backend: BackendWasm,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
  transposeA: boolean,
): tf.TensorInfo {
  const [pairs, outputs] = [a.shape.slice(0, -2), b.shape.at(-1)!];
  const [rows, inner] = (transposeA ? [-1, -2] : [-2, -1]).map((axis) => a.shape.at(axis)!) as [
    number,
    number,
  ];
  const output = zeros(backend, [...pairs, rows, outputs]);
  const [aStart, bStart, outStart] = [a, b, output].map((x) => address(backend, x)) as [
    number,
    number,
    number,
  ];
  const blocks = blocksOf(backend);
  const [ofRows, ofColumns] = [rowBlocks(rows), columnBlocks(outputs)];
  const [aRow, bRow] = [a.shape.at(-1)! * FLOAT, outputs * FLOAT];
  const [aOfK, aStrideOfM] = transposeA ? [aRow, FLOAT] : [FLOAT, aRow];
  for (let pair = 0; pair < tf.util.sizeFromShape(pairs); pair++)
    for (const { row, height, blocks: count } of ofRows)
      for (const { column, width } of ofColumns)
        blocks(height, width, count, {
          a: aStart + pair * rows * inner * FLOAT + row * aStrideOfM,
          b: bStart + pair * inner * bRow + column * FLOAT,
          out: outStart + (pair * rows + row) * bRow + column * FLOAT,
          counts: [inner, 1, 1],
          aStrides: [aOfK, 0, 0],
          bStrides: [bRow, 0, 0],
          aStrideOfM,
          outStrideOfM: bRow,
        });
  return output;
}

/**
 * The matrix product. A single pair of matrices with a transposed one is transposed first, for `stock` is fast without
 * only. Many pairs of small ones are multiplied here, the rest by `stock`.
 */
export const batchMatMul =
  (stock: tf.KernelFunc): WasmKernel =>
  ({ inputs, attrs, backend }) => {
    const [a, b] = [input(inputs, 'a'), input(inputs, 'b')];
    const single = [a, b].every(({ shape }) => shape.slice(0, -2).every((size) => size === 1));
    const transposeA = attrs['transposeA'] as boolean;
    const transposeB = attrs['transposeB'] as boolean;
    const floating = a.dtype === 'float32' && b.dtype === 'float32';
    const turn = (x: tf.TensorInfo): tf.TensorInfo => {
      const axes = x.shape.map((_, axis) => axis);
      const perm = [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!];
      return runKernel(backend, 'Transpose', { x }, { perm });
    };
    const [pairsOfA, pairsOfB] = [a, b].map(({ shape }) => shape.slice(0, -2)) as [number[], number[]];
    const small = [a, b].every(({ shape }) => shape.at(-1)! * shape.at(-2)! <= SMALL);
    if (!single && floating && small && tf.util.arraysEqual(pairsOfA, pairsOfB)) {
      const right = transposeB ? turn(b) : b;
      const output = smallProducts(backend, a, right, transposeA);
      if (transposeB) backend.disposeData(right.dataId);
      return output;
    }
    if (!single || !floating || !(transposeA || transposeB))
      return stock({ inputs, attrs, backend }) as tf.TensorInfo;
    const left = transposeA ? turn(a) : a;
    const right = transposeB ? turn(b) : b;
    const untransposed = { transposeA: false, transposeB: false };
    const output = stock({ inputs: { a: left, b: right }, attrs: untransposed, backend }) as tf.TensorInfo;
    if (transposeA) backend.disposeData(left.dataId);
    if (transposeB) backend.disposeData(right.dataId);
    return output;
  };

/** Rows that are summed one by one: in single precision a sum of sums of few is far more exact than one long sum. */
const RUN = 64;

/** Adds `rows` rows of floats, read at `from` times the 1 at `one`, to the one at `to`, in stages of {@link RUN} rows. */
function addRows(
  backend: BackendWasm,
  { rows, columns, from, to, one }: Readonly<Record<'rows' | 'columns' | 'from' | 'to' | 'one', number>>,
): void {
  const runs = Math.ceil(rows / RUN);
  const partial = runs > 1 ? zeros(backend, [runs, columns]) : undefined;
  const sums = partial ? address(backend, partial) : to;
  const blocks = blocksOf(backend);
  const rowSize = columns * FLOAT;
  const ofColumns = columnBlocks(columns);
  for (let run = 0; run < runs; run++)
    for (const { column, width } of ofColumns)
      blocks(1, width, 1, {
        a: one,
        b: from + run * RUN * rowSize + column * FLOAT,
        out: sums + run * rowSize + column * FLOAT,
        counts: [Math.min(RUN, rows - run * RUN), 1, 1],
        aStrides: [0, 0, 0],
        bStrides: [rowSize, 0, 0],
        aStrideOfM: 0,
        outStrideOfM: 0,
      });
  if (!partial) return;
  addRows(backend, { rows: runs, columns, from: sums, to, one });
  backend.disposeData(partial.dataId);
}

/** The sum over neighbouring axes before the last, by the inner loop of the convolutions, as ones × x; undefined for other axes. */
function sumOfRows(
  backend: BackendWasm,
  x: tf.TensorInfo,
  { axis, keepDims }: tf.NamedAttrMap,
): { readonly output: tf.TensorInfo; readonly rows: number } | undefined {
  const axes = tf.util.parseAxisParam(axis as number | number[], x.shape).sort((a, b) => a - b);
  const first = axes[0];
  if (first === undefined || x.dtype !== 'float32') return undefined;
  const end = first + axes.length;
  if (end >= x.shape.length || axes.some((one, i) => one !== first + i)) return undefined;
  const size = tf.util.sizeFromShape;
  const [outer, inner] = [x.shape.slice(0, first), x.shape.slice(end)];
  const [images, rows, columns] = [size(outer), size(x.shape.slice(first, end)), size(inner)];
  const output = zeros(backend, [...outer, ...(keepDims ? axes.map(() => 1) : []), ...inner]);
  const one = backend.makeOutput([1], 'float32');
  floats(backend, one).fill(1);
  const [from, to] = [address(backend, x), address(backend, output)];
  for (let image = 0; image < images; image++)
    addRows(backend, {
      ...{ rows, columns, one: address(backend, one) },
      from: from + image * rows * columns * FLOAT,
      to: to + image * columns * FLOAT,
    });
  backend.disposeData(one.dataId);
  return { output, rows };
}

/** The sum; over neighbouring axes before the last without the transpose that `stock` makes. */
export const sum =
  (stock: tf.KernelFunc): WasmKernel =>
  ({ inputs, attrs, backend }) =>
    sumOfRows(backend, input(inputs, 'x'), attrs)?.output ??
    (stock({ inputs, attrs, backend }) as tf.TensorInfo);

/** The mean; over neighbouring axes before the last the sum divided. */
export const mean =
  (stock: tf.KernelFunc): WasmKernel =>
  ({ inputs, attrs, backend }) => {
    const sums = sumOfRows(backend, input(inputs, 'x'), attrs);
    if (!sums) return stock({ inputs, attrs, backend }) as tf.TensorInfo;
    const values = floats(backend, sums.output);
    for (let i = 0; i < values.length; i++) values[i]! /= sums.rows;
    return sums.output;
  };
