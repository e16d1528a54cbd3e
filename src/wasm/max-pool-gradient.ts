/**
 * In the gradient of max pooling, all of an output's gradient goes to the first largest pixel of its window, in
 * row-major order, as in tfjs's pure-JavaScript backend. A window without a number (padding alone, NaN) gives it to
 * none. One pass over the outputs, four channels at a time; the backend's own kernel walks over the inputs and
 * searches all windows that hold each.
 */
import * as tf from '@tensorflow/tfjs';
import { address, input, requireFloats, windowLoopOf, zeros, type WasmKernel } from './backend.ts';

const FLOAT = 4;

/** ∂x of max pooling: inputs dy [n, h', w', c] and input [n, h, w, c]; returns [n, h, w, c]. */
export const maxPoolGradient: WasmKernel<tf.TensorInfo, tf.MaxPoolGradAttrs> = ({
  inputs,
  attrs,
  backend,
}) => {
  const [dy, x] = [input(inputs, 'dy'), input(inputs, 'input')];
  requireFloats('MaxPoolGrad', { dy, input: x });
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = x.shape as [number, number, number, number];
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const { batchSize, inHeight, inWidth, inChannels: channels, outHeight, outWidth, padInfo } = info;
  const { strideHeight, strideWidth, filterHeight, filterWidth } = info;
  const output = zeros(backend, shape);
  const add = windowLoopOf(backend);
  const pixelStride = channels * FLOAT;
  const rowStride = inWidth * pixelStride;
  const [xStart, dyStart] = [address(backend, x), address(backend, dy)];
  const runs = runsOfWindows(outWidth, strideWidth, filterWidth, padInfo.left, inWidth);
  const toGradient = address(backend, output) - xStart;
  for (let image = 0; image < batchSize; image++)
    for (let outRow = 0; outRow < outHeight; outRow++) {
      const row = outRow * strideHeight - padInfo.top;
      const [top, bottom] = [Math.max(0, row), Math.min(inHeight, row + filterHeight)];
      for (const { first, outputs, left, columns } of runs)
        add({
          toGradient,
          channels,
          rowStride,
          pixelStride,
          x: xStart + (image * inHeight + top) * rowStride + left * pixelStride,
          dy: dyStart + ((image * outHeight + outRow) * outWidth + first) * pixelStride,
          rows: bottom - top,
          columns,
          outputs,
          xStep: strideWidth * pixelStride,
          dyStep: pixelStride,
        });
    }
  return output;
};

/** Outputs of a row, from `first` on, whose windows have as many columns within the input, the first window's from `left` on. */
type Run = Readonly<Record<'first' | 'outputs' | 'left' | 'columns', number>>;

function runsOfWindows(outputs: number, stride: number, size: number, pad: number, width: number): Run[] {
  const runs: Run[] = [];
  for (let first = 0; first < outputs; first++) {
    const [start, end] = [first * stride - pad, first * stride - pad + size];
    const [left, columns] = [Math.max(0, start), Math.min(width, end) - Math.max(0, start)];
    const last = runs.at(-1);
    if (last?.columns === size && columns === size)
      runs[runs.length - 1] = { ...last, outputs: last.outputs + 1 };
    else runs.push({ first, outputs: 1, left, columns });
  }
  return runs.filter(({ columns }) => columns > 0);
}
