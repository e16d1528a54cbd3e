import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageBatch } from '../../src/augmentation/images.ts';
import { groupTable } from '../../src/groups.ts';
import { disposeTensors } from '../../src/tensor-tree.ts';
import { evaluateClassifier } from '../../src/training/stage-two.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('cpu'));

const NAMES = ['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'];

describe('evaluateClassifier', () => {
  it('of a classifier that always says class 1, with logits 0 and ln 3', async () => {
    const counts = [3, 0, 4, 1];
    const groups = Int32Array.from(counts.flatMap((count, g) => Array<number>(count).fill(g)));
    const examples = {
      images: imageBatch(new Uint8Array(8 * 4), [8, 2, 2, 1]),
      labels: groups.map((group) => group >> 1),
      groups,
    };
    const seen: number[] = [];
    const constant = {
      forward: (x: tf.Tensor) => ({
        output: tf.tensor2d([[0, Math.log(3)]]).tile([x.shape[0]!, 1]),
        statistics: {},
      }),
    };
    const before = tf.memory().numTensors;
    const report = await evaluateClassifier(
      { network: constant, weights: { trainable: {}, statistics: {} } },
      examples,
      groupTable(NAMES, [60, 20, 15, 5]),
      { onProgress: (done) => void seen.push(done) },
    );
    expect(tf.memory().numTensors).toBe(before);
    expect(seen).toEqual([8]);
    expect(report.groups.map(({ count, accuracy }) => [count, accuracy])).toEqual([
      [3, 0],
      [0, null],
      [4, 1],
      [1, 1],
    ]);
    // −ln ¼ and −ln ¾
    expect(report.groups[0]!.loss).toBeCloseTo(Math.log(4), 6);
    expect(report.groups[2]!.loss).toBeCloseTo(Math.log(4 / 3), 6);
    // The second group was trained on and is not measured here.
    expect([report.worstGroup, report.groupAverage, report.gap]).toEqual([null, null, null]);
    expect(report.average).toBeCloseTo((15 + 5) / (60 + 15 + 5), 12);
  });

  it('gives the network pixels in [0, 1] and its weights, in inference', async () => {
    const examples = {
      images: imageBatch(Uint8Array.of(0, 51, 255), [3, 1, 1, 1]),
      labels: Int32Array.of(0, 0, 1),
      groups: Int32Array.of(0, 0, 1),
    };
    const pixels: number[] = [];
    const weights = { trainable: { threshold: tf.scalar(0.5) }, statistics: {} };
    const report = await evaluateClassifier(
      {
        network: {
          forward: (x, context) => {
            expect([context.mode, context.weights]).toEqual(['infer', weights]);
            pixels.push(...x.dataSync());
            const flat = x.reshape([-1, 1]);
            return {
              output: tf.concat([context.weights!.trainable['threshold']!.sub(flat), flat], 1),
              statistics: {},
            };
          },
        },
        weights,
      },
      examples,
      groupTable(['(Y=0)', '(Y=1)'], [2, 1]),
    );
    disposeTensors(weights);
    expect(pixels.map((value) => Math.round(value * 1e6) / 1e6)).toEqual([0, 0.2, 1]);
    expect(report.groupAverage).toBe(1);
  });
});
