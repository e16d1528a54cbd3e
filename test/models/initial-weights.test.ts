import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { publishedGenerator } from '../../src/models/published.ts';
import { smallCnn } from '../../src/models/small-classifiers.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('wasm'));

describe('initial weights', () => {
  it('of the GANs are N(0, 0.02²), of the classifiers within the bounds of Glorot and He', () => {
    const standardDeviation = (tensor: tf.Tensor): number =>
      tf.tidy(() => Math.sqrt(tf.moments(tensor).variance.dataSync()[0]!));
    const generator = publishedGenerator([28, 28, 1], { width: 1 / 4, normalization: 'instance' });
    const { trainable } = generator.weights();
    expect(standardDeviation(trainable['down5_conv/kernel']!)).toBeCloseTo(0.02, 3);
    expect(trainable['down5_norm/scale']!.mean().dataSync()[0]).toBeCloseTo(1, 1);
    const cnn = smallCnn({ inputShape: [28, 28, 1], classes: 2 }).weights().trainable;
    const largest = (tensor: tf.Tensor): number => tensor.abs().max().dataSync()[0]!;
    expect(largest(cnn['conv2/kernel']!)).toBeLessThanOrEqual(Math.sqrt(6 / (9 * 32 + 9 * 32)));
    expect(largest(cnn['conv2/kernel']!)).toBeGreaterThan(0.99 * Math.sqrt(6 / (9 * 32 + 9 * 32)));
    expect(largest(cnn['conv2/bias']!)).toBe(0);
  });
});
