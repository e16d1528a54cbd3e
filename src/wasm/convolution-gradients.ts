/**
 * The gradients of a two-dimensional convolution y[p] = Σ_t x[s·p + t − pad] w[t] (p an output pixel, t a tap of the filter,
 * s the stride), channels last:
 *
 *     ∂w[t][c, o] = Σ_p x[s·p + t − pad][c] · dy[p][o]
 *     ∂x[q][c]    = Σ_t dy[(q + pad − t) / s][o] · w[t][c, o],  over the taps for which the division has no remainder
 *
 * as in Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016). Both are sums of products of
 * matrices that lie in memory already, with strides. The filter's is a product of columns of pixels.
 * The input's falls apart into s × s interleaved convolutions without stride, so that no product with a zero is made.
 */
import * as tf from '@tensorflow/tfjs';
import {
  address,
  blocksOf,
  floats,
  input,
  requireFloats,
  rowLoopsOf,
  runKernel,
  zeros,
  type BackendWasm,
  type WasmKernel,
} from './backend.ts';
import { columnBlocks, rowBlocks, type MultiplyAccumulate } from './multiply-accumulate.ts';

type ConvolutionInfo = tf.backend_util.Conv2DInfo;

/** What one pass over the blocks reads, images or rows of them, in bytes: about what the second-level cache holds. */
const CACHED = 192 * 1024;
const FLOAT = 4;
/** Channels whose products are added up in one go: in single precision a sum of shorter sums is the more exact one. */
const RUN = 64;

function convolution(
  kernel: string,
  x: number[],
  filter: number[],
  { strides, pad, dimRoundingMode, dataFormat }: Omit<tf.Conv2DBackpropInputAttrs, 'inputShape'>,
): ConvolutionInfo {
  if (dataFormat !== 'NHWC')
    throw new Error(`${kernel} on wasm: expected dataFormat 'NHWC', received '${dataFormat}'.`);
  return tf.backend_util.computeConv2DInfo(
    x as [number, number, number, number],
    filter as [number, number, number, number],
    strides,
    1,
    pad,
    dimRoundingMode,
    false,
    'channelsLast',
  );
}

/** The op checks the depth of dy alone, so that other sizes would be read beyond the tensor's end. */
function checkOutput(kernel: string, dy: tf.TensorInfo, { outShape }: ConvolutionInfo): void {
  if (!tf.util.arraysEqual(dy.shape, outShape))
    throw new Error(
      `${kernel} on wasm: expected dy to have the shape [${outShape}], received [${dy.shape}].`,
    );
}

/** The outputs p of one axis for which tap t reads inside the input: [first, one past the last). */
function reached(tap: number, pad: number, stride: number, size: number, outputs: number): [number, number] {
  const first = Math.max(0, Math.ceil((pad - tap) / stride));
  const end = Math.min(outputs, Math.floor((size - 1 + pad - tap) / stride) + 1);
  return [first, Math.max(first, end)];
}

/** ∂w of a convolution: inputs x [n, h, w, c] and dy [n, h', w', o]; returns [kh, kw, c, o]. */
export const convolutionFilterGradient: WasmKernel<tf.TensorInfo, tf.Conv2DBackpropFilterAttrs> = ({
  inputs,
  attrs,
  backend,
}) => {
  const [x, dy] = [input(inputs, 'x'), input(inputs, 'dy')];
  requireFloats('Conv2DBackpropFilter', { x, dy });
  const info = convolution('Conv2DBackpropFilter', x.shape, attrs.filterShape, attrs);
  checkOutput('Conv2DBackpropFilter', dy, info);
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const output = zeros(backend, info.filterShape);
  const blocks = blocksOf(backend);
  const [xStart, dyStart, outStart] = [address(backend, x), address(backend, dy), address(backend, output)];
  const [xPixel, dyPixel] = [inChannels * FLOAT, outChannels * FLOAT];
  const [xImage, dyImage] = [inHeight * inWidth * xPixel, outHeight * outWidth * dyPixel];
  const rowBytes = inWidth * xPixel * strideHeight + outWidth * dyPixel;
  const band = Math.max(1, Math.min(outHeight, Math.floor(CACHED / rowBytes)));
  const together = Math.max(1, Math.floor(CACHED / (xImage + dyImage)));
  const [ofChannels, ofOutputs] = [rowBlocks(inChannels), columnBlocks(outChannels)];

  for (let image = 0; image < batchSize; image += together)
    for (let start = 0; start < outHeight; start += band)
      for (let i = 0; i < filterHeight; i++) {
        const [first, end] = reached(i, padInfo.top, strideHeight, inHeight, outHeight);
        const [top, bottom] = [Math.max(first, start), Math.min(end, start + band)];
        for (let j = 0; j < filterWidth; j++) {
          const [left, right] = reached(j, padInfo.left, strideWidth, inWidth, outWidth);
          const xPosition =
            (top * strideHeight + i - padInfo.top) * inWidth + left * strideWidth + j - padInfo.left;
          const a = xStart + image * xImage + xPosition * xPixel;
          const b = dyStart + image * dyImage + (top * outWidth + left) * dyPixel;
          const out = outStart + (i * filterWidth + j) * inChannels * dyPixel;
          for (const { column, width } of ofOutputs)
            for (const { row, height, blocks: count } of ofChannels)
              blocks(height, width, count, {
                a: a + row * FLOAT,
                b: b + column * FLOAT,
                out: out + row * dyPixel + column * FLOAT,
                counts: [right - left, bottom - top, Math.min(together, batchSize - image)],
                aStrides: [strideWidth * xPixel, strideHeight * inWidth * xPixel, xImage],
                bStrides: [dyPixel, outWidth * dyPixel, dyImage],
                aStrideOfM: FLOAT,
                outStrideOfM: dyPixel,
              });
        }
      }
  return output;
};

/**
 * ∂x of a convolution: inputs dy [n, h', w', o] and filter [kh, kw, c, o]; returns [n, h, w, c]. This is also the
 * transposed convolution.
 */
export const convolutionInputGradient: WasmKernel<tf.TensorInfo, tf.Conv2DBackpropInputAttrs> = ({
  inputs,
  attrs,
  backend,
}) => {
  const [dy, filter] = [input(inputs, 'dy'), input(inputs, 'filter')];
  requireFloats('Conv2DBackpropInput', { dy, filter });
  const info = convolution('Conv2DBackpropInput', attrs.inputShape, filter.shape, attrs);
  checkOutput('Conv2DBackpropInput', dy, info);
  const channels = wholeVectors(info.inChannels);
  const output = zeros(backend, [...info.inShape.slice(0, 3), channels]);
  const packed = packFilter(backend, filter, channels);
  addRows(backend, info, { dy, packed, output });
  backend.disposeData(packed.dataId);
  if (channels === info.inChannels) return output;
  const used = runKernel(backend, 'Slice', { x: output }, { begin: [0, 0, 0, 0], size: info.inShape });
  backend.disposeData(output.dataId);
  return used;
};

/** The channels of ∂x that are computed: a single one takes as long as four. */
const wholeVectors = (channels: number): number => Math.ceil(channels / 4) * 4;

/** Positions of the input along one axis, a stride apart, that are reached through the same taps. */
interface Span {
  readonly start: number;
  count: number;
  /** The taps: tap, tap + stride, …, `taps` in all, of which each reads an output inside dy. */
  readonly tap: number;
  readonly taps: number;
  /** What `start` reads through the first tap; each further tap reads the output before, each further position the next. */
  readonly output: number;
}

function spans(
  pad: number,
  stride: number,
  size: number,
  inputs: number,
  outputs: number,
): readonly Readonly<Span>[] {
  const all: Span[] = [];
  for (let phase = 0; phase < Math.min(stride, inputs); phase++)
    for (let start = phase; start < inputs; start += stride) {
      const nearest = (((start + pad) % stride) + stride) % stride;
      // The outputs that the nearest tap would read, were dy without end, and through the taps before the filter's end.
      const unbounded = (start + pad - nearest) / stride;
      const skipped = Math.max(0, unbounded - (outputs - 1));
      const taps = Math.min(Math.ceil((size - nearest) / stride) - 1, unbounded) - skipped + 1;
      if (taps < 1) continue;
      const [tap, output] = [nearest + skipped * stride, unbounded - skipped];
      const last = all.at(-1);
      if (last?.tap === tap && last.taps === taps && last.output + last.count === output) last.count++;
      else all.push({ start, count: 1, tap, taps, output });
    }
  return all;
}

/**
 * The filter with zeros up to so many channels, as [channels / 8][kh][kw][o][8 of c], so that a block reads it in one run.
 * Four that are left over follow likewise.
 */
function packFilter(backend: BackendWasm, filter: tf.TensorInfo, channels: number): tf.TensorInfo {
  const [height, width, used, outputs] = filter.shape as [number, number, number, number];
  const taps = height * width;
  const packed = backend.makeOutput([height, width, channels, outputs], 'float32');
  const [from, to] = [address(backend, filter), address(backend, packed)];
  const { interleave } = rowLoopsOf(backend);
  for (const { column, width: together } of columnBlocks(channels))
    for (let c = column; c < Math.min(column + together, used - (used % 4)); c += 4)
      interleave({
        ...{ rows: taps, columns: outputs, apart: outputs * FLOAT, toApart: together * FLOAT },
        ...{ from: from + c * outputs * FLOAT, fromStride: used * outputs * FLOAT },
        to: to + (column * taps * outputs + c - column) * FLOAT,
        toStride: outputs * together * FLOAT,
      });
  if (used < channels) packLast(floats(backend, filter), floats(backend, packed), filter.shape, channels);
  return packed;
}

/** The last four channels, of which fewer are there. */
function packLast(from: Float32Array, to: Float32Array, shape: readonly number[], channels: number): void {
  const [height, width, used, outputs] = shape as [number, number, number, number];
  const { column, width: together } = columnBlocks(channels).at(-1)!;
  for (let tap = 0; tap < height * width; tap++)
    for (let o = 0; o < outputs; o++)
      for (let c = channels - 4; c < channels; c++) {
        const at = column * height * width * outputs + (tap * outputs + o) * together + c - column;
        to[at] = c < used ? from[(tap * used + c) * outputs + o]! : 0;
      }
}

function addRows(
  backend: BackendWasm,
  info: ConvolutionInfo,
  tensors: Readonly<Record<'dy' | 'packed' | 'output', tf.TensorInfo>>,
): void {
  const blocks = blocksOf(backend);
  const { outChannels, inHeight, inWidth, outHeight, outWidth, padInfo } = info;
  const { strideHeight, strideWidth, filterHeight, filterWidth } = info;
  const [dyStart, filterStart] = [address(backend, tensors.dy), address(backend, tensors.packed)];
  const xStart = address(backend, tensors.output);
  const channels = tensors.output.shape[3]!;
  const [dyPixel, xPixel] = [outChannels * FLOAT, channels * FLOAT];
  const [dyRow, xRow] = [outWidth * dyPixel, inWidth * xPixel];
  const [dyImage, xImage] = [outHeight * dyRow, inHeight * xRow];
  const rows = spans(padInfo.top, strideHeight, filterHeight, inHeight, outHeight);
  const columns = spans(padInfo.left, strideWidth, filterWidth, inWidth, outWidth);
  const filterColumns = columnBlocks(channels);
  const rowBytes = Math.max(1, ...rows.map(({ taps }) => taps)) * dyRow + xRow;
  const together = Math.max(1, Math.floor(CACHED / rowBytes));
  for (let image = 0; image < info.batchSize; image += together) {
    const images = { count: Math.min(together, info.batchSize - image), aStride: dyImage, outStride: xImage };
    for (const row of rows) {
      const alike = { count: row.count, aStride: dyRow, outStride: strideHeight * xRow };
      // The longer one is left to the loop in WebAssembly.
      const [longer, shorter] = alike.count > images.count ? [alike, images] : [images, alike];
      const dyImages = dyStart + image * dyImage + row.output * dyRow;
      const xImages = xStart + image * xImage + row.start * xRow;
      for (let k = 0; k < shorter.count; k++)
        for (const column of columns) {
          const pixels = { count: column.count, aStride: dyPixel, outStride: strideWidth * xPixel };
          const [blockRows, repeats] = inBlocks(pixels, longer);
          const ofRows = rowBlocks(blockRows.count);
          const a = dyImages + k * shorter.aStride + column.output * dyPixel;
          const out = xImages + k * shorter.outStride + column.start * xPixel;
          for (const { column: channel, width } of filterColumns) {
            const tap = outChannels * width * FLOAT;
            const b =
              filterStart +
              channel * filterHeight * filterWidth * dyPixel +
              (row.tap * filterWidth + column.tap) * tap;
            for (let output = 0; output < outChannels; output += RUN)
              for (const { row: first, height, blocks: count } of ofRows)
                blocks(height, width, count, {
                  a: a + first * blockRows.aStride + output * FLOAT,
                  b: b + output * width * FLOAT,
                  out: out + first * blockRows.outStride + channel * FLOAT,
                  counts: [Math.min(RUN, outChannels - output), column.taps, row.taps],
                  aStrides: [FLOAT, -dyPixel, -dyRow],
                  bStrides: [width * FLOAT, strideWidth * tap, strideHeight * filterWidth * tap],
                  aStrideOfM: blockRows.aStride,
                  outStrideOfM: blockRows.outStride,
                  repeats,
                });
          }
        }
    }
  }
}

/** So many steps through dy and ∂x. */
type Steps = NonNullable<MultiplyAccumulate['repeats']>;

/** Which of the two becomes the rows of the blocks, as fuller blocks do more at a time, and which is repeated. */
function inBlocks(pixels: Steps, others: Steps): readonly [Steps, Steps] {
  // In the time that one row of a block of four takes; a row alone takes almost as long as three.
  const cost = ({ count }: Steps, repeats: Steps): number =>
    repeats.count *
    rowBlocks(count).reduce((total, { height, blocks }) => total + blocks * Math.max(3, height), 0);
  return cost(pixels, others) <= cost(others, pixels) ? [pixels, others] : [others, pixels];
}
