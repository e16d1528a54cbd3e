import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { reflectionPadding } from '../../src/layers/reflection-padding.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
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
});
