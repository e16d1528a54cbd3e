/**
 * The gradients of a depthwise convolution, channels last: with y[p][c·k + m] = Σ_t x[s·p + d·t − pad][c] w[t][c, m]
 * (k the channel multiplier, s the stride, d the dilation),
 *
 *     ∂w[t][c, m] = Σ_p x[s·p + d·t − pad][c] dy[p][c·k + m],    ∂x[s·p + d·t − pad][c] += Σ_m dy[p][c·k + m] w[t][c, m].
 *
 * Every pair of pixels is met once, and its channels lie side by side in memory.
 */
import * as tf from '@tensorflow/tfjs';
import { floats, input, requireFloats, zeros, type WasmKernel } from './backend.ts';

type Shape4 = [number, number, number, number];

function convolution(
  x: number[],
  filter: number[],
  {
    strides,
    dilations,
    pad,
    dimRoundingMode,
  }: Omit<tf.DepthwiseConv2dNativeBackpropInputAttrs, 'inputShape'>,
): tf.backend_util.Conv2DInfo {
  return tf.backend_util.computeConv2DInfo(
    x as Shape4,
    filter as Shape4,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  );
}

/** Calls `visit` with the positions of the first channels of x, dy and w for each pair of pixels and the tap between them. */
function eachPair(info: tf.backend_util.Conv2DInfo, visit: (x: number, dy: number, w: number) => void): void {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padInfo } =
    info;
  for (let image = 0; image < batchSize; image++)
    for (let outRow = 0; outRow < outHeight; outRow++)
      for (let i = 0; i < filterHeight; i++) {
        const row = outRow * strideHeight + i * dilationHeight - padInfo.top;
        if (row < 0 || row >= inHeight) continue;
        for (let outColumn = 0; outColumn < outWidth; outColumn++)
          for (let j = 0; j < filterWidth; j++) {
            const column = outColumn * strideWidth + j * dilationWidth - padInfo.left;
            if (column < 0 || column >= inWidth) continue;
            visit(
              ((image * inHeight + row) * inWidth + column) * inChannels,
              ((image * outHeight + outRow) * outWidth + outColumn) * outChannels,
              (i * filterWidth + j) * outChannels,
            );
          }
      }
}

/** ∂w of a depthwise convolution: inputs x [n, h, w, c] and dy [n, h', w', c·k]; returns [kh, kw, c, k]. */
export const depthwiseFilterGradient: WasmKernel<
  tf.TensorInfo,
  tf.DepthwiseConv2dNativeBackpropFilterAttrs
> = ({ inputs, attrs, backend }) => {
  const [x, dy] = [input(inputs, 'x'), input(inputs, 'dy')];
  requireFloats('DepthwiseConv2dNativeBackpropFilter', { x, dy });
  const info = convolution(x.shape, attrs.filterShape, attrs);
  const output = backend.makeOutput(info.filterShape, 'float32');
  const [xs, dys] = [floats(backend, x), floats(backend, dy)];
  const multiplier = info.outChannels / info.inChannels;
  const sums = new Float64Array(tf.util.sizeFromShape(info.filterShape));
  eachPair(info, (xAt, dyAt, wAt) => {
    for (let c = 0, d = 0; c < info.inChannels; c++)
      for (let m = 0; m < multiplier; m++, d++) sums[wAt + d]! += xs[xAt + c]! * dys[dyAt + d]!;
  });
  floats(backend, output).set(sums);
  return output;
};

/** ∂x of a depthwise convolution: inputs dy [n, h', w', c·k] and filter [kh, kw, c, k]; returns [n, h, w, c]. */
export const depthwiseInputGradient: WasmKernel<
  tf.TensorInfo,
  tf.DepthwiseConv2dNativeBackpropInputAttrs
> = ({ inputs, attrs, backend }) => {
  const [dy, filter] = [input(inputs, 'dy'), input(inputs, 'filter')];
  requireFloats('DepthwiseConv2dNativeBackpropInput', { dy, filter });
  const info = convolution(attrs.inputShape, filter.shape, attrs);
  const output = zeros(backend, info.inShape);
  const [dys, ws, dxs] = [floats(backend, dy), floats(backend, filter), floats(backend, output)];
  const multiplier = info.outChannels / info.inChannels;
  eachPair(info, (xAt, dyAt, wAt) => {
    for (let c = 0, d = 0; c < info.inChannels; c++) {
      let total = 0;
      for (let m = 0; m < multiplier; m++, d++) total += dys[dyAt + d]! * ws[wAt + d]!;
      dxs[xAt + c]! += total;
    }
  });
  return output;
};
