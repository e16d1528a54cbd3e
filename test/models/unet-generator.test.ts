import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { publishedGenerator } from '../../src/models/published.ts';
import { unetGenerator } from '../../src/models/unet-generator.ts';
import { useBackend } from '../support/backend.ts';
import { expectGolden, fixture, onNearestSides, type ModelCase } from './golden.ts';
import { doubleOf, doubles, full, weightsOf, withWeights } from './large-cases.ts';

if (!full)
  console.log(
    'Only the evaluation of the 96-pixel U-Net is compared: the other U-Nets above 28 pixels and ResNet-50 have 24 to 54 million weights and take minutes on wasm; set MODEL_PATCHING_FULL=1.',
  );

const large = fixture.cases.filter(({ model }) => /^(unet|pix2pix)/.test(model));

const generator = ({ model, input: { shape } }: ModelCase): ReturnType<typeof publishedGenerator> =>
  publishedGenerator(shape.slice(1) as [number, number, number], {
    normalization: model.includes('instancenorm') ? 'instance' : 'batch',
    residual: model.includes('residual'),
  });

beforeAll(() => useBackend('wasm'));

describe('the U-Net between its kinks in double precision', () => {
  const double = doubles.find(({ kinks }) => kinks)!;
  const reference = fixture.cases.find(({ model }) => model === double.model)!.gradients!;

  /** Of the reference's gradients, one of which is off by this share of its norm. */
  function largestDeviation(share: number): number {
    const actual = (k: number | undefined): Record<number, number> => {
      const { indices, values, l2 } = reference.weights.find((one) => one.k === k) ?? reference.input;
      return Object.fromEntries(indices.map((index, i) => [index, values[i]! + (k === 33 ? share * l2 : 0)]));
    };
    const deviations = onNearestSides(actual, double, double.kinks!).flatMap(({ k, l2, indices, values }) =>
      indices.map((index, i) => (l2 > 0 ? Math.abs(actual(k)[index]! - values[i]!) / l2 : 0)),
    );
    return Math.max(...deviations);
  }

  it('is what the reference computes, on one side of each', () =>
    expect(largestDeviation(0)).toBeLessThan(2e-5));
  it('is nowhere near a gradient that is off', () => expect(largestDeviation(1.5e-3)).toBeGreaterThan(1e-3));
});

describe('large networks agree with the reference', () => {
  it('U-Net at 96 pixels, residual, in evaluation', () => {
    const golden = withWeights('unet_generator 96 batchnorm residual');
    expectGolden(generator(golden), golden, { parts: ['eval'] });
  });

  it.runIf(full).each(large.map((golden) => [golden.model, golden] as const))(
    '%s',
    (_, golden) =>
      expectGolden(generator(golden), golden, {
        weightsOf: weightsOf(golden),
        double: doubleOf(golden),
      }),
    600_000,
  );
});

describe('a U-Net with a mask and noise', () => {
  const options = { inputShape: [12, 10, 2], filters: [4, 6], residual: 'mask', noise: 3 } as const;

  it('has the weights that the recommended stage 1 names', () => {
    const { model } = unetGenerator({
      inputShape: [28, 28, 1],
      filters: [16, 32, 64, 128],
      residual: 'mask',
      noise: 4,
    });
    // Kernels 16 · in · out, two scales of batch normalisation and two statistics a filter, bias of two channels.
    const kernels = [5 * 16, 16 * 32, 32 * 64, 64 * 128, 128 * 64, 128 * 32, 64 * 16, 32 * 2];
    const normalized = [32, 64, 128, 64, 32, 16];
    const total = 16 * kernels.reduce((a, b) => a + b) + 4 * normalized.reduce((a, b) => a + b) + 2;
    expect(model.countParams()).toBe(total);
    model.dispose();
  });

  it('takes the noise behind the image, and leaves the image alone where its drawing does not reach', () => {
    const generator = unetGenerator(options);
    const image = tf.randomUniform([2, 12, 10, 2], -1, 1, 'float32', 1);
    const x = tf.concat([image, tf.ones([2, 12, 10, 3])], 3);
    const { output } = generator.forward(x, { mode: 'infer' });
    expect(output.shape).toEqual([2, 12, 10, 2]);
    // A new generator draws nearly nothing: mask σ(−1), picture tanh(0).
    const expected = image.mul(1 - 1 / (1 + Math.E));
    expect(output.sub(expected).abs().max().dataSync()[0]).toBeLessThan(0.02);
    tf.dispose([image, x, output, expected]);
    generator.model.dispose();
  });

  it('normalises with what it is told', () => {
    const { model } = unetGenerator({
      ...options,
      batchNormalization: { epsilon: 1e-5, momentum: 0.9 },
      leakySlope: 0.2,
    });
    const configs = model.layers.map((layer) => layer.getConfig());
    const norms = configs.filter(({ name }) => String(name).endsWith('_norm'));
    expect(norms.map(({ epsilon, momentum }) => [epsilon, momentum])).toEqual([
      [1e-5, 0.9],
      [1e-5, 0.9],
    ]);
    expect(configs.find(({ name }) => name === 'down1_relu')!['alpha']).toBe(0.2);
    model.dispose();
  });

  it.each([
    [{ noise: 1.5 }, 'noise: expected a natural number, 0 with residual: true, received 1.5'],
    [{ residual: true }, 'noise: expected a natural number, 0 with residual: true, received 3'],
  ])('refuses %o', (wrong, message) => {
    expect(() => unetGenerator({ ...options, ...wrong })).toThrow(message);
  });
});
