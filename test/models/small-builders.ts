import * as tf from '@tensorflow/tfjs';
import type { Network } from '../../src/models/network.ts';
import { patchDiscriminator } from '../../src/models/patch-discriminator.ts';
import { resnetGenerator } from '../../src/models/resnet-generator.ts';
import { resnet50 } from '../../src/models/resnet50.ts';
import { multilayerPerceptron, smallCnn } from '../../src/models/small-classifiers.ts';
import { unetGenerator } from '../../src/models/unet-generator.ts';

export const builders: Readonly<Record<string, { shape: number[]; build: (seed: number) => Network }>> = {
  unetGenerator: {
    shape: [2, 6, 6, 1],
    build: (seed) =>
      unetGenerator({ inputShape: [6, 6, 1], filters: [3, 4, 5], dropout: [0.5], residual: true, seed }),
  },
  resnetGenerator: {
    shape: [2, 8, 8, 2],
    build: (seed) => resnetGenerator({ inputShape: [8, 8, 2], blocks: 1, width: 1 / 16, seed }),
  },
  patchDiscriminator: {
    shape: [2, 28, 28, 1],
    build: (seed) => patchDiscriminator({ inputShape: [28, 28, 1], width: 1 / 32, seed }),
  },
  smallCnn: {
    shape: [2, 12, 12, 1],
    build: (seed) => smallCnn({ inputShape: [12, 12, 1], classes: 3, width: 1 / 8, seed }),
  },
  multilayerPerceptron: {
    shape: [2, 4, 4, 1],
    build: (seed) => multilayerPerceptron({ inputShape: [4, 4, 1], classes: 3, seed }),
  },
  resnet50: {
    shape: [2, 32, 32, 3],
    build: (seed) => resnet50({ inputShape: [32, 32, 3], classes: 2, width: 1 / 64, seed }),
  },
};

export const numbersOf = (network: Network): number[][] => {
  const { trainable, statistics } = network.weights();
  const numbers = Object.values({ ...trainable, ...statistics }).map((w) => Array.from(w.dataSync()));
  tf.dispose([trainable, statistics]);
  return numbers;
};
