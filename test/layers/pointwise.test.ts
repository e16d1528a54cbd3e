import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { dropoutMask } from '../../src/layers/dropout.ts';
import { leakyRelu } from '../../src/layers/leaky-relu.ts';
import { reflectionPadding } from '../../src/layers/reflection-padding.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { threefry2x32 } from '../../src/random/threefry.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';

const draw = <T extends tf.Tensor>(name: string, shape: number[]): T =>
  tf.tensor(normal(foldKey(randomKey(3), name), tf.util.sizeFromShape(shape)), shape) as T;

/** A nonlinearity whose second derivative tfjs has: it loses that of operations which save their output, as tanh. */
const cube = (y: tf.Tensor): tf.Tensor => y.mul(y).mul(y);

/** Row r of an image of `size` rows, mirrored at the borders without repeating them. */
const mirrored = (r: number, size: number): number => (r < 0 ? -r : r >= size ? 2 * size - 2 - r : r);

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('reflection padding reads the mirrored pixel, at every size and padding', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 2, max: 6 }), fc.nat(3), (h, w, p) => {
        fc.pre(p < h && p < w);
        tf.tidy(() => {
          const x = draw<tf.Tensor4D>('image', [2, h, w, 2]);
          const [values, padded] = [x.arraySync(), reflectionPadding(x, p).arraySync()];
          padded.forEach((image, b) =>
            image.forEach((row, r) =>
              row.forEach((pixel, c) =>
                expect(pixel).toEqual(values[b]![mirrored(r - p, h)]![mirrored(c - p, w)]),
              ),
            ),
          );
        });
      }),
      { seed: 1, numRuns: 20 },
    );
  });

  it('reflection padding has the gradient of finite differences at first and second order', () => {
    tf.tidy(() => {
      const x = draw<tf.Tensor4D>('image', [2, 5, 4, 2]);
      const coefficients = draw<tf.Tensor4D>('coefficients', [2, 9, 8, 2]);
      const score = (a: tf.Tensor): tf.Scalar =>
        cube(reflectionPadding(a as tf.Tensor4D, 2))
          .mul(coefficients)
          .sum();
      const penalty = (a: tf.Tensor): tf.Scalar => tf.grad(score)(a).square().sum();
      expect(directionalError(score, [x])).toBeLessThanOrEqual(5e-3);
      expect(directionalError(penalty, [x], { epsilon: 3e-3 })).toBeLessThanOrEqual(5e-3);
      const cut = (): tf.Tensor[] => [
        x
          .square()
          .mul(3)
          .mul(coefficients.slice([0, 2, 2, 0], [2, 5, 4, 2])),
      ];
      expect(directionalError(score, [x], { gradient: cut })).toBeGreaterThan(0.05);
    });
  });

  it('refuses a padding that reaches beyond the image', () => {
    const x = tf.zeros<tf.Rank.R4>([1, 2, 2, 1]);
    expect(() => reflectionPadding(x, 2)).toThrow('x: expected height and width above 2');
    expect(() => reflectionPadding(x, -1)).toThrow('padding: expected an integer');
    x.dispose();
  });

  it('leaky ReLU: values, and gradients at first and second order', () => {
    tf.tidy(() => {
      expect(Array.from(leakyRelu(tf.tensor1d([-2, 0, 3]), 0.5).dataSync())).toEqual([-1, 0, 3]);
      const x = draw<tf.Tensor2D>('x', [6, 5]);
      const away = x.add(x.sign().mul(0.2));
      const w = draw<tf.Tensor2D>('w', [5, 4]);
      const score = (a: tf.Tensor, b: tf.Tensor): tf.Scalar =>
        cube(leakyRelu(tf.matMul(leakyRelu(a).square() as tf.Tensor2D, b as tf.Tensor2D))).sum();
      const penalty = (a: tf.Tensor, b: tf.Tensor): tf.Scalar =>
        tf
          .grad((input: tf.Tensor) => score(input, b))(a)
          .square()
          .sum();
      expect(directionalError(score, [away, w], { epsilon: 1e-3 })).toBeLessThanOrEqual(5e-3);
      expect(directionalError(penalty, [away, w], { epsilon: 1e-3 })).toBeLessThanOrEqual(5e-3);
      const gradient = tf.grads((a: tf.Tensor, b: tf.Tensor) => {
        const flat = a.relu();
        return cube(tf.matMul(flat.square() as tf.Tensor2D, b as tf.Tensor2D)).sum();
      });
      expect(
        directionalError(score, [away, w], { epsilon: 1e-3, gradient: (xs) => gradient([...xs]) }),
      ).toBeGreaterThan(0.05);
    });
  });

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
