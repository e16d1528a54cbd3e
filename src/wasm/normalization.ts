/**
 * Normalisation by given moments, channels last: y = (x − μ) · γ/√(σ² + ε) + β, with one factor a channel. The
 * backend's own kernel takes the root anew for each number. The mean is subtracted first, so that nothing is lost
 * where it is large.
 */
import type * as tf from '@tensorflow/tfjs';
import { address, floats, input, rowLoopsOf, type BackendWasm, type WasmKernel } from './backend.ts';

/** A subtrahend, a factor and a summand for each channel. */
type Affine = Readonly<Record<'minus' | 'times' | 'plus', Float32Array>>;

/** Numbers that the loop takes between two returns to the first channel, about; they are to be worth the return. */
const PERIOD = 256;

/** Whole periods of a tensor: rows of so many floats, a multiple of four and of the channels. */
export function tiling(
  backend: BackendWasm,
  x: tf.TensorInfo,
  channels: number,
): { readonly period: number; readonly periods: number } {
  const period = 4 * channels * Math.ceil(PERIOD / (4 * channels));
  return { period, periods: channels === 0 ? 0 : Math.floor(floats(backend, x).length / period) };
}

/** Each vector of channels as a row, repeated to a period; the caller disposes it. */
export function tiled(backend: BackendWasm, vectors: readonly Float32Array[], period: number): tf.TensorInfo {
  const coefficients = backend.makeOutput([vectors.length, period], 'float32');
  const rows = floats(backend, coefficients);
  vectors.forEach((values, row) => {
    for (let at = 0; at < period; at += values.length) rows.set(values, row * period + at);
  });
  return coefficients;
}

/** (x − minus) · times + plus, channel by channel. */
export function affine(
  backend: BackendWasm,
  x: tf.TensorInfo,
  { minus, times, plus }: Affine,
): tf.TensorInfo {
  const output = backend.makeOutput(x.shape, 'float32');
  const channels = minus.length;
  const { period, periods } = tiling(backend, x, channels);
  if (periods > 0) {
    const coefficients = tiled(backend, [minus, times, plus], period);
    rowLoopsOf(backend).affine({
      x: address(backend, x),
      out: address(backend, output),
      coefficients: address(backend, coefficients),
      period,
      periods,
    });
    backend.disposeData(coefficients.dataId);
  }
  const [xs, ys] = [floats(backend, x), floats(backend, output)];
  for (let i = periods * period; i < ys.length; i++) {
    const c = i % channels;
    ys[i] = Math.fround(Math.fround(xs[i]! - minus[c]!) * times[c]!) + plus[c]!;
  }
  return output;
}

/** Inputs x [..., c] and mean, variance, scale and offset [c], the last two optional; `stock` broadcasts other shapes. */
export const fusedBatchNorm =
  (stock: tf.KernelFunc): WasmKernel =>
  ({ inputs, attrs, backend }) => {
    const x = input(inputs, 'x');
    const channels = x.shape.at(-1) ?? 0;
    const { mean, variance, scale, offset } = inputs;
    const perChannel = [mean, variance, scale, offset].every(
      (tensor) => !tensor || (tensor.shape.length === 1 && tensor.shape[0] === channels),
    );
    if (!perChannel || Object.values(inputs).some((tensor) => tensor && tensor.dtype !== 'float32'))
      return stock({ inputs, attrs, backend }) as tf.TensorInfo;
    const epsilon = attrs['varianceEpsilon'] as number;
    const factors = floats(backend, input(inputs, 'variance')).map((value) => 1 / Math.sqrt(value + epsilon));
    if (scale) floats(backend, scale).forEach((value, c) => (factors[c]! *= value));
    return affine(backend, x, {
      minus: floats(backend, input(inputs, 'mean')).slice(),
      times: factors,
      plus: offset ? floats(backend, offset).slice() : new Float32Array(channels),
    });
  };
