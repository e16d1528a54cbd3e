import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { publishedGenerator } from '../../src/models/published.ts';
import { disposeTensors } from '../../src/tensor-tree.ts';
import { unetGenerator } from '../../src/models/unet-generator.ts';
import { smallCnn } from '../../src/models/small-classifiers.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('wasm'));

const deviationOf = (tensor: tf.Tensor): number =>
  tf.tidy(() => Math.sqrt(tf.moments(tensor).variance.dataSync()[0]!));

describe('initial weights', () => {
  it('of He are N(0, 2/fan in), of transposed convolutions by what reaches a pixel, of the last layer a tenth', () => {
    const { model, ...generator } = unetGenerator({
      inputShape: [16, 16, 3],
      filters: [32, 64, 64],
      noise: 2,
      initialWeights: 'he',
    });
    const { trainable, statistics } = generator.weights();
    const expected: Readonly<Record<string, number>> = {
      'down1_conv/kernel': Math.sqrt(2 / (16 * 5)),
      'down2_conv/kernel': Math.sqrt(2 / (16 * 32)),
      // Of a 4 × 4 kernel with stride 2 four entries an input channel reach a pixel.
      'up1_conv/kernel': Math.sqrt(2 / (4 * 64)),
      'up2_conv/kernel': Math.sqrt(2 / (4 * 128)),
      'output_conv/kernel': 0.1 * Math.sqrt(2 / (4 * 64)),
    };
    for (const [name, deviation] of Object.entries(expected))
      expect(deviationOf(trainable[name]!) / deviation, name).toBeCloseTo(1, 1);
    expect(trainable['output_conv/bias']!.abs().max().dataSync()[0]).toBe(0);
    disposeTensors({ trainable, statistics });
    model.dispose();
  });

  it('are of a kind that there is', () => {
    expect(() =>
      unetGenerator({ inputShape: [8, 8, 1], filters: [2, 2], initialWeights: 'xavier' as 'he' }),
    ).toThrow('initialWeights: expected published or he, received xavier');
  });

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
