/**
 * These are the fused kernels of `layers/fused-kernels.ts`. Batch normalisation takes three passes over its input, its
 * gradient two, and the slopes of ReLU and leaky ReLU in one. Sums are taken in runs of few rows and joined in
 * doubles. They are of deviations from the mean rather than squares of the numbers, so that nothing is lost where the
 * mean is large.
 */
import type * as tf from '@tensorflow/tfjs';
import type { FusedKernel } from '../layers/fused-kernels.ts';
import {
  address,
  floats,
  input,
  requireFloats,
  rowLoopsOf,
  zeros,
  type BackendWasm,
  type WasmKernel,
} from './backend.ts';
import { affine, tiled, tiling } from './normalization.ts';

/** Rows that are summed one by one before the sum is taken further in doubles. */
const RUN = 64;

/** Σ (y − minusY) and Σ (x − minusX)·(y − minusY) of each channel, in doubles. */
function productSums(
  backend: BackendWasm,
  [x, minusX]: readonly [tf.TensorInfo, Float32Array],
  [y, minusY]: readonly [tf.TensorInfo, Float32Array],
): { readonly sums: Float64Array; readonly products: Float64Array } {
  const channels = minusX.length;
  const { period, periods } = tiling(backend, x, channels);
  const runs = Math.ceil(periods / RUN);
  const partial = zeros(backend, [runs, 2, period]);
  const coefficients = tiled(backend, [minusX, minusY], period);
  const loops = rowLoopsOf(backend);
  for (let run = 0; run < runs; run++) {
    const start = run * RUN * period * 4;
    loops.productSums({
      x: address(backend, x) + start,
      y: address(backend, y) + start,
      sums: address(backend, partial) + run * 2 * period * 4,
      coefficients: address(backend, coefficients),
      period,
      periods: Math.min(RUN, periods - run * RUN),
    });
  }
  const sums = new Float64Array(channels);
  const products = new Float64Array(channels);
  floats(backend, partial).forEach((value, i) => {
    const into = Math.floor(i / period) % 2 ? products : sums;
    into[i % channels]! += value;
  });
  const [xs, ys] = [floats(backend, x), floats(backend, y)];
  for (let i = periods * period; i < xs.length; i++) {
    const c = i % channels;
    const centred = ys[i]! - minusY[c]!;
    sums[c]! += centred;
    products[c]! += (xs[i]! - minusX[c]!) * centred;
  }
  for (const tensor of [partial, coefficients]) backend.disposeData(tensor.dataId);
  return { sums, products };
}

/** (x − minusX)·timesX + (y − minusY)·timesY, channel by channel. */
function affinePair(
  backend: BackendWasm,
  [x, minusX, timesX]: readonly [tf.TensorInfo, Float32Array, Float32Array],
  [y, minusY, timesY]: readonly [tf.TensorInfo, Float32Array, Float32Array],
): tf.TensorInfo {
  const output = backend.makeOutput(x.shape, 'float32');
  const channels = minusX.length;
  const { period, periods } = tiling(backend, x, channels);
  const coefficients = tiled(backend, [minusX, timesX, minusY, timesY], period);
  rowLoopsOf(backend).affinePair({
    x: address(backend, x),
    y: address(backend, y),
    out: address(backend, output),
    coefficients: address(backend, coefficients),
    period,
    periods,
  });
  backend.disposeData(coefficients.dataId);
  const [xs, ys, out] = [floats(backend, x), floats(backend, y), floats(backend, output)];
  for (let i = periods * period; i < out.length; i++) {
    const c = i % channels;
    out[i] = (xs[i]! - minusX[c]!) * timesX[c]! + (ys[i]! - minusY[c]!) * timesY[c]!;
  }
  return output;
}

function vectorOf(backend: BackendWasm, values: ArrayLike<number>): tf.TensorInfo {
  const output = backend.makeOutput([values.length], 'float32');
  floats(backend, output).set(values);
  return output;
}

const copied = (backend: BackendWasm, tensor: tf.TensorInfo | undefined): Float32Array | undefined =>
  tensor && floats(backend, tensor).slice();

const batchNormalization: WasmKernel<tf.TensorInfo[]> = ({ inputs, attrs, backend }) => {
  requireFloats('BatchNormalization', inputs);
  const x = input(inputs, 'x');
  const channels = x.shape.at(-1)!;
  const scale = copied(backend, inputs['scale']);
  const count = floats(backend, x).length / channels;
  // About the first row, which is of the size of the mean, and then about the mean.
  const pivot = floats(backend, x).slice(0, channels);
  const rough = productSums(backend, [x, pivot], [x, pivot]).sums;
  const mean = pivot.map((value, c) => value + rough[c]! / count);
  const { sums, products } = productSums(backend, [x, mean], [x, mean]);
  const variance = mean.map((_, c) => Math.max(0, products[c]! / count - (sums[c]! / count) ** 2));
  const epsilon = attrs['epsilon'] as number;
  const output = affine(backend, x, {
    minus: mean,
    times: variance.map((value, c) => (scale?.[c] ?? 1) / Math.sqrt(value + epsilon)),
    plus: copied(backend, inputs['offset']) ?? new Float32Array(channels),
  });
  return [output, vectorOf(backend, mean), vectorOf(backend, variance)];
};

const batchNormalizationGradient: WasmKernel<tf.TensorInfo[]> = ({ inputs, attrs, backend }) => {
  requireFloats('BatchNormalizationGradient', inputs);
  const [dy, x] = [input(inputs, 'dy'), input(inputs, 'x')];
  const mean = floats(backend, input(inputs, 'mean')).slice();
  const scale = copied(backend, inputs['scale']);
  const count = floats(backend, x).length / mean.length;
  const epsilon = attrs['epsilon'] as number;
  const inverse = Float64Array.from(
    floats(backend, input(inputs, 'variance')),
    (value) => 1 / Math.sqrt(value + epsilon),
  );
  const { sums, products } = productSums(backend, [x, mean], [dy, new Float32Array(mean.length)]);
  const factors = inverse.map((value, c) => value * (scale?.[c] ?? 1));
  const timesX = factors.map((value, c) => (-value * inverse[c]! ** 2 * products[c]!) / count);
  const minusY = Float32Array.from(sums, (sum) => sum / count);
  const dx = affinePair(
    backend,
    [x, mean, Float32Array.from(timesX)],
    [dy, minusY, Float32Array.from(factors)],
  );
  const dScale = products.map((product, c) => product * inverse[c]!);
  return [dx, vectorOf(backend, dScale), vectorOf(backend, sums)];
};

/** dy where x > 0, elsewhere `slope` times dy. */
function slopes(backend: BackendWasm, dy: tf.TensorInfo, x: tf.TensorInfo, slope: number): tf.TensorInfo[] {
  const output = backend.makeOutput(dy.shape, 'float32');
  const factor = vectorOf(backend, [slope]);
  const size = floats(backend, output).length;
  const count = size - (size % 4);
  rowLoopsOf(backend).slope({
    dy: address(backend, dy),
    x: address(backend, x),
    out: address(backend, output),
    slope: address(backend, factor),
    count,
  });
  const [dys, xs, out] = [dy, x, output].map((tensor) => floats(backend, tensor));
  for (let i = count; i < size; i++) out![i] = xs![i]! > 0 ? dys![i]! : dys![i]! * Math.fround(slope);
  backend.disposeData(factor.dataId);
  return [output];
}

const reluGradient: WasmKernel<tf.TensorInfo[]> = ({ inputs, backend }) => {
  requireFloats('ReluGradient', inputs);
  return slopes(backend, input(inputs, 'dy'), input(inputs, 'y'), 0);
};

const leakyReluGradient: WasmKernel<tf.TensorInfo[]> = ({ inputs, attrs, backend }) => {
  requireFloats('LeakyReluGradient', inputs);
  return slopes(backend, input(inputs, 'dy'), input(inputs, 'x'), attrs['alpha'] as number);
};

export const FUSED_KERNELS: Readonly<Record<FusedKernel, WasmKernel<tf.TensorInfo[]>>> = {
  BatchNormalization: batchNormalization,
  BatchNormalizationGradient: batchNormalizationGradient,
  ReluGradient: reluGradient,
  LeakyReluGradient: leakyReluGradient,
};
