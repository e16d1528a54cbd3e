import { beforeAll, describe, expect, it } from 'vitest';
import { groupBatches } from '../src/group-batches.ts';
import { useBackend } from './support/backend.ts';

beforeAll(() => useBackend('wasm'));

describe('groupBatches', () => {
  const groups = [0, 1, 0, 2, 2, 0, 1, 0, 0, 2, 0];

  it('splits the batch evenly, the remainder to the last group', () => {
    const batch = groupBatches(groups, { batchSize: 8, seed: 3 });
    for (const step of [0, 1, 17, 123456]) {
      expect(Array.from(batch(step), (i) => groups[i])).toEqual([0, 0, 1, 1, 2, 2, 2, 2]);
    }
  });

  it('goes through every group before it repeats an example, in a new order each pass', () => {
    const batch = groupBatches(groups, { batchSize: 3, seed: 4 });
    const order = (g: number, size: number, pass: number) =>
      Array.from({ length: size }, (_, i) => batch(pass * size + i)[g]!);
    for (const pass of [0, 1, 2, 50]) {
      expect([...order(0, 6, pass)].sort((a, b) => a - b)).toEqual([0, 2, 5, 7, 8, 10]);
      expect([...order(1, 2, pass)].sort((a, b) => a - b)).toEqual([1, 6]);
    }
    const orders = new Set(Array.from({ length: 20 }, (_, pass) => order(0, 6, pass).join()));
    expect(orders.size).toBeGreaterThan(15);
  });

  it('is one shuffled stream over all examples when unbalanced', () => {
    const batch = groupBatches(groups, { batchSize: 4, seed: 5, balanced: false });
    const eleven = Array.from({ length: 11 }, (_, step) => [...batch(step)]).flat();
    for (let pass = 0; pass < 4; pass++) {
      expect(eleven.slice(11 * pass, 11 * pass + 11).sort((a, b) => a - b)).toEqual([
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
      ]);
    }
  });

  it('depends on the seed and the step alone', () => {
    const at = (seed: number, step: number) => [...groupBatches(groups, { batchSize: 9, seed })(step)].join();
    expect(at(6, 100)).toBe(at(6, 100));
    expect(at(6, 100)).not.toBe(at(7, 100));
    expect(at(6, 100)).not.toBe(at(6, 101));
  });

  it('unbalanced takes examples of no group, and refuses indices that are none', () => {
    const unbalanced = { batchSize: 2, seed: 0, balanced: false, groupCount: 2 };
    expect([...groupBatches([1, -1], unbalanced)(0)].sort()).toEqual([0, 1]);
    for (const wrong of [-2, 2, 1.5, NaN]) {
      expect(() => groupBatches([0, wrong], unbalanced)).toThrow(
        `groups: expected integers in [-1, 2), received ${wrong} at index 1`,
      );
    }
  });

  it('refuses what it cannot balance', () => {
    expect(() => groupBatches([], { batchSize: 1, seed: 0 })).toThrow(/at least one example/);
    expect(() => groupBatches([0, 2], { batchSize: 3, seed: 0 })).toThrow(/received none of 1/);
    expect(() => groupBatches([0, 1], { batchSize: 3, seed: 0, groupCount: 3 })).toThrow(/none of 2/);
    expect(() => groupBatches([0, 1], { batchSize: 1, seed: 0 })).toThrow(/≥ 2/);
    for (const wrong of [-1, 0.5, NaN, Infinity]) {
      expect(() => groupBatches([0, wrong], { batchSize: 2, seed: 0 })).toThrow(
        `groups: expected integers ≥ 0, received ${wrong} at index 1`,
      );
    }
    expect(() => groupBatches([0, 2 ** 40], { batchSize: 2, seed: 0 })).toThrow(/received none of 1/);
    expect(() => groupBatches([1, 2], { batchSize: 2, seed: 0, groupCount: 2 })).toThrow(
      'groups: expected integers in [0, 2), received 2 at index 1',
    );
    expect(() => groupBatches([0], { batchSize: 1, seed: 0 })(-1)).toThrow(/step/);
    expect(() => groupBatches([0], { batchSize: 1, seed: 0.5 })).toThrow(/seed/);
  });
});
