/**
 * The gradients of a two-dimensional convolution y[p] = Σ_t x[s·p + t − pad] w[t] (p an output pixel, t a tap of the filter,
 * s the stride), channels last:
 *
 *     ∂w[t][c, o] = Σ_p x[s·p + t − pad][c] · dy[p][o]
 *     ∂x[q][c]    = Σ_t dy[(q + pad − t) / s][o] · w[t][c, o],  over the taps for which the division has no remainder
 *
 * as in Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016). Both are sums of products of
 * matrices that lie in memory already, with strides. The filter's is a product of columns of pixels, image by image.
 * The input's falls apart into s × s interleaved convolutions without stride, so that no product with a zero is made.
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
import {
  columnBlocks,
  rowBlocks,
  type BlockFunction,
  type Columns,
  type MultiplyAccumulate,
} from './multiply-accumulate.ts';

type ConvolutionInfo = tf.backend_util.Conv2DInfo;

/** What one pass over the blocks reads, images or rows of one, in bytes: about what the second-level cache holds. */
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

  for (let image = 0; image < batchSize; image += together)
    for (let start = 0; start < outHeight; start += band)
      for (let i = 0; i < filterHeight; i++) {
        const [first, end] = reached(i, padInfo.top, strideHeight, inHeight, outHeight);
        const [top, bottom] = [Math.max(first, start), Math.min(end, start + band)];
        for (let j = 0; j < filterWidth; j++) {
          const [left, right] = reached(j, padInfo.left, strideWidth, inWidth, outWidth);
          const xPosition =
            (top * strideHeight + i - padInfo.top) * inWidth + left * strideWidth + j - padInfo.left;
          accumulate(blocks, inChannels, outChannels, {
            a: xStart + image * xImage + xPosition * xPixel,
            b: dyStart + image * dyImage + (top * outWidth + left) * dyPixel,
            out: outStart + (i * filterWidth + j) * inChannels * dyPixel,
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

/** Covers m × n sums with the blocks that there are. */
function accumulate(blocks: BlockFunction, m: number, n: number, operands: MultiplyAccumulate): void {
  for (const { column, width } of columnBlocks(n)) {
    const [b, out] = [operands.b + column * FLOAT, operands.out + column * FLOAT];
    accumulateColumns(blocks, m, width, { ...operands, b, out });
  }
}

function accumulateColumns(blocks: BlockFunction, m: number, n: Columns, operands: MultiplyAccumulate): void {
  const { aStrideOfM, outStrideOfM } = operands;
  for (const { row, height, blocks: count } of rowBlocks(m)) {
    const [a, out] = [operands.a + row * aStrideOfM, operands.out + row * outStrideOfM];
    blocks(height, n, count, { ...operands, a, out });
  }
}

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
  const rows = phases(info.padInfo.top, info.strideHeight, info.filterHeight, info.inHeight);
  const columns = phases(info.padInfo.left, info.strideWidth, info.filterWidth, info.inWidth);
  const border = {
    left: Math.max(0, ...columns.map(({ first, taps }) => taps - 1 - first)),
    right: Math.max(0, ...columns.map(({ first, count }) => first + count - info.outWidth)),
  };
  const padded = withBorder(backend, dy, border);
  const output = zeros(backend, info.inShape);
  const packed = packFilter(backend, filter, info);
  addPhases(backend, info, { rows, columns, border, padded, packed, output });
  for (const temporary of [padded, packed]) backend.disposeData(temporary.dataId);
  return output;
};

interface Phase {
  /** The first input position of the phase; the next ones are a stride apart, `count` in all. */
  readonly start: number;
  readonly count: number;
  /** Its taps: tap, tap + stride, …, `taps` in all. */
  readonly tap: number;
  readonly taps: number;
  /** The output that the first position reads through the first tap; each further tap reads the one before. */
  readonly first: number;
}

function phases(pad: number, stride: number, size: number, inputs: number): Phase[] {
  return Array.from({ length: Math.min(stride, inputs) }, (_, start) => {
    const tap = (start + pad) % stride;
    return {
      start,
      count: Math.ceil((inputs - start) / stride),
      tap,
      taps: Math.max(0, Math.ceil((size - tap) / stride)),
      first: (start + pad - tap) / stride,
    };
  }).filter(({ taps }) => taps > 0);
}

type Border = Readonly<Record<'left' | 'right', number>>;

/** Columns of zeros on both sides; the caller disposes it. */
function withBorder(backend: BackendWasm, x: tf.TensorInfo, { left, right }: Border): tf.TensorInfo {
  const paddings = [
    [0, 0],
    [0, 0],
    [left, right],
    [0, 0],
  ];
  return runKernel(backend, 'PadV2', { x }, { paddings, constantValue: 0 });
}

/** The filter as [columns / 8][kh][kw][o][8 of c], so that a block reads it in one run; what is left over in 4 and 1. */
function packFilter(backend: BackendWasm, filter: tf.TensorInfo, info: ConvolutionInfo): tf.TensorInfo {
  const packed = backend.makeOutput(filter.shape, 'float32');
  const [from, to] = [floats(backend, filter), floats(backend, packed)];
  const { filterHeight, filterWidth, inChannels: channels, outChannels: outputs } = info;
  let next = 0;
  for (const { column, width } of columnBlocks(channels))
    for (let tap = 0; tap < filterHeight * filterWidth; tap++)
      for (let o = 0; o < outputs; o++)
        for (let c = column; c < column + width; c++) to[next++] = from[(tap * channels + c) * outputs + o]!;
  return packed;
}

interface InputGradient {
  readonly rows: readonly Phase[];
  readonly columns: readonly Phase[];
  readonly border: Border;
  readonly padded: tf.TensorInfo;
  readonly packed: tf.TensorInfo;
  readonly output: tf.TensorInfo;
}

function addPhases(
  backend: BackendWasm,
  info: ConvolutionInfo,
  { rows, columns, border, padded, packed, output }: InputGradient,
): void {
  const blocks = blocksOf(backend);
  const { inChannels, outChannels, inHeight, inWidth, strideHeight, strideWidth, filterHeight, filterWidth } =
    info;
  const [dyStart, filterStart] = [address(backend, padded), address(backend, packed)];
  const xStart = address(backend, output);
  const paddedWidth = padded.shape[2]!;
  const [dyPixel, xPixel] = [outChannels * FLOAT, inChannels * FLOAT];
  const filterColumns = columnBlocks(inChannels);
  for (let image = 0; image < info.batchSize; image++)
    for (const row of rows)
      for (let k = 0; k < row.count; k++) {
        // The taps that read inside the rows of dy.
        const skipped = Math.max(0, row.first + k - (info.outHeight - 1));
        const taps = Math.min(row.taps - 1, row.first + k) - skipped + 1;
        if (taps < 1) continue;
        const dyRow = (image * info.outHeight + row.first + k - skipped) * paddedWidth + border.left;
        const firstTap = row.tap + skipped * strideHeight;
        const xRow = (image * inHeight + row.start + k * strideHeight) * inWidth;
        for (const column of columns)
          for (const { column: channel, width } of filterColumns) {
            const tap = outChannels * width * FLOAT;
            const filterBlock = channel * filterHeight * filterWidth * dyPixel;
            for (let output = 0; output < outChannels; output += RUN)
              accumulateColumns(blocks, column.count, width, {
                a: dyStart + (dyRow + column.first) * dyPixel + output * FLOAT,
                b:
                  filterStart +
                  filterBlock +
                  (firstTap * filterWidth + column.tap) * tap +
                  output * width * FLOAT,
                out: xStart + (xRow + column.start) * xPixel + channel * FLOAT,
                counts: [Math.min(RUN, outChannels - output), column.taps, taps],
                aStrides: [FLOAT, -dyPixel, -paddedWidth * dyPixel],
                bStrides: [width * FLOAT, strideWidth * tap, strideHeight * filterWidth * tap],
                aStrideOfM: dyPixel,
                outStrideOfM: strideWidth * xPixel,
              });
          }
      }
}
