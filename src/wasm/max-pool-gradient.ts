/**
 * The gradient of max pooling: all of an output's gradient goes to the first largest pixel of its window, in row-major
 * order, as in tfjs's pure-JavaScript backend; a window without a number (padding alone, NaN) gives it to none. One pass over the outputs, their channels side by side; the backend's own
 * kernel walks over the inputs and searches all windows that hold each, which takes ten times as long.
 */
import * as tf from '@tensorflow/tfjs';
import { floats, input, requireFloats, zeros, type WasmKernel } from './backend.ts';

/** ∂x of max pooling: inputs dy [n, h', w', c] and input [n, h, w, c]; returns [n, h, w, c]. */
export const maxPoolGradient: WasmKernel = ({ inputs, attrs, backend }) => {
  const [dy, x] = [input(inputs, 'dy'), input(inputs, 'input')];
  requireFloats('MaxPoolGrad', { dy, input: x });
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as tf.MaxPoolGradAttrs;
  const shape = x.shape as [number, number, number, number];
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const output = zeros(backend, shape);
  const [dys, xs, dxs] = [floats(backend, dy), floats(backend, x), floats(backend, output)];
  const { batchSize, inHeight, inWidth, inChannels: channels, outHeight, outWidth, padInfo } = info;
  const { strideHeight, strideWidth, filterHeight, filterWidth } = info;
  const rowSize = inWidth * channels;
  let next = 0;
  for (let image = 0; image < batchSize; image++)
    for (let outRow = 0; outRow < outHeight; outRow++) {
      const row = outRow * strideHeight - padInfo.top;
      const [top, bottom] = [Math.max(0, row), Math.min(inHeight, row + filterHeight)];
      for (let outColumn = 0; outColumn < outWidth; outColumn++) {
        const column = outColumn * strideWidth - padInfo.left;
        const [left, right] = [Math.max(0, column), Math.min(inWidth, column + filterWidth)];
        const [first, end] = [(image * inHeight + top) * rowSize, (image * inHeight + bottom) * rowSize];
        for (let c = 0; c < channels; c++, next++) {
          let largest = -Infinity;
          let position = -1;
          for (let start = first; start < end; start += rowSize)
            for (let at = start + left * channels + c; at < start + right * channels; at += channels) {
              const value = xs[at]!;
              if (value > largest) {
                largest = value;
                position = at;
              }
            }
          if (position >= 0) dxs[position]! += dys[next]!;
        }
      }
    }
  return output;
};
