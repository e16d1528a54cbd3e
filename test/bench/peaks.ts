/** What the backend reaches on nothing but arithmetic, measured beside the steps: the peak that they are compared with. */
import * as tf from '@tensorflow/tfjs';
import { clocked } from './statistics.ts';

/** A computation of known size. */
export interface Peak {
  readonly kind: 'convolution' | 'product';
  readonly flops: number;
  /** The milliseconds of one run. */
  run(): Promise<number>;
  dispose(): void;
}

const CONVOLUTIONS = [
  // batch, side, channels, filters, size of the kernel
  [32, 28, 64, 64, 3],
  [32, 14, 128, 256, 3],
  [32, 14, 256, 256, 1],
] as const;

const SIDES = [1024, 2048] as const;

function peak(kind: Peak['kind'], flops: number, operands: tf.Tensor[], compute: () => tf.Tensor): Peak {
  const one = async (): Promise<void> => {
    const output = compute();
    const number = output.flatten().slice(0, 1);
    await number.data();
    tf.dispose([output, number]);
  };
  return { kind, flops, run: () => clocked(() => one()), dispose: () => tf.dispose(operands) };
}

/** Convolutions and matrix products in several sizes; the fastest counts. */
export function peaks(): Peak[] {
  const convolutions = CONVOLUTIONS.map(([batch, side, channels, filters, size]) => {
    const x = tf.fill<tf.Rank.R4>([batch, side, side, channels], 0.5);
    const kernel = tf.fill<tf.Rank.R4>([size, size, channels, filters], 0.5);
    const flops = 2 * batch * side ** 2 * filters * size ** 2 * channels;
    return peak('convolution', flops, [x, kernel], () => tf.tidy(() => tf.conv2d(x, kernel, 1, 'same')));
  });
  const products = SIDES.map((side) => {
    const [a, b] = [0.5, 0.25].map((value) => tf.fill<tf.Rank.R2>([side, side], value));
    return peak('product', 2 * side ** 3, [a!, b!], () => tf.matMul(a!, b!));
  });
  return [...convolutions, ...products];
}
