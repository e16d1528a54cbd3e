import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageBatch, type Images } from '../../src/augmentation/images.ts';
import { minusOneToOne } from '../../src/augmentation/scaling.ts';
import { constantSchedule } from '../../src/optimizers/schedules.ts';
import { disposeTensors, flattenTensors, type TensorTree } from '../../src/tensor-tree.ts';
import { stageOneBatches, translatingWeights } from '../../src/training/stage-one.ts';
import { useBackend } from '../support/backend.ts';
import { minimalStageOne } from './minimal-runs.ts';

beforeAll(() => useBackend('wasm'));

const valuesOf = (tree: TensorTree): Record<string, number[]> =>
  Object.fromEntries(flattenTensors(tree).map(([path, tensor]) => [path, Array.from(tensor.dataSync())]));

describe('the batch of a stage-1 step', () => {
  /** The batch of each index, read. */
  function given(
    indices: readonly number[],
    options: Partial<Parameters<typeof stageOneBatches>[0]> = {},
  ): Record<string, number[]>[] {
    const numbered = (count: number, from: number): Images<Uint8Array> =>
      imageBatch(
        Uint8Array.from({ length: count }, (_, i) => from + i),
        [count, 1, 1, 1],
      );
    const batchAt = stageOneBatches({
      source: numbered(5, 10),
      target: numbered(3, 200),
      augment: minusOneToOne,
      batchSize: 1,
      generatorLearningRate: (at) => at / 4,
      discriminatorLearningRate: constantSchedule(0.5),
      poolSize: 2,
      seed: 1,
      ...options,
    });
    return indices.map((index) => {
      const batch = batchAt(index);
      const values = valuesOf(batch);
      disposeTensors(batch);
      return values;
    });
  }

  it('runs through each domain in its own order and finds its place again', () => {
    const batches = given([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const bytes = (domain: string) => batches.map((batch) => Math.round((batch[domain]![0]! + 1) * 127.5));
    const [source, target] = [bytes('source'), bytes('target')];
    for (const pass of [source.slice(0, 5), source.slice(5)])
      expect([...pass].sort()).toEqual([10, 11, 12, 13, 14]);
    for (const pass of [target.slice(0, 3), target.slice(3, 6), target.slice(6, 9)])
      expect([...pass].sort()).toEqual([200, 201, 202]);
    expect(batches.map((batch) => batch['generatorLearningRate']![0])).toEqual(
      batches.map((_, index) => index / 4),
    );
    expect(given([7, 2])).toEqual([batches[7], batches[2]]);
    expect(given([0, 1, 2, 3, 4], { seed: 2 })).not.toEqual(batches.slice(0, 5));
  });

  it('draws pools, penalty, dropout and augmentation anew in every step', () => {
    const keys: string[] = [];
    const masked = { masks: (key: readonly [number, number]) => ({ key: tf.tensor1d([...key], 'int32') }) };
    const batches = given([3, 4], {
      penalty: 'dragan',
      generators: { toTarget: masked, toSource: masked },
      augment: (images, key) => (keys.push(key.join()), minusOneToOne(images)),
    });
    expect(new Set(keys).size).toBe(4);
    const [one, other] = batches as [Record<string, number[]>, Record<string, number[]>];
    for (const path of ['penalty/source/alpha', 'penalty/target/alpha', 'penalty/source/beta'])
      expect(one[path], path).not.toEqual(other[path]);
    expect(one['penalty/source/alpha']).not.toEqual(one['penalty/target/alpha']);
    // three passes of two generators in two steps
    const masks = [one, other].flatMap((batch) =>
      Object.entries(batch).flatMap(([path, mask]) => (path.startsWith('masks/') ? [mask.join()] : [])),
    );
    expect(masks.length).toBe(12);
    expect(new Set(masks).size).toBe(12);
  });

  it('refuses an augmentation that leaves bytes', () => {
    expect(() => given([0], { augment: (images) => images })).toThrow('augment: expected numbers in [−1, 1]');
  });
});

describe('translatingWeights', () => {
  it('are the averages where there are any', () => {
    const { initial } = minimalStageOne();
    const { averages, ...rest } = initial;
    expect(translatingWeights(initial)).toBe(averages);
    expect(translatingWeights(rest)).toBe(initial.generators);
    disposeTensors(initial);
  });
});
