import { beforeAll, describe, expect, it } from 'vitest';
import * as tf from '@tensorflow/tfjs';
import { normal, randomKey } from '../../src/random/random.ts';
import { registerTrainingKernels } from '../../src/wasm/register-training-kernels.ts';
import { directionalError } from '../support/finite-difference.ts';
import { expectClose } from '../support/fixture.ts';

const values = (shape: readonly number[], seed: number): tf.Tensor =>
  tf.tensor(normal(randomKey(seed), tf.util.sizeFromShape([...shape])), [...shape]);

type Layer = tf.layers.Layer;
const image = [3, 9, 7, 4];
const cases: readonly (readonly [string, readonly number[], () => Layer[]])[] = [
  ['dense', [6, 5], () => [tf.layers.dense({ units: 7, activation: 'elu' }), tf.layers.dense({ units: 3 })]],
  [
    'convolution',
    image,
    () => [tf.layers.conv2d({ filters: 5, kernelSize: 3, strides: 2, padding: 'same' })],
  ],
  [
    'transposed convolution',
    image,
    () => [tf.layers.conv2dTranspose({ filters: 5, kernelSize: 4, strides: 2, padding: 'same' })],
  ],
  ['one-dimensional convolution', [3, 11, 4], () => [tf.layers.conv1d({ filters: 5, kernelSize: 3 })]],
  [
    'three-dimensional convolution',
    [2, 5, 6, 4, 2],
    () => [
      tf.layers.conv3d({ filters: 3, kernelSize: 2 }),
      tf.layers.maxPooling3d({ poolSize: 2, strides: 1 }),
      tf.layers.averagePooling3d({ poolSize: [2, 2, 1] }),
    ],
  ],
  [
    'depthwise convolution',
    image,
    () => [tf.layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: 'same' })],
  ],
  ['separable convolution', image, () => [tf.layers.separableConv2d({ filters: 6, kernelSize: 3 })]],
  [
    'max pooling',
    image,
    () => [
      tf.layers.conv2d({ filters: 8, kernelSize: 2 }),
      tf.layers.maxPooling2d({ poolSize: 3, strides: 2 }),
    ],
  ],
  [
    'average pooling',
    image,
    () => [tf.layers.conv2d({ filters: 8, kernelSize: 2 }), tf.layers.averagePooling2d({ poolSize: 2 })],
  ],
  [
    'global pooling',
    image,
    () => [tf.layers.conv2d({ filters: 8, kernelSize: 2 }), tf.layers.globalAveragePooling2d({})],
  ],
  [
    'upsampling',
    // tfjs's JavaScript gradients of both are wrong for more than one image or unequal sides
    [1, 6, 6, 4],
    () => [
      tf.layers.conv2d({ filters: 4, kernelSize: 1 }),
      tf.layers.upSampling2d({}),
      tf.layers.upSampling2d({ interpolation: 'bilinear' }),
    ],
  ],
  [
    'batch normalisation',
    image,
    () => [
      tf.layers.conv2d({ filters: 8, kernelSize: 2, useBias: false }),
      tf.layers.batchNormalization(),
      tf.layers.leakyReLU(),
    ],
  ],
  ['layer normalisation', [6, 5], () => [tf.layers.dense({ units: 8 }), tf.layers.layerNormalization()]],
  [
    'activations',
    [6, 5],
    () =>
      ['selu', 'softplus', 'tanh', 'swish', 'hardSigmoid', 'softmax'].map((activation) =>
        tf.layers.dense({ units: 6, activation: activation as 'selu' }),
      ),
  ],
  [
    'LSTM',
    [3, 5, 4],
    () => [tf.layers.lstm({ units: 6, returnSequences: true }), tf.layers.lstm({ units: 3 })],
  ],
  ['GRU', [3, 5, 4], () => [tf.layers.gru({ units: 6 })]],
  [
    'time-distributed dense and permute',
    [3, 5, 4],
    () => [
      tf.layers.timeDistributed({ layer: tf.layers.dense({ units: 4 }) }),
      tf.layers.permute({ dims: [2, 1] }),
      tf.layers.flatten(),
    ],
  ],
  [
    'embedding',
    [4, 6],
    () => [
      tf.layers.embedding({ inputDim: 9, outputDim: 5 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 2 }),
    ],
  ],
];

/** Gradients of mean(output²) by weight, on one backend, from the same weights and inputs; nothing is left behind. */
async function gradients(
  backend: 'wasm' | 'cpu',
  [name, shape, build]: (typeof cases)[number],
): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const model = tf.sequential();
  build().forEach((layer, i) => {
    if (i === 0) layer.batchInputShape = [null, ...shape.slice(1)];
    model.add(layer);
  });
  const initial = model.getWeights().map((weight, i) =>
    tf.tidy(() => {
      const start = values(weight.shape, 100 + i).mul(0.4);
      return name === 'batch normalisation' ? start.abs().add(0.1) : start; // variances are positive
    }),
  );
  model.setWeights(initial);
  const x =
    name === 'embedding'
      ? tf.tensor(
          Array.from({ length: 24 }, (_, i) => (i * i) % 9),
          [4, 6],
        )
      : values(shape, 7);
  const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const { value, grads } = tf.variableGrads(
    () => (model.apply(x, { training: true }) as tf.Tensor).square().mean() as tf.Scalar,
    weights,
  );
  const numbers = weights.map((weight) => grads[weight.name]!.dataSync() as Float32Array);
  tf.dispose([value, grads, x, initial]);
  model.dispose();
  expect(tf.memory().numTensors, `${name} on ${backend} keeps tensors`).toBe(before);
  return numbers;
}

describe('training the usual layers on wasm', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
    expect(tf.getKernel('Conv2DBackpropFilter', 'wasm'), 'the import alone registers').toBeUndefined();
    registerTrainingKernels();
  });

  it.each(cases)(
    '%s: the gradients of the pure-JavaScript backend, and the same bits again',
    async (...layer) => {
      const ours = await gradients('wasm', layer);
      expect(await gradients('wasm', layer)).toEqual(ours);
      const expected = await gradients('cpu', layer);
      expect(ours.length).toBeGreaterThan(0);
      ours.forEach((gradient, i) => expectClose(gradient, expected[i]!, 1e-4, `${layer[0]}, weight ${i}`));
    },
  );

  it.each(['resizeBilinear', 'resizeNearestNeighbor'] as const)(
    '%s: central differences, with several images of unequal sides',
    async (resize) => {
      await tf.setBackend('wasm');
      const x = values([3, 4, 5, 2], 1);
      const factors = values([3, 7, 11, 2], 2);
      const f = (images: tf.Tensor): tf.Scalar =>
        tf.image[resize](images as tf.Tensor4D, [7, 11])
          .mul(factors)
          .sum();
      expect(directionalError(f, [x])).toBeLessThan(5e-3);
      tf.dispose([x, factors]);
    },
  );
});
