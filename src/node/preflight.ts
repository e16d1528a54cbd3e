/** What training asks of a backend, tried on a few numbers before a run begins instead of failing in its first step. */
import * as tf from '@tensorflow/tfjs';

interface Capability {
  readonly name: string;
  readonly compute: () => tf.Tensor;
  /** Sum of the result's elements. */
  readonly sum: number;
}

const image = (): tf.Tensor4D => tf.range(0, 16).reshape([1, 4, 4, 1]);
const ones = (shape: [number, number, number, number]): tf.Tensor4D => tf.ones(shape);

/** Sums worked out by hand: images hold 0 … 15, filters ones. */
const CAPABILITIES: readonly Capability[] = [
  // Each of the nine 2×2 windows adds its four pixels; over all windows the gradient of a filter tap is the sum of nine pixels.
  {
    name: 'gradient of a convolution with respect to its filter',
    compute: () => tf.grad((f) => tf.conv2d(image(), f as tf.Tensor4D, 1, 'valid'))(ones([2, 2, 1, 1])),
    sum: 45 + 54 + 81 + 90,
  },
  {
    name: 'gradient of a convolution with respect to its input',
    compute: () => tf.grad((x) => tf.conv2d(x as tf.Tensor4D, ones([2, 2, 1, 1]), 1, 'valid'))(image()),
    sum: 36,
  },
  {
    name: 'transposed convolution',
    compute: () => tf.conv2dTranspose(image(), ones([2, 2, 1, 1]), [1, 8, 8, 1], 2, 'same'),
    sum: 480,
  },
  {
    name: 'gradient of max pooling',
    compute: () => tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'))(image()),
    sum: 4,
  },
  {
    name: 'gradient of gather',
    compute: () => tf.grad((x) => tf.gather(x, tf.tensor1d([0, 2, 2], 'int32')))(tf.tensor1d([1, 2, 3])),
    sum: 3,
  },
  {
    name: 'softmax and its gradient',
    compute: () => tf.grad((x) => tf.logSoftmax(x).slice([0, 0], [1, 1]))(tf.tensor2d([[0, 0]])),
    sum: 0,
  },
  {
    name: 'slices, reversal and concatenation',
    compute: () => tf.concat([image().slice([0, 0, 1, 0], [1, 4, 1, 1]).reverse(2), image()], 2),
    sum: 120 + 28,
  },
];

/** Names of what the current backend lacks or gets wrong; none if it can train. */
export async function missingCapabilities(): Promise<string[]> {
  const verdicts = await Promise.all(
    CAPABILITIES.map(async ({ name, compute, sum }) => {
      const result = await attempt(compute);
      if (typeof result === 'string') return `${name}: ${result}`;
      return Math.abs(result - sum) > 1e-3 ? `${name}: expected ${sum}, found ${result}` : null;
    }),
  );
  return verdicts.filter((verdict) => verdict !== null);
}

async function attempt(compute: () => tf.Tensor): Promise<number | string> {
  try {
    const total = tf.tidy(() => compute().sum());
    const [value] = await total.data();
    total.dispose();
    return value!;
  } catch (error) {
    return error instanceof Error ? error.message.split('\n')[0]! : String(error);
  }
}
