import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageBatch } from '../../src/augmentation/images.ts';
import { valueAndGradients } from '../../src/gradients.ts';
import {
  freezeLayers,
  frozenInResnet50,
  resnet50Preprocessing,
  resnet50Stage,
} from '../../src/models/fine-tuning.ts';
import type { Network, NetworkWeights } from '../../src/models/network.ts';
import { resnet50, type Resnet50Variant } from '../../src/models/resnet50.ts';
import { weightDecayPenalty } from '../../src/optimizers/weight-decay.ts';
import { useBackend } from '../support/backend.ts';
import { expectClose } from '../support/fixture.ts';
import { sineImages } from '../support/weight-fixtures.ts';

const VARIANTS: readonly Resnet50Variant[] = ['pre-activation', 'post-activation'];
const build = (variant: Resnet50Variant): Network =>
  resnet50({ inputShape: [32, 32, 3], classes: 3, width: 1 / 32, variant, seed: 2 });

/** Weights and offsets that no initialiser leaves at 0 or 1. */
function movedWeights(network: Network): NetworkWeights {
  const { trainable, statistics } = network.weights();
  const moved = (tensors: tf.NamedTensorMap): tf.NamedTensorMap =>
    Object.fromEntries(
      Object.entries(tensors).map(([name, tensor], k) => [
        name,
        tf.tidy(() => {
          const offsets = Float32Array.from({ length: tensor.size }, (_, i) => 0.1 * Math.sin(i + k));
          return tensor.add(tf.tensor(offsets, tensor.shape));
        }),
      ]),
    );
  const result = { trainable: moved(trainable), statistics: moved(statistics) };
  tf.dispose([trainable, statistics]);
  return result;
}

beforeAll(() => useBackend('wasm'));

describe('stages', () => {
  // Kernels by hand, filters n at 1/32: 2, 4, 8, 16; a unit has n·in + 9·n² + 4·n² of them, the first of a stage a
  // shortcut of 4·n·in besides.
  const kernels = [2, 4, 8, 16].map((n, stage) => {
    const units = [3, 4, 6, 3][stage]!;
    const input = stage === 0 ? 2 : 2 * n;
    return 5 * n * input + 13 * n * n + (units - 1) * (4 * n * n + 13 * n * n);
  });

  it.each(VARIANTS)('hold the kernels that the architecture has, %s', (variant) => {
    const network = build(variant);
    const counts = [0, 0, 0, 0, 0, 0];
    for (const layer of network.model.layers)
      for (const weight of layer.weights)
        if (weight.originalName.endsWith('kernel'))
          counts[resnet50Stage(layer.name)]! += weight.shape.reduce<number>((p, n) => p * n!, 1);
    expect(counts).toEqual([7 * 7 * 3 * 2, ...kernels, 64 * 3]);
    network.model.dispose();
  });

  it('are frozen from the stem on, each number of stages more than the one before', () => {
    const names = [
      'bn0/beta',
      'stage1_unit1_sc/kernel',
      'stage2_unit1_bn1/gamma',
      'stage3_unit6_conv3/kernel',
    ];
    const last = ['stage4_unit1_conv1/kernel', 'bn1/gamma', 'logits/bias'];
    const frozen = [0, 1, 2, 3, 4].map((stages) => [...names, ...last].filter(frozenInResnet50(stages)));
    expect(frozen.map(({ length }) => length)).toEqual([1, 2, 3, 4, 5]);
    for (const stages of [-1, 5, 1.5, NaN])
      expect(() => frozenInResnet50(stages)).toThrow('stages: expected an integer from 0 to 4');
  });
});

describe.each(VARIANTS)('a frozen %s ResNet-50', (variant) => {
  it('is trained above the frozen stages only, and keeps their moving statistics', () => {
    const before = tf.memory().numTensors;
    const frozen = frozenInResnet50(2);
    const network = freezeLayers(build(variant), frozen);
    const weights = movedWeights(network);
    const trained = Object.keys(weights.trainable);
    expect(trained.filter(frozen)).toEqual([]);
    const x = sineImages(32, 32, 3);
    const { loss, aux, gradients } = valueAndGradients(() => {
      const { output, statistics } = network.forward(x, { mode: 'train', weights });
      return { loss: output.square().mean<tf.Scalar>(), aux: { statistics } };
    }, weights.trainable);
    expect(Object.keys(gradients)).toEqual(trained);
    expect(Object.values(gradients).some((g) => g.dataSync().some((value) => value !== 0))).toBe(true);
    for (const [name, statistic] of Object.entries(aux.statistics)) {
      const same = statistic.dataSync().join() === weights.statistics[name]!.dataSync().join();
      expect(same, name).toBe(frozen(name));
    }
    tf.dispose([x, loss, aux, gradients, weights.trainable, weights.statistics]);
    network.model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives in training what it gives in inference if all its normalisations are frozen', () => {
    const network = freezeLayers(build(variant), (name) => !name.startsWith('logits/'));
    const weights = movedWeights(network);
    const x = sineImages(32, 32, 3);
    const train = network.forward(x, { mode: 'train', weights });
    const infer = network.forward(x, { mode: 'infer', weights });
    expectClose(train.output, infer.output, 1e-6);
    const thawed = freezeLayers(network, () => false);
    const own = thawed.weights();
    const { output } = thawed.forward(x, {
      mode: 'train',
      weights: {
        trainable: Object.fromEntries(
          Object.keys(own.trainable).map((name) => [
            name,
            { ...weights.statistics, ...weights.trainable }[name]!,
          ]),
        ),
        statistics: weights.statistics,
      },
    });
    expect(() => expectClose(output, infer.output, 1e-2)).toThrow('largest difference');
    const made = [train.output, train.statistics, infer.output, output];
    tf.dispose([x, made, weights.trainable, weights.statistics, own.trainable, own.statistics]);
    network.model.dispose();
  });

  it('has its L2 penalty over every weight that is trained, biases and scales included, and no other', () => {
    const network = freezeLayers(build(variant), frozenInResnet50(3));
    const weights = movedWeights(network);
    const kinds = new Set(Object.keys(weights.trainable).map((name) => name.split('/')[1]));
    expect(kinds).toEqual(new Set(['kernel', 'bias', 'gamma', 'beta']));
    let sum = 0;
    for (const layer of network.model.layers) {
      if (resnet50Stage(layer.name) <= 3) continue;
      for (const kind of ['kernel', 'bias', 'gamma', 'beta'])
        for (const value of weights.trainable[`${layer.name}/${kind}`]?.dataSync() ?? []) sum += value ** 2;
    }
    const penalty = weightDecayPenalty(weights.trainable, 0.05);
    expectClose(penalty, 0.025 * sum, 1e-5);
    tf.dispose([penalty, weights.trainable, weights.statistics]);
    network.model.dispose();
  });
});

it('a layer of which only some weights would be frozen is refused', () => {
  const network = build('pre-activation');
  expect(() => freezeLayers(network, (name) => name === 'bn0/gamma')).toThrow(
    'frozen: expected all weights of bn0 or none, received some',
  );
  network.model.dispose();
});

it('preprocessing leaves bytes to the pre-activation weights and standardises for the others', () => {
  const images = imageBatch(Uint8Array.of(10, 20, 30, 255, 0, 128), [2, 1, 1, 3]);
  expect([...resnet50Preprocessing('pre-activation')(images).pixels]).toEqual([10, 20, 30, 255, 0, 128]);
  const [mean, deviation] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ];
  const expected = [10, 20, 30, 255, 0, 128].map((v, i) => (v / 255 - mean[i % 3]!) / deviation[i % 3]!);
  for (const kind of ['post-activation', 'published'] as const)
    expectClose(resnet50Preprocessing(kind)(images).pixels, expected, 1e-6);
  expect(() => resnet50Preprocessing('caffe' as 'published')).toThrow('received caffe');
  expect(() => resnet50Preprocessing('pre-activation')(imageBatch(new Uint8Array(4), [1, 2, 2, 1]))).toThrow(
    'expected [n, h, w, 3]',
  );
});

it.each([
  ['pre-activation', undefined, 0.99],
  ['post-activation', undefined, 0.9],
  ['pre-activation', 0.75, 0.75],
  ['post-activation', 0.75, 0.75],
] as const)(
  'moving statistics of %s with a momentum of %s keep %d of their value',
  (variant, momentum, kept) => {
    const network = resnet50({
      inputShape: [32, 32, 3],
      classes: 2,
      width: 1 / 64,
      variant,
      ...(momentum !== undefined && { batchNormalizationMomentum: momentum }),
    });
    // the moving variance begins at 1, and that of black images is 0
    const images = tf.zeros([2, 32, 32, 3]);
    const { statistics } = network.forward(images, { mode: 'train' });
    const variances = Object.entries(statistics).filter(([name]) => name.endsWith('moving_variance'));
    const first = variances[0]![1].dataSync();
    for (const value of first) expect(value).toBeCloseTo(kept, 6);
    const layers = network.model.layers.filter((layer) => layer.getClassName() === 'BatchNormalization');
    expect(new Set(layers.map((layer) => layer.getConfig()['momentum']))).toEqual(new Set([kept]));
    tf.dispose([images, statistics]);
    network.model.dispose();
  },
);

it.each([-0.1, 1, NaN])('a momentum of %d is refused', (batchNormalizationMomentum) =>
  expect(() => resnet50({ inputShape: [32, 32, 3], classes: 2, batchNormalizationMomentum })).toThrow(
    `batchNormalizationMomentum: expected a number in [0, 1), received ${batchNormalizationMomentum}`,
  ),
);
