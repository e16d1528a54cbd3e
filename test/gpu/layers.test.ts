/** Values and gradients of the layers on a GPU are those on wasm, which finite differences hold. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { batchNormalization, batchNormalizationWith } from '../../src/layers/batch-normalization.ts';
import { dropoutMask } from '../../src/layers/dropout.ts';
import { instanceNormalization } from '../../src/layers/instance-normalization.ts';
import { leakyRelu } from '../../src/layers/leaky-relu.ts';
import { reflectionPadding } from '../../src/layers/reflection-padding.ts';
import { randomKey } from '../../src/random/random.ts';
import type { TensorTree } from '../../src/tensor-tree.ts';
import { computeOnTheGpu, expectSameOnBoth, unavailable } from './both-backends.ts';
import { draw, firstOrder, secondOrder } from './differentiated.ts';

const IMAGE = [2, 6, 5, 3] as const;
const image = (name = 'image'): tf.Tensor4D => draw(name, IMAGE, 0.3);
const filter = (...shape: number[]): tf.Tensor4D => draw('filter', shape);
const affine = (): tf.Tensor1D[] => [draw('scale', [3], 1), draw('offset', [3])];
const moving = () => ({ mean: tf.tensor1d([0.2, -0.3, 0.1]), variance: tf.tensor1d([0.8, 1.3, 2]) });

const cases: Readonly<Record<string, () => TensorTree>> = {
  'batch normalisation in training': () =>
    secondOrder(
      (x, scale, offset) => batchNormalization(x!, { scale, offset }, 1e-2).output,
      [image(), ...affine()],
    ),
  'batch normalisation with given statistics': () =>
    secondOrder(
      (x, scale, offset) => batchNormalizationWith(x!, moving(), { scale, offset }),
      [image(), ...affine()],
    ),
  'instance normalisation': () =>
    secondOrder(
      (x, scale, offset) => instanceNormalization(x as tf.Tensor4D, { scale, offset }, 1e-2),
      [image(), ...affine()],
    ),
  'leaky ReLU': () => secondOrder((x) => leakyRelu(x!.square().sub(0.5)), [image()]),
  'reflection padding': () => secondOrder((x) => reflectionPadding(x as tf.Tensor4D, 2), [image()]),
  'dropout masks': () => firstOrder((x) => x!.mul(dropoutMask(randomKey(3), IMAGE, 0.5)), [image()]),
  'a convolution': () =>
    secondOrder(
      (x, f) => tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1, 'valid'),
      [image(), filter(3, 3, 3, 4)],
    ),
  'a convolution of stride 2': () =>
    firstOrder(
      (x, f) => tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, 2, 'same'),
      [image(), filter(4, 4, 3, 8)],
    ),
  'a transposed convolution': () =>
    firstOrder(
      (x, f) => tf.conv2dTranspose(x as tf.Tensor4D, f as tf.Tensor4D, [2, 12, 10, 5], 2, 'same'),
      [image(), filter(4, 4, 5, 3)],
    ),
  'a depthwise convolution': () =>
    firstOrder(
      (x, f) => tf.depthwiseConv2d(x as tf.Tensor4D, f as tf.Tensor4D, 1, 'same'),
      [image(), filter(3, 3, 3, 2)],
    ),
  'max pooling': () => firstOrder((x) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'same'), [image()]),
  'average pooling': () => firstOrder((x) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'valid'), [image()]),
  'zero padding and global pooling': () =>
    firstOrder(
      (x) => {
        const around: [number, number][] = [[0, 0], [3, 2], [1, 0], [0, 0]]; // prettier-ignore
        return tf.pad(x!, around).square().mean([1, 2]);
      },
      [image()],
    ),
  upsampling: () =>
    firstOrder(
      (x) =>
        tf.concat([
          tf.image.resizeBilinear(x as tf.Tensor4D, [12, 10]),
          tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [12, 10]),
        ]),
      [image()],
    ),
  'a dense layer': () =>
    secondOrder(
      (x, w, b) => tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D).add(b!),
      [draw('x', [5, 7]), draw('w', [7, 3]), draw('b', [3])],
    ),
  activations: () =>
    firstOrder(
      (x) =>
        tf.stack([
          x!.tanh(),
          x!.sigmoid(),
          x!.relu(),
          x!.elu(),
          x!.softplus(),
          x!.abs(),
          tf.softmax(x!),
          tf.logSoftmax(x!),
        ]),
      [draw('x', [5, 7])],
    ),
  'an embedding': () =>
    firstOrder((w) => tf.gather(w!, tf.tensor2d([3, 0, 0, 4], [2, 2], 'int32')), [draw('w', [6, 3])]),
  'joining, cutting, reversing and tiling': () =>
    firstOrder(
      (x, y) => {
        const parts = [x!, y!.slice([0, 1, 0, 1], [2, 4, 5, 2]).reverse(1)].map((part) => part.sum(3));
        return tf.concat(parts, 1).tile([1, 2, 1]);
      },
      [image(), image('other')],
    ),
};

describe.skipIf(unavailable !== undefined)('on a GPU as on wasm', () => {
  computeOnTheGpu();

  it.each(Object.entries(cases))('%s', async (_, compute) => {
    await expectSameOnBoth(compute);
  });

  it('a gradient that differs is noticed', async () => {
    const wrong = (): TensorTree =>
      firstOrder((x) => x!.mul(tf.getBackend() === 'wasm' ? 2 : 2.001), [image()]);
    await expect(expectSameOnBoth(wrong)).rejects.toThrow('to deeply equal []');
  });
});
