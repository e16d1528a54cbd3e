/**
 * Sums and matrix products that training asks for and that the backend is slow at or lacks: the scatter that is a lookup's
 * gradient, transposed products (∂weights = xᵀ dy and ∂x = dy wᵀ of a dense layer), and sums over the
 * leading axes (the gradient of a bias).
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
  type WasmKernel,
} from './backend.ts';
import { columnBlocks } from './multiply-accumulate.ts';

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

/** The matrix product, by `stock`; a single pair of matrices is transposed first, for `stock` is fast without only. */
export const batchMatMul =
  (stock: tf.KernelFunc): WasmKernel =>
  ({ inputs, attrs, backend }) => {
    const [a, b] = [input(inputs, 'a'), input(inputs, 'b')];
    const single = [a, b].every(({ shape }) => shape.slice(0, -2).every((size) => size === 1));
    const transposeA = attrs['transposeA'] as boolean;
    const transposeB = attrs['transposeB'] as boolean;
    const floating = a.dtype === 'float32' && b.dtype === 'float32';
    if (!single || !floating || !(transposeA || transposeB))
      return stock({ inputs, attrs, backend }) as tf.TensorInfo;
    const turn = (x: tf.TensorInfo): tf.TensorInfo => {
      const axes = x.shape.map((_, axis) => axis);
      return runKernel(
        backend,
        'Transpose',
        { x },
        { perm: [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!] },
      );
    };
    const left = transposeA ? turn(a) : a;
    const right = transposeB ? turn(b) : b;
    const untransposed = { transposeA: false, transposeB: false };
    const output = stock({ inputs: { a: left, b: right }, attrs: untransposed, backend }) as tf.TensorInfo;
    if (transposeA) backend.disposeData(left.dataId);
    if (transposeB) backend.disposeData(right.dataId);
    return output;
  };

const FLOAT = 4;

/** The sum; over the leading axes by the inner loop of the convolutions, as ones × x, without the transpose `stock` makes. */
export const sum =
  (stock: tf.KernelFunc): WasmKernel =>
  ({ inputs, attrs, backend }) => {
    const x = input(inputs, 'x');
    const axes = tf.util.parseAxisParam(attrs['axis'] as number | number[], x.shape).sort((a, b) => a - b);
    const leading = axes.length > 0 && axes.length < x.shape.length && axes.every((axis, i) => axis === i);
    if (!leading || x.dtype !== 'float32') return stock({ inputs, attrs, backend }) as tf.TensorInfo;
    const rows = tf.util.sizeFromShape(x.shape.slice(0, axes.length));
    const rest = x.shape.slice(axes.length);
    const output = zeros(backend, attrs['keepDims'] ? [...axes.map(() => 1), ...rest] : rest);
    const one = backend.makeOutput([1], 'float32');
    floats(backend, one).fill(1);
    const blocks = blocksOf(backend);
    const [a, from, to] = [one, x, output].map((tensor) => address(backend, tensor)) as [
      number,
      number,
      number,
    ];
    // in single precision a sum of runs of √n numbers is √n times as exact as one of n numbers
    const run = Math.ceil(Math.sqrt(rows));
    const rowSize = tf.util.sizeFromShape(rest) * FLOAT;
    for (const { column, width } of columnBlocks(rowSize / FLOAT))
      for (let row = 0; row < rows; row += run)
        blocks(1, width, 1, {
          a,
          b: from + row * rowSize + column * FLOAT,
          out: to + column * FLOAT,
          counts: [Math.min(run, rows - row), 1, 1],
          aStrides: [0, 0, 0],
          bStrides: [rowSize, 0, 0],
          aStrideOfM: 0,
          outStrideOfM: 0,
        });
    backend.disposeData(one.dataId);
    return output;
  };
