/** What training asks of a backend, tried on a few numbers before a run begins instead of failing in its first step. */
import * as tf from '@tensorflow/tfjs';

interface Capability {
  readonly name: string;
  readonly compute: () => tf.Tensor;
  readonly expected: readonly number[];
}

/** Pixels 0 … 15, four rows of four. */
const image = (): tf.Tensor4D => tf.range(0, 16).reshape([1, 4, 4, 1]);
const ones = (shape: [number, number, number, number]): tf.Tensor4D => tf.ones(shape);
const range = (length: number): readonly number[] => Array.from({ length }, (_, i) => i);

/** Results worked out by hand. */
const CAPABILITIES: readonly Capability[] = [
  {
    // Each tap of a 2×2 filter meets nine of the sixteen pixels.
    name: 'gradient of a convolution with respect to its filter',
    compute: () => tf.grad((f) => tf.conv2d(image(), f as tf.Tensor4D, 1, 'valid'))(ones([2, 2, 1, 1])),
    expected: [45, 54, 81, 90],
  },
  {
    // Every pixel counts once for each of the nine windows that it lies in.
    name: 'gradient of a convolution with respect to its input',
    compute: () => tf.grad((x) => tf.conv2d(x as tf.Tensor4D, ones([2, 2, 1, 1]), 1, 'valid'))(image()),
    expected: [1, 2, 2, 1, 2, 4, 4, 2, 2, 4, 4, 2, 1, 2, 2, 1],
  },
  {
    // Stride 2 and a filter of four ones: every pixel becomes four of its value.
    name: 'transposed convolution',
    compute: () => tf.conv2dTranspose(image(), ones([2, 2, 1, 1]), [1, 8, 8, 1], 2, 'same'),
    expected: range(64).map((i) => 4 * Math.floor(i / 16) + Math.floor((i % 8) / 2)),
  },
  {
    // Twice the sum, over the nine windows, of how often the pixel under the tap counts: 2 · 25 for each tap.
    name: 'gradient of the square of a gradient',
    compute: () =>
      tf.grad((f) => {
        const slope = tf.grad((x) => tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1, 'valid'));
        return slope(image()).square();
      })(ones([2, 2, 1, 1])),
    expected: [50, 50, 50, 50],
  },
  {
    name: 'gradient of max pooling',
    compute: () => tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'))(image()),
    expected: range(16).map((i) => ([5, 7, 13, 15].includes(i) ? 1 : 0)),
  },
  {
    name: 'gradient of gather',
    compute: () => tf.grad((x) => tf.gather(x, tf.tensor1d([0, 2, 2], 'int32')))(tf.tensor1d([1, 2, 3])),
    expected: [1, 0, 2],
  },
  {
    name: 'gradient of softmax',
    compute: () => tf.grad((x) => tf.logSoftmax(x).slice([0, 0], [1, 1]))(tf.tensor2d([[0, 0]])),
    expected: [0.5, -0.5],
  },
  {
    // A column in front that mirrors the second one, as in reflection padding.
    name: 'slices, reversal and concatenation',
    compute: () => tf.concat([image().slice([0, 0, 0, 0], [1, 4, 2, 1]).reverse(2), image()], 2),
    expected: [0, 4, 8, 12].flatMap((row) => [1, 0, 0, 1, 2, 3].map((column) => row + column)),
  },
];

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

async function shortcoming({ name, compute, expected }: Capability): Promise<string | null> {
  try {
    const result = tf.tidy(compute);
    const values = await result.data();
    result.dispose();
    const wrong = expected.findIndex((value, i) => !(Math.abs(value - values[i]!) < 1e-3));
    return wrong < 0 ? null : `${name}: expected ${expected[wrong]} at ${wrong}, found ${values[wrong]}`;
  } catch (error) {
    return `${name}: ${firstLine(error)}`;
  }
}

/** tfjs's WebGPU backend computes numbers as few as these on the CPU, unless told not to. */
async function onTheDevice<A>(body: () => Promise<A>): Promise<A> {
  const flag = 'WEBGPU_CPU_FORWARD';
  if (tf.getBackend() !== 'webgpu') return body();
  const before = tf.env().getBool(flag);
  tf.env().set(flag, false);
  try {
    return await body();
  } finally {
    tf.env().set(flag, before);
  }
}

/**
 * What the current backend lacks, or gets wrong, of what training needs. It tries gradients of convolution (of
 * second order too, as in a gradient penalty), pooling, gather and softmax, and the parts of reflection padding.
 *
 * @returns A phrase for every shortcoming; none if the backend can train.
 */
export async function missingCapabilities(): Promise<string[]> {
  const verdicts = await onTheDevice(() => Promise.all(CAPABILITIES.map(shortcoming)));
  return verdicts.filter((verdict) => verdict !== null);
}
