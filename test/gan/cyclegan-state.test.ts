import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cycleganDraws, type CycleganDraws } from '../../src/gan/cyclegan-state.ts';
import { historyPoolDraws } from '../../src/gan/history-pool.ts';
import { foldKey, randomKey } from '../../src/random/random.ts';
import { flattenTensors, disposeTensors, type TensorTree } from '../../src/tensor-tree.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('cpu'));

const key = randomKey(9);
const options = { key, shape: [2, 2, 2, 1], capacity: 3 } as const;
/** A network whose only mask tells the key that it was asked with. */
const network = { masks: (maskKey: readonly number[]) => ({ key: tf.tensor1d([...maskKey]) }) };
const numbersOf = (draws: CycleganDraws): Record<string, number[]> => {
  const numbers = Object.fromEntries(
    flattenTensors(draws as TensorTree).map(([path, tensor]) => [path, [...tensor.dataSync()]]),
  );
  disposeTensors(draws as TensorTree);
  return numbers;
};

describe('draws of a CycleGAN step', () => {
  afterAll(() => expect(tf.memory().numTensors).toBe(0));

  it('are those of the pool of each domain, under a key of its own', () => {
    for (const step of [0, 1, 5]) {
      const numbers = numbersOf(cycleganDraws({ ...options, step }));
      expect(Object.keys(numbers)).toHaveLength(4);
      for (const domain of ['source', 'target']) {
        const own = historyPoolDraws({
          key: foldKey(key, 'pool', domain),
          step,
          batchSize: 2,
          capacity: 3,
          rule: 'reference',
        });
        expect(numbers[`pools/${domain}/write`]).toEqual([...own.write]);
        expect(numbers[`pools/${domain}/read`]).toEqual([...own.read]);
      }
    }
  });

  it('hold points for the penalty where one is asked for, other ones in each domain and step', () => {
    const [first, again, next] = [3, 3, 4].map((step) =>
      numbersOf(cycleganDraws({ ...options, step, penalty: 'wgan-gp' })),
    );
    expect(first).toEqual(again);
    expect(first!['penalty/source/alpha']).not.toEqual(first!['penalty/target/alpha']);
    expect(first!['penalty/source/alpha']).not.toEqual(next!['penalty/source/alpha']);
  });

  it('give each of the six passes of the generators masks of its own', () => {
    const generators = { toTarget: network, toSource: network };
    const numbers = numbersOf(cycleganDraws({ ...options, step: 1, generators }));
    const masks = Object.entries(numbers).filter(([path]) => path.startsWith('masks/'));
    expect(masks).toHaveLength(6);
    expect(new Set(masks.map(([, words]) => words.join())).size).toBe(6);
  });

  it('refuse a batch larger than the pool', () => {
    expect(() => cycleganDraws({ ...options, step: 0, capacity: 1 })).toThrow(RangeError);
  });
});
