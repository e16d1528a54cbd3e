/** Speed of a convolution's training step: a layer of 32 channels at 28 × 28, forward and both gradients. */
import * as tf from '@tensorflow/tfjs';

const SIDE = 28;
const CHANNELS = 32;
const KERNEL = 3;

/** A step has to take as long as this many milliseconds for its time to mean anything. */
const LONG_ENOUGH = 100;
const LARGEST_BATCH = 512;
const REPEATS = 5;

const operations = (batch: number): number => 3 * 2 * batch * SIDE ** 2 * KERNEL ** 2 * CHANNELS ** 2;

async function millisecondsOfStep(batch: number): Promise<number> {
  const [x, filter] = [
    tf.ones<tf.Rank.R4>([batch, SIDE, SIDE, CHANNELS]),
    tf.ones<tf.Rank.R4>([KERNEL, KERNEL, CHANNELS, CHANNELS]),
  ];
  const start = performance.now();
  const read = tf.tidy(() => {
    const step = tf.grads((a: tf.Tensor, f: tf.Tensor) =>
      tf.conv2d(a as tf.Tensor4D, f as tf.Tensor4D, 1, 'same'),
    );
    // One number of each gradient, so that reading them costs nothing.
    return tf.concat(step([x, filter]).map((gradient) => gradient.flatten().slice(0, 1)));
  });
  await read.data();
  const milliseconds = performance.now() - start;
  tf.dispose([x, filter, read]);
  return milliseconds;
}

/**
 * Speed of the current backend, at the smallest batch of a power of 2 whose step takes a tenth of a second.
 *
 * @returns 10⁹ additions and multiplications a second; the median of five steps.
 */
export async function convolutionGigaflops(): Promise<number> {
  let batch = 1;
  await millisecondsOfStep(batch);
  while (batch < LARGEST_BATCH && (await millisecondsOfStep(batch)) < LONG_ENOUGH) batch *= 2;
  const times: number[] = [];
  for (let i = 0; i < REPEATS; i++) times.push(await millisecondsOfStep(batch));
  const median = times.sort((a, b) => a - b)[Math.floor(REPEATS / 2)]!;
  return operations(batch) / median / 1e6;
}
