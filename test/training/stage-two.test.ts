import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageBatch } from '../../src/augmentation/images.ts';
import { groupDro } from '../../src/group-dro.ts';
import { groupTable } from '../../src/groups.ts';
import { multilayerPerceptron } from '../../src/models/small-classifiers.ts';
import { erm, type GroupObjective, type ObjectiveState } from '../../src/objectives.ts';
import { constantSchedule } from '../../src/optimizers/schedules.ts';
import { sgd } from '../../src/optimizers/sgd.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { disposeTensors, type TensorTree } from '../../src/tensor-tree.ts';
import type { Examples } from '../../src/training/examples.ts';
import { train } from '../../src/training/loop.ts';
import { robustStep } from '../../src/training/robust-step.ts';
import { evaluateClassifier, stageTwoBatches } from '../../src/training/stage-two.ts';
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

/**
 * Four-pixel images. Pixel 0 tells the class, weakly and with noise; pixels 1 and 2 tell the attribute, strongly. In
 * training the attribute agrees with the class in 95 of 100 images.
 */
function planted(purpose: string, counts: readonly number[]): Examples {
  const groups = Int32Array.from(counts.flatMap((count, g) => Array<number>(count).fill(g)));
  const noise = normal(foldKey(randomKey(11), purpose), groups.length * 4);
  const pixels = Uint8Array.from({ length: groups.length * 4 }, (_, k) => {
    const [i, pixel] = [Math.floor(k / 4), k % 4];
    const group = groups[i]!;
    const sign = pixel === 0 ? 2 * (group >> 1) - 1 : 2 * (group % 2) - 1;
    const signal = [20, 90, 90, 0][pixel]! * sign;
    return Math.max(0, Math.min(255, Math.round(127 + signal + 9 * noise[k]!)));
  });
  return {
    images: imageBatch(pixels, [groups.length, 2, 2, 1]),
    labels: groups.map((group) => group >> 1),
    groups,
  };
}

describe('a planted spurious attribute', () => {
  const counts = [190, 10, 10, 190] as const;
  const table = groupTable(NAMES, counts);

  async function worstGroup(objective: GroupObjective<ObjectiveState>, balanced: boolean): Promise<number> {
    const network = multilayerPerceptron({ inputShape: [2, 2, 1], classes: 2, hidden: [], seed: 1 });
    const robust = robustStep<TensorTree, ObjectiveState>({ network, table, objective, optimizer: sgd() });
    const weights = network.weights();
    const initial = robust.init(weights);
    disposeTensors(weights);
    const { state } = await train({
      state: initial,
      stepsDone: 0,
      steps: 150,
      step: robust.step,
      batchAt: stageTwoBatches({
        network,
        examples: planted('train', counts),
        translations: [],
        batchSize: 40,
        balanced,
        learningRate: constantSchedule(0.5),
        seed: 1,
      }),
    });
    const { trainable, statistics } = state;
    const report = await evaluateClassifier(
      { network, weights: { trainable, statistics } },
      planted('test', [100, 100, 100, 100]),
      table,
    );
    disposeTensors(state);
    network.model.dispose();
    console.log(
      `${balanced ? 'group DRO' : 'ERM'}: ${report.groups.map(({ accuracy }) => accuracy!.toFixed(2)).join(', ')}`,
    );
    return report.worstGroup!.accuracy;
  }

  it('leaves ERM with a far worse worst group than group DRO', async () => {
    const before = tf.memory().numTensors;
    const plain = await worstGroup(erm(table) as GroupObjective<ObjectiveState>, false);
    const robust = await worstGroup(
      groupDro(table, { stepSize: 0.05 }) as GroupObjective<ObjectiveState>,
      true,
    );
    expect(plain).toBeLessThan(0.4);
    expect(robust).toBeGreaterThan(0.85);
    expect(tf.memory().numTensors).toBe(before);
  });
});
