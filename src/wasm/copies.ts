/**
 * Joining, cutting and repeating tensors, which are copies of rows from one place in memory to another. The backend's own
 * kernels make two objects a row, copy the whole input out first to take a part of it, or find the place of each number.
 */
import * as tf from '@tensorflow/tfjs';
import { address, input, rowLoopsOf, type BackendWasm, type WasmKernel } from './backend.ts';

const WORD = 4;

/** Whether an element is one word of memory, whatever it means. */
const ofWords = ({ dtype }: tf.TensorInfo): boolean => dtype === 'float32' || dtype === 'int32';

/** The inputs one after the other along `axis`; what is empty, alone, or of another or of several types goes to `stock`. */
export const concat =
  (stock: tf.KernelFunc): WasmKernel =>
  ({ inputs, attrs, backend }) => {
    const parts = Object.values(inputs) as tf.TensorInfo[];
    const size = tf.util.sizeFromShape;
    const [first] = parts;
    const simple = parts.length > 1 && parts.every((part) => ofWords(part) && size(part.shape) > 0);
    if (!simple || !first || parts.some(({ dtype }) => dtype !== first.dtype))
      return stock({ inputs, attrs, backend }) as tf.TensorInfo;
    const axis = tf.util.parseAxisParam(attrs['axis'] as number, first.shape)[0]!;
    const shapes = parts.map(({ shape }) => shape);
    tf.backend_util.assertParamsConsistent(shapes, axis);
    const output = backend.makeOutput(tf.backend_util.computeOutShape(shapes, axis), first.dtype);
    const rows = size(first.shape.slice(0, axis));
    const toStride = size(output.shape.slice(axis)) * WORD;
    const { copy } = rowLoopsOf(backend);
    let to = address(backend, output);
    for (const part of parts) {
      const bytes = size(part.shape.slice(axis)) * WORD;
      copy({ from: address(backend, part), to, fromStride: bytes, toStride, rows, bytes });
      to += bytes;
    }
    return output;
  };

/** A new tensor of the box of `x` that begins at `begin`. */
function box(
  backend: BackendWasm,
  x: tf.TensorInfo,
  begin: readonly number[],
  size: readonly number[],
): tf.TensorInfo {
  const output = backend.makeOutput([...size], x.dtype);
  const strides = x.shape.map((_, axis) => tf.util.sizeFromShape(x.shape.slice(axis + 1)) * WORD);
  const cut = x.shape.map((length, axis) => size[axis] !== length);
  const last = Math.max(0, cut.lastIndexOf(true));
  const bytes = (size[last] ?? 1) * (strides[last] ?? WORD);
  const loops = rowLoopsOf(backend);
  let to = address(backend, output);
  /** Copies what lies in the box along the axes from `axis` on, of the part of x that is at `start`. */
  const copy = (axis: number, start: number): void => {
    const fromStride = strides[axis] ?? 0;
    const from = start + (begin[axis] ?? 0) * fromStride;
    if (axis >= last - 1) {
      const [rows, inside] = axis < last ? [size[axis]!, begin[last]! * strides[last]!] : [1, 0];
      loops.copy({ from: from + inside, to, fromStride, toStride: bytes, rows, bytes });
      to += rows * bytes;
    } else for (let i = 0; i < size[axis]!; i++) copy(axis + 1, from + i * fromStride);
  };
  copy(0, address(backend, x));
  return output;
}

/** The box of x from `begin` on, of the given size; other types go to `stock`. */
export const slice =
  (stock: tf.KernelFunc): WasmKernel<tf.TensorInfo, tf.SliceAttrs> =>
  ({ inputs, attrs, backend }) => {
    const x = input(inputs, 'x');
    if (!ofWords(x)) return stock({ inputs, attrs: { ...attrs }, backend }) as tf.TensorInfo;
    const { begin, size } = attrs;
    const [start, shape] = tf.slice_util.parseSliceParams(x, begin, size) as [number[], number[]];
    tf.slice_util.assertParamsValid(x, start, shape);
    return box(backend, x, start, shape);
  };

/** x in parts along `axis`; other types go to `stock`. */
export const split =
  (stock: tf.KernelFunc): WasmKernel<tf.TensorInfo[], tf.SplitVAttrs> =>
  ({ inputs, attrs, backend }) => {
    const x = input(inputs, 'x');
    if (!ofWords(x)) return stock({ inputs, attrs: { ...attrs }, backend }) as tf.TensorInfo[];
    const { numOrSizeSplits, axis } = attrs;
    const along = tf.util.parseAxisParam(axis ?? 0, x.shape)[0]!;
    const begin = x.shape.map(() => 0);
    const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, numOrSizeSplits, along);
    return sizes.map((size) => {
      const part = box(
        backend,
        x,
        begin,
        x.shape.map((length, i) => (i === along ? size : length)),
      );
      begin[along]! += size;
      return part;
    });
  };

/** x repeated along each axis as often as `reps` says; what is empty, and other types, go to `stock`. */
export const tile =
  (stock: tf.KernelFunc): WasmKernel<tf.TensorInfo, tf.TileAttrs> =>
  ({ inputs, attrs, backend }) => {
    const x = input(inputs, 'x');
    const { reps } = attrs;
    const size = tf.util.sizeFromShape;
    const repeated = reps.flatMap((times, axis) => (times === 1 ? [] : [axis]));
    if (
      !ofWords(x) ||
      size(x.shape) * size(reps) === 0 ||
      repeated.length === 0 ||
      reps.length !== x.shape.length
    )
      return stock({ inputs, attrs: { ...attrs }, backend }) as tf.TensorInfo;
    const { copy } = rowLoopsOf(backend);
    // From the last axis to the first, so that ever longer rows are copied.
    return repeated.reduceRight((from, axis) => {
      const times = reps[axis]!;
      const output = backend.makeOutput(
        from.shape.map((length, i) => (i === axis ? times * length : length)),
        x.dtype,
      );
      const [rows, bytes] = [size(from.shape.slice(0, axis)), size(from.shape.slice(axis)) * WORD];
      const [start, to] = [address(backend, from), address(backend, output)];
      for (let i = 0; i < times; i++)
        copy({ from: start, to: to + i * bytes, fromStride: bytes, toStride: times * bytes, rows, bytes });
      if (from !== x) backend.disposeData(from.dataId);
      return output;
    }, x);
  };
