import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { dropoutMask } from '../../src/layers/dropout.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { threefry2x32 } from '../../src/random/threefry.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';

const draw = <T extends tf.Tensor>(name: string, shape: number[]): T =>
  tf.tensor(normal(foldKey(randomKey(3), name), tf.util.sizeFromShape(shape)), shape) as T;

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('dropout by a mask has the gradient of finite differences', () => {
    tf.tidy(() => {
      const x = draw<tf.Tensor2D>('x', [6, 5]);
      const mask = dropoutMask(randomKey(4), [6, 5], 0.5);
      const score = (a: tf.Tensor): tf.Scalar => a.mul(mask).tanh().sum();
      expect(directionalError(score, [x])).toBeLessThanOrEqual(5e-3);
      const unmasked = (): tf.Tensor[] => [tf.onesLike(x).sub(x.tanh().square())];
      expect(directionalError(score, [x], { gradient: unmasked })).toBeGreaterThan(0.05);
    });
  });

  it('a dropout mask drops where as many bits of its key as hold the rate are below it', () => {
    const draws = (seed: number, size: number, bits: number): number[] => {
      const words = Array.from({ length: size }, (_, block) =>
        threefry2x32(randomKey(seed), block, 2 ** 31),
      ).flat();
      const pieces = Math.floor(32 / bits);
      const unused = bits === 24 ? 8 : 0;
      return Array.from({ length: size }, (_, i) => {
        const word = words[Math.floor(i / pieces)]! / 2 ** (unused + bits * (i % pieces));
        return (Math.floor(word) % 2 ** bits) / 2 ** bits;
      });
    };
    const check = (seed: number, size: number, rate: number, bits: number): void => {
      const mask = dropoutMask(randomKey(seed), [size], rate);
      const expected = draws(seed, size, bits).map((draw) => (draw < rate ? 0 : Math.fround(1 / (1 - rate))));
      expect(Array.from(mask.dataSync())).toEqual(expected);
      mask.dispose();
    };
    const [seed, size] = [fc.integer(), fc.nat(33)];
    const options = { seed: 1, numRuns: 50 };
    fc.assert(
      fc.property(seed, size, fc.nat(255), (s, n, k) => check(s, n, k / 2 ** 8, 8)),
      options,
    );
    fc.assert(
      fc.property(seed, size, fc.nat(127), (s, n, k) => check(s, n, (256 * k + 1) / 2 ** 16, 16)),
      options,
    );
    const others = fc
      .double({ min: 0.001, max: 0.999, noNaN: true })
      .filter((rate) => (rate * 2 ** 16) % 1 !== 0);
    fc.assert(
      fc.property(seed, size, others, (s, n, rate) => check(s, n, rate, 24)),
      options,
    );
  });

  it('dropout masks: their values, their rate, one key one mask', () => {
    tf.tidy(() => {
      const [first, again, other] = [1, 1, 2].map((seed) =>
        Array.from(dropoutMask(randomKey(seed), [100, 100], 0.25).dataSync()),
      );
      const kept = Math.fround(1 / 0.75);
      expect(first!.every((value) => value === 0 || value === kept)).toBe(true);
      const dropped = first!.filter((value) => value === 0).length / 1e4;
      expect(Math.abs(dropped - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 1e4));
      expect(again).toEqual(first);
      expect(other).not.toEqual(first);
    });
    expect(() => dropoutMask(randomKey(1), [2], 1)).toThrow('rate: expected a number in [0, 1), received 1');
  });
});
