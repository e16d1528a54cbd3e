import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { valueAndGradients } from '../../src/gradients.ts';
import { InstanceNormalization } from '../../src/layers/instance-normalization.ts';
import { ReflectionPadding2D } from '../../src/layers/reflection-padding.ts';
import { registerLayers } from '../../src/layers/register-layers.ts';
import { networkFromModel } from '../../src/models/network-from-model.ts';
import type { Network } from '../../src/models/network.ts';
import { patchDiscriminator } from '../../src/models/patch-discriminator.ts';
import { publishedGenerator } from '../../src/models/published.ts';
import { resnetGenerator } from '../../src/models/resnet-generator.ts';
import { smallCnn } from '../../src/models/small-classifiers.ts';
import { unetGenerator } from '../../src/models/unet-generator.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';
import { expectClose } from '../support/fixture.ts';
import { builders, numbersOf } from './small-builders.ts';

const draw = (name: string, shape: number[]): tf.Tensor =>
  tf.tensor(normal(foldKey(randomKey(8), name), tf.util.sizeFromShape(shape)), shape);

beforeAll(() => useBackend('wasm'));

describe.each(Object.entries(builders))('%s', (_, { shape, build }) => {
  it('infers what the layers model predicts, and leaves weights and tensors as they were', () => {
    const network = build(1);
    const x = draw('x', shape);
    const before = numbersOf(network);
    const tensors = tf.memory().numTensors;
    const { output } = network.forward(x, { mode: 'infer' });
    const predicted = network.model.predict(x) as tf.Tensor;
    expectClose(output, predicted, 1e-5);
    const result = network.forward(x, { mode: 'train', key: randomKey(3) });
    tf.dispose([output, predicted, { ...result }]);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(numbersOf(network)).toEqual(before);
    network.model.dispose();
    x.dispose();
  });

  it('gets the same weights from the same seed, bit for bit, and others from another', () => {
    const [first, again, other] = [7, 7, 8].map(build);
    expect(numbersOf(again!)).toEqual(numbersOf(first!));
    expect(numbersOf(other!)).not.toEqual(numbersOf(first!));
    expect(Object.keys(again!.weights().trainable)).toEqual(Object.keys(first!.weights().trainable));
    [first, again, other].forEach((network) => network!.model.dispose());
  });

  it('infers each example alone: the order of a batch does not matter', () => {
    const network = build(1);
    tf.tidy(() => {
      const x = draw('x', shape);
      const infer = (input: tf.Tensor): tf.Tensor => network.forward(input, { mode: 'infer' }).output;
      expectClose(infer(x.reverse(0)), infer(x).reverse(0), 1e-5);
    });
    network.model.dispose();
  });
});

describe('initial weights', () => {
  it('refuses a width that is not positive and finite', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, -1, NaN, Infinity), (width) => {
        expect(() => smallCnn({ inputShape: [12, 12, 1], classes: 2, width })).toThrow('width: expected');
      }),
      { seed: 1 },
    );
    const rate = 0.5 as never;
    expect(() => unetGenerator({ inputShape: [8, 8, 1], filters: [2, 2], dropout: rate })).toThrow('dropout');
    expect(() => publishedGenerator([300, 300, 3])).toThrow('inputShape: expected at most 256×256');
    expect(() => patchDiscriminator({ inputShape: [16, 28, 1] })).toThrow('at least 17');
    expect(() => resnetGenerator({ inputShape: [10, 8, 1] })).toThrow('multiples of 4');
  });

  it('keeps at least one filter', () => {
    const { model } = unetGenerator({ inputShape: [4, 4, 1], filters: [4, 8], width: 1e-6 });
    expect(model.countParams()).toBe(16 + 16 + 16 + 4 + 4 + 32 + 1);
    model.dispose();
  });
});

describe('dropout', () => {
  const network = (): Network => builders['smallCnn']!.build(1);
  it('takes its masks from the key: the same for masks() and forward, others for another key', () => {
    const cnn = network();
    tf.tidy(() => {
      const x = draw('x', [2, 12, 12, 1]);
      const run = (context: object): number[] =>
        Array.from(cnn.forward(x, { mode: 'train', ...context }).output.dataSync());
      const masks = cnn.masks(randomKey(1), 2);
      expect(Object.keys(masks)).toEqual(['dropout1', 'dropout2', 'dropout3']);
      expect(run({ masks })).toEqual(run({ key: randomKey(1) }));
      expect(run({ mode: 'translate', masks })).toEqual(run({ masks }));
      expect(run({ key: randomKey(2) })).not.toEqual(run({ key: randomKey(1) }));
      expect(run({})).not.toEqual(run({ key: randomKey(1) }));
      expect(run({ mode: 'infer', key: randomKey(1) })).toEqual(run({ mode: 'infer' }));
      expect(() => run({ masks: {} })).toThrow(
        'masks: expected dropout1 of shape [2, 5, 5, 4], received none',
      );
    });
    cnn.model.dispose();
  });
});

describe('forward', () => {
  it('returns moving statistics in train mode only, and uses the weights it is given', () => {
    const discriminator = builders['patchDiscriminator']!.build(1);
    tf.tidy(() => {
      const x = draw('x', [3, 28, 28, 1]);
      const own = discriminator.weights();
      const doubled = {
        ...own,
        trainable: { ...own.trainable, 'output_conv/kernel': own.trainable['output_conv/kernel']!.mul(2) },
      };
      const train = discriminator.forward(x, { mode: 'train' });
      expect(Object.keys(train.statistics)).toEqual(Object.keys(own.statistics));
      const translated = discriminator.forward(x, { mode: 'translate' });
      expect(translated.statistics).toEqual({});
      expectClose(translated.output, train.output, 0);
      expectClose(
        discriminator.forward(x, { mode: 'train', weights: doubled }).output,
        train.output.mul(2),
        1e-6,
      );
    });
    discriminator.model.dispose();
  });

  it('a gradient penalty through a network with both normalisations has the right gradient', () => {
    registerLayers();
    const convolution = (name: string, filters: number): tf.layers.Layer =>
      tf.layers.conv2d({
        name,
        filters,
        kernelSize: 3,
        strides: 2,
        useBias: false,
        kernelInitializer: 'zeros',
      });
    const smooth = (name: string): tf.layers.Layer => tf.layers.activation({ name, activation: 'softplus' });
    // Softplus: with a kink in it the penalty jumps, and finite differences mean nothing.
    const model = tf.sequential({
      layers: [
        tf.layers.zeroPadding2d({ name: 'pad', inputShape: [8, 8, 2] }),
        convolution('conv1', 3),
        tf.layers.batchNormalization({ name: 'norm1' }),
        smooth('softplus1'),
        new ReflectionPadding2D({ name: 'reflect', padding: 2 }),
        convolution('conv2', 4),
        new InstanceNormalization({ name: 'norm2' }),
        smooth('softplus2'),
        tf.layers.conv2d({ name: 'out', filters: 1, kernelSize: 2, kernelInitializer: 'zeros' }),
      ],
    });
    const network = networkFromModel(model);
    tf.tidy(() => {
      const own = network.weights();
      const names = Object.keys(own.trainable);
      const weights = names.map((name) =>
        own.trainable[name]!.add(draw(name, own.trainable[name]!.shape).mul(0.3)),
      );
      const x = draw('x', [3, 8, 8, 2]);
      const penalty = (...tensors: tf.Tensor[]): tf.Scalar => {
        const trainable = Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
        const score = (input: tf.Tensor): tf.Scalar =>
          network
            .forward(input, { mode: 'train', weights: { ...own, trainable } })
            .output.mean([1, 2, 3])
            .sum();
        return tf.grad(score)(x).square().sum([1, 2, 3]).sqrt().sub(1).square().mean();
      };
      const gradient = (tensors: readonly tf.Tensor[]): tf.Tensor[] => {
        const variables = Object.fromEntries(tensors.map((tensor, i) => [names[i]!, tensor]));
        const { gradients } = valueAndGradients(() => ({ loss: penalty(...tensors), aux: {} }), variables);
        return names.map((name) => gradients[name]!);
      };
      for (const seed of [0, 1, 2])
        expect(directionalError(penalty, weights, { seed, epsilon: 1e-3, gradient })).toBeLessThanOrEqual(
          5e-3,
        );
      const withoutNorm1 = (tensors: readonly tf.Tensor[]): tf.Tensor[] =>
        gradient(tensors).map((g, i) => (names[i]!.startsWith('norm1') ? tf.zerosLike(g) : g));
      expect(directionalError(penalty, weights, { epsilon: 1e-3, gradient: withoutNorm1 })).toBeGreaterThan(
        0.02,
      );
    });
    model.dispose();
  });

  it('refuses misshapen input and weights, and layers it cannot run', () => {
    const network = builders['multilayerPerceptron']!.build(1);
    tf.tidy(() => {
      const x = tf.zeros([2, 4, 4, 1]);
      expect(() => network.forward(x, { mode: 'evaluate' as never })).toThrow(
        'mode: expected one of train, infer, translate, received evaluate',
      );
      expect(() => network.forward(tf.zeros([2, 4, 4]), { mode: 'infer' })).toThrow(
        'x: expected shape [any, 4, 4, 1], received [2, 4, 4]',
      );
      const weights = { ...network.weights(), trainable: {} };
      expect(() => network.forward(x, { mode: 'infer', weights })).toThrow(
        'weights: expected hidden1/kernel of shape [16, 64], received none',
      );
    });
    const recurrent = tf.sequential({
      layers: [tf.layers.gru({ name: 'memory', units: 1, inputShape: [2, 2] })],
    });
    const unsupported = networkFromModel(recurrent);
    const x = tf.zeros([1, 2, 2]);
    expect(() => unsupported.forward(x, { mode: 'infer' })).toThrow(
      'layer memory: a GRU has weights or state',
    );
    x.dispose();
    recurrent.dispose();
    network.model.dispose();
  });

  it('runs nested models, layers without weights and frozen layers', () => {
    const inner = tf.sequential({
      layers: [
        tf.layers.dense({ name: 'inner', units: 3, inputShape: [2], kernelInitializer: 'ones' }),
        tf.layers.batchNormalization({ name: 'frozen', trainable: false }),
      ],
    });
    const outer = tf.sequential({ layers: [inner, tf.layers.repeatVector({ n: 2 })] });
    const network = networkFromModel(outer);
    tf.tidy(() => {
      const x = tf.tensor2d([[1, 2]]);
      const { output, statistics } = network.forward(x, { mode: 'train' });
      expectClose(output, outer.predict(x) as tf.Tensor, 1e-6);
      expect(Object.keys(statistics)).toEqual([
        'frozen/gamma',
        'frozen/beta',
        'frozen/moving_mean',
        'frozen/moving_variance',
      ]);
    });
    outer.dispose();
  });
});
