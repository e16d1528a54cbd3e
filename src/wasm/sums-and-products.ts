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

/** Rows that are summed one by one: in single precision a sum of sums of few is far more exact than one long sum. */
const RUN = 64;

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

/** Products of a pair from which on blocks are faster than the backend's plain loop: a call of the blocks costs as much. */
const WORTHWHILE = 512;

/** Whether pairs of matrices of these shapes fit each other, are several, and are large enough for blocks. */
function suitBlocks(a: tf.TensorInfo, b: tf.TensorInfo, transposeA: boolean, transposeB: boolean): boolean {
  const [pairs, others] = [a, b].map(({ shape }) => shape.slice(0, -2)) as [number[], number[]];
  const [rows, inner] = (transposeA ? [-1, -2] : [-2, -1]).map((axis) => a.shape.at(axis)!) as [
    number,
    number,
  ];
  const [innerOfB, outputs] = (transposeB ? [-1, -2] : [-2, -1]).map((axis) => b.shape.at(axis)!) as [
    number,
    number,
  ];
  const fits = tf.util.arraysEqual(pairs, others) && inner === innerOfB && outputs >= 4;
  return fits && tf.util.sizeFromShape(pairs) > 1 && rows * inner * outputs >= WORTHWHILE;
}

/** aᵀ · b for each pair of matrices [inner, rows] and [inner, outputs]. */
function pairProducts(backend: BackendWasm, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
  const [pairs, inner] = [a.shape.slice(0, -2), a.shape.at(-2)!];
  const [rows, outputs] = [a.shape.at(-1)!, b.shape.at(-1)!];
  const output = zeros(backend, [...pairs, rows, outputs]);
  const aStart = address(backend, a);
  const bStart = address(backend, b);
  const outStart = address(backend, output);
  const blocks = blocksOf(backend);
  const [ofRows, ofColumns] = [rowBlocks(rows), columnBlocks(outputs)];
  const [aRow, bRow] = [rows * FLOAT, outputs * FLOAT];
  for (let pair = 0; pair < tf.util.sizeFromShape(pairs); pair++)
    for (const { column, width } of ofColumns)
      for (let k = 0; k < inner; k += RUN)
        for (const { row, height, blocks: count } of ofRows)
          blocks(height, width, count, {
            a: aStart + (pair * inner + k) * aRow + row * FLOAT,
            b: bStart + (pair * inner + k) * bRow + column * FLOAT,
            out: outStart + (pair * rows + row) * bRow + column * FLOAT,
            counts: [Math.min(RUN, inner - k), 1, 1],
            aStrides: [aRow, 0, 0],
            bStrides: [bRow, 0, 0],
            aStrideOfM: FLOAT,
            outStrideOfM: bRow,
          });
  return output;
}

/**
 * The matrix product. A single pair of matrices with a transposed one is transposed first, for `stock` is fast without
 * only. Several pairs are multiplied here, since `stock` has a plain loop for these; what is tiny goes to `stock`.
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
    if (floating && suitBlocks(a, b, transposeA, transposeB)) {
      const left = transposeA ? a : turn(a);
      const right = transposeB ? turn(b) : b;
      const output = pairProducts(backend, left, right);
      if (!transposeA) backend.disposeData(left.dataId);
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
