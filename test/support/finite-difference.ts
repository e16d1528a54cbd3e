import * as tf from '@tensorflow/tfjs';
import { normal, randomKey, foldKey } from '../../src/random/random.ts';

/**
 * The relative difference between the gradient of a scalar function along a random direction and its central
 * difference: |g·d − (f(x + εd) − f(x − εd)) / 2ε| / max(floor, |g·d|, |difference|). Small where the gradient is right.
 */
export function directionalError(
  f: (...xs: tf.Tensor[]) => tf.Scalar,
  xs: readonly tf.Tensor[],
  {
    seed = 0,
    epsilon = 1e-2,
    floor = 1e-3,
    gradient,
  }: {
    seed?: number;
    epsilon?: number;
    floor?: number;
    gradient?: (xs: readonly tf.Tensor[]) => tf.Tensor[];
  } = {},
): number {
  return tf.tidy(() => {
    const gradients = gradient ? gradient(xs) : tf.grads((...inputs: tf.Tensor[]) => f(...inputs))([...xs]);
    const directions = xs.map((x, i) => tf.tensor(normal(foldKey(randomKey(seed), i), x.size), x.shape));
    const along = gradients.reduce((sum, g, i) => sum + g.mul(directions[i]!).sum().dataSync()[0]!, 0);
    const at = (step: number): number =>
      f(...xs.map((x, i) => x.add(directions[i]!.mul(step)))).dataSync()[0]!;
    const difference = (at(epsilon) - at(-epsilon)) / (2 * epsilon);
    return Math.abs(along - difference) / Math.max(floor, Math.abs(along), Math.abs(difference));
  });
}
