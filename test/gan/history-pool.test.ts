import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  historyPoolDraws,
  historyPoolUpdate,
  referenceIndices,
  type HistoryPoolIndices,
} from '../../src/gan/history-pool.ts';
import { randomKey } from '../../src/random/random.ts';
import { useBackend } from '../support/backend.ts';
import { readFixture } from '../support/fixture.ts';

interface PoolCase {
  readonly maxSize: number;
  readonly batch?: number;
  readonly steps?: readonly {
    readonly add: readonly number[];
    readonly replacedSlots: readonly number[];
    readonly bufferAfter: readonly number[];
    readonly sampledSlots: readonly number[];
    readonly sampled: readonly number[];
  }[];
}

beforeAll(() => useBackend('wasm'));

/** One update of a pool of 1×1 images that hold their number. */
function update(pool: tf.Tensor4D, items: readonly number[], { write, read }: HistoryPoolIndices) {
  const fakes = tf.tensor4d([...items], [items.length, 1, 1, 1]);
  const draws = { write: tf.tensor1d(write, 'int32'), read: tf.tensor1d(read, 'int32') };
  const after = historyPoolUpdate(pool, fakes, draws);
  const sampled = Array.from(after.sample.dataSync());
  tf.dispose([pool, fakes, draws.write, draws.read, after.sample]);
  return { pool: after.images, held: Array.from(after.images.dataSync()), sampled };
}

describe('the published pool', () => {
  readFixture<PoolCase>('replay-buffer').cases.forEach(({ maxSize, batch, steps }, index) => {
    if (steps !== undefined)
      it(`case ${index}: ${maxSize} slots`, () => {
        const before = tf.memory().numTensors;
        let pool = tf.zeros<tf.Rank.R4>([maxSize, 1, 1, 1]);
        let filled = 0;
        for (const { add, replacedSlots, bufferAfter, sampledSlots, sampled } of steps) {
          const indices = referenceIndices({
            filled,
            capacity: maxSize,
            replaced: replacedSlots,
            sampled: sampledSlots,
          });
          const after = update(pool, add, indices);
          pool = after.pool;
          filled = Math.min(maxSize, filled + add.length);
          expect(after.held.slice(0, filled)).toEqual(bufferAfter);
          expect(after.sampled).toEqual(sampled);
        }
        pool.dispose();
        expect(tf.memory().numTensors).toBe(before);
      });
    else
      it(`case ${index}: a batch of ${batch} is refused by ${maxSize} slots`, () => {
        expect(() =>
          historyPoolDraws({ key: randomKey(0), step: 0, batchSize: batch!, capacity: maxSize }),
        ).toThrow(`batchSize: expected at most the pool's capacity ${maxSize}, received ${batch}`);
      });
  });
});

describe('laws of the pool', () => {
  const sizes = fc
    .integer({ min: 1, max: 7 })
    .chain((batchSize) => fc.tuple(fc.constant(batchSize), fc.integer({ min: batchSize, max: 12 })));
  const seed = fc.integer();

  /** What happens over the steps: pool and sample by image numbers 1, 2, …; 0 is an empty slot. */
  const history = (
    key: number,
    batchSize: number,
    capacity: number,
    rule: 'reference' | 'current-or-history',
    steps = 8,
  ) => {
    let held: number[] = new Array<number>(capacity).fill(0);
    return Array.from({ length: steps }, (_, step) => {
      const indices = historyPoolDraws({ key: randomKey(key), step, batchSize, capacity, rule });
      const fakes = Array.from({ length: batchSize }, (_, i) => 1 + step * batchSize + i);
      const all = [...held, ...fakes];
      const before = held;
      held = Array.from(indices.write, (i) => all[i]!);
      return { before, fakes, held, sampled: Array.from(indices.read, (i) => all[i]!) };
    });
  };

  it.each(['reference', 'current-or-history'] as const)(
    '%s: only images made so far, never an empty slot, free slots first',
    (rule) => {
      fc.assert(
        fc.property(seed, sizes, (key, [batchSize, capacity]) => {
          history(key, batchSize, capacity, rule).forEach(({ fakes, held, sampled }) => {
            const made = fakes.at(-1)!;
            const filled = Math.min(capacity, made);
            expect(held.filter((image) => image > 0)).toHaveLength(filled);
            expect(new Set(held.slice(0, filled)).size).toBe(filled);
            for (const image of [...held.slice(0, filled), ...sampled]) {
              expect(image).toBeGreaterThan(0);
              expect(image).toBeLessThanOrEqual(made);
            }
            if (made <= capacity)
              expect(held.slice(0, made)).toEqual(Array.from({ length: made }, (_, i) => i + 1));
          });
        }),
        { seed: 61, numRuns: 60 },
      );
    },
  );

  it('reference: a sample is distinct and in the pool; every new image enters unless replaced by a later one', () => {
    fc.assert(
      fc.property(seed, sizes, (key, [batchSize, capacity]) => {
        for (const { held, sampled, fakes } of history(key, batchSize, capacity, 'reference')) {
          expect(new Set(sampled).size).toBe(batchSize);
          sampled.forEach((image) => expect(held).toContain(image));
          if (fakes.at(-1)! <= capacity || fakes[0]! > capacity)
            fakes.forEach((image) => expect(held).toContain(image));
        }
      }),
      { seed: 62, numRuns: 60 },
    );
  });

  it('current-or-history: an image leaves the pool only by being shown, and a new one that is not shown enters it', () => {
    fc.assert(
      fc.property(seed, sizes, (key, [batchSize, capacity]) => {
        for (const { before, fakes, held, sampled } of history(
          key,
          batchSize,
          capacity,
          'current-or-history',
        )) {
          // an image leaves the pool only by being shown, and a new one that is not shown has entered
          expect(new Set([...held, ...sampled, 0])).toEqual(new Set([...before, ...fakes, 0]));
        }
      }),
      { seed: 63, numRuns: 60 },
    );
  });

  it('current-or-history: one half of the images of a full pool are old ones', () => {
    const steps = history(4, 5, 50, 'current-or-history', 410).slice(10);
    const old = steps.flatMap(({ fakes, sampled }) => sampled.filter((image, i) => image !== fakes[i]));
    // 2,000 coins: five standard deviations are 0.056
    expect(Math.abs(old.length / 2000 - 0.5)).toBeLessThan(0.056);
  });

  it('draws depend on key and step only, and every slot is replaced and sampled equally often', () => {
    const options = { batchSize: 2, capacity: 6 };
    const at = (key: number, step: number) => historyPoolDraws({ key: randomKey(key), step, ...options });
    expect(at(1, 40)).toEqual(at(1, 40));
    expect(at(1, 40)).not.toEqual(at(2, 40));
    const replaced = new Array<number>(6).fill(0);
    for (let step = 3; step < 1203; step++)
      at(1, step).write.forEach((index, slot) => (replaced[slot]! += index === slot ? 0 : 1));
    // 1,200 steps replace 2 of 6 slots: 400 each, standard deviation 16
    replaced.forEach((count) => expect(Math.abs(count - 400)).toBeLessThan(82));
  });
});

describe('misuse', () => {
  it('is refused', () => {
    tf.tidy(() => {
      const key = randomKey(0);
      const rule = 'newest' as never;
      expect(() => historyPoolDraws({ key, step: 0, batchSize: 1, capacity: 1, rule })).toThrow('rule');
      expect(() => historyPoolDraws({ key, step: -1, batchSize: 1, capacity: 1 })).toThrow('step');
      expect(() => historyPoolDraws({ key, step: 0, batchSize: 1.5, capacity: 3 })).toThrow('batchSize');
      const pool = tf.zeros<tf.Rank.R4>([2, 3, 3, 1]);
      const draws = { write: tf.tensor1d([0, 1], 'int32'), read: tf.tensor1d([0], 'int32') };
      expect(() => historyPoolUpdate(pool, tf.zeros([1, 3, 2, 1]), draws)).toThrow(
        'fakes: expected shape [batch, 3, 3, 1], received [1, 3, 2, 1]',
      );
      expect(() => historyPoolUpdate(pool, tf.zeros([2, 3, 3, 1]), draws)).toThrow(
        'draws.read: expected shape [2]',
      );
      const short = { ...draws, write: draws.read };
      expect(() => historyPoolUpdate(pool, tf.zeros([1, 3, 3, 1]), short)).toThrow(
        'draws.write: expected shape [2]',
      );
    });
  });
});
