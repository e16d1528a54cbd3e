import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { multilayerPerceptron, smallCnn } from '../../src/models/small-classifiers.ts';
import { useBackend } from '../support/backend.ts';
import { expectGolden, fixture, hash } from './golden.ts';

const golden = (name: string): (typeof fixture.cases)[number] => {
  const found = fixture.cases.find(({ model }) => model === name);
  if (!found) throw new Error(`no case ${name}`);
  return found;
};

const softmax = (logits: tf.Tensor): tf.Tensor => tf.softmax(logits);

beforeAll(() => useBackend('wasm'));

it('reproduces the hash of the weights', () => {
  const { k, seed, u, k1000 } = fixture['hashCheck'] as {
    k: number;
    seed: number;
    u: number[];
    k1000: number[];
  };
  expect(u.map((_, i) => hash(k, i, seed))).toEqual(u);
  expect(k1000.map((_, i) => hash(1000, i, seed))).toEqual(k1000);
});

describe('28×28 networks agree with the reference', () => {
  it('multilayer perceptron', () => {
    expectGolden(multilayerPerceptron({ inputShape: [28, 28, 1], classes: 2 }), golden('simple_model'), {
      head: softmax,
    });
  });

  it('small CNN, one and three channels', () => {
    const options = { head: softmax };
    expectGolden(smallCnn({ inputShape: [28, 28, 1], classes: 2 }), golden('simple_cnn_model'), options);
    const threeChannels = golden('simple_cnn_model 3 channels');
    const classes = threeChannels.outputEval.shape[1]!;
    expectGolden(smallCnn({ inputShape: [32, 32, 3], classes }), threeChannels, options);
  });
});
