import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { divergenceOfLogProbabilities, divergenceOfProbabilities } from '../src/divergence.ts';
import { useBackend } from './support/backend.ts';

beforeAll(() => useBackend('wasm'));

/** One row's divergence, read. */
const valueOf = (divergence: () => tf.Tensor): number => tf.tidy(() => divergence().dataSync()[0]!);

describe('KL divergence of one row, worked out by hand', () => {
  it('of log-probabilities: ½ log 2 + ½ log ⅔ = ½ log 4/3', () => {
    const value = valueOf(() => divergenceOfLogProbabilities(tf.log([[0.5, 0.5]]), tf.log([[0.25, 0.75]])));
    expect(value).toBeCloseTo(0.5 * Math.log(4 / 3), 6);
  });

  it('of clipped probabilities: opposite one-hot rows are (1 − ε) log 1/ε apart, ε = 10⁻⁷', () => {
    const value = valueOf(() => divergenceOfProbabilities(tf.tensor2d([[1, 0]]), tf.tensor2d([[0, 1]])));
    expect(value).toBeCloseTo((1 - 1e-7) * Math.log(1e7), 4);
  });
});
