import { beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../support/backend.ts';
import { expectAgreement } from './kernel-calls.ts';

describe('kernels against the pure-JavaScript backend', () => {
  beforeAll(() => useBackend('wasm'));

  it('adds the rows of a segment, whatever their order', async () => {
    const size = fc.integer({ min: 1, max: 9 });
    await fc.assert(
      fc.asyncProperty(
        size,
        size,
        fc.array(fc.integer({ min: -1, max: 9 }), { minLength: 1 }),
        async (n, inner, ids) =>
          expectAgreement({
            kernel: 'UnsortedSegmentSum',
            inputs: {
              x: { shape: [ids.length, inner, 2] },
              segmentIds: { shape: [ids.length], values: Int32Array.from(ids) },
            },
            attrs: { numSegments: n },
          }),
      ),
      { numRuns: 60, seed: 5 },
    );
  });

  it('multiplies matrices, transposed or not, single or in batches', async () => {
    const size = fc.constantFrom(0, 1, 2, 3, 5, 8, 20, 70);
    const pairs = fc.constantFrom([1], [2], [3], [0], [2, 3], [1, 2]);
    // Without inner size the stock kernel leaves a single product as its memory was.
    const inner = size.filter((n) => n > 0);
    const shape = fc.tuple(size, inner, size, pairs, fc.boolean(), fc.boolean());
    await fc.assert(
      fc.asyncProperty(shape, ([m, k, n, batch, transposeA, transposeB]) =>
        expectAgreement({
          kernel: 'BatchMatMul',
          inputs: {
            a: { shape: [...batch, ...(transposeA ? [k, m] : [m, k])] },
            b: { shape: [...batch, ...(transposeB ? [n, k] : [k, n])] },
          },
          attrs: { transposeA, transposeB },
        }),
      ),
      { numRuns: 150, seed: 6 },
    );
  });

  it('multiplies each of several matrices with one', () =>
    expectAgreement({
      kernel: 'BatchMatMul',
      inputs: { a: { shape: [3, 20, 30] }, b: { shape: [1, 30, 40] } },
      attrs: { transposeA: false, transposeB: false },
    }));

  it('refuses matrices that do not fit', async () => {
    await tf.setBackend('wasm');
    expect(() => tf.tidy(() => tf.matMul(tf.ones([2, 30, 40]), tf.ones([2, 50, 60])))).toThrow(/40.*50/);
  });

  it.each(['Sum', 'Mean'])('has %s over any axes', async (kernel) => {
    const size = fc.constantFrom(1, 2, 3, 7, 8, 11, 300);
    const axes = fc.subarray([0, 1, 2]);
    await fc.assert(
      fc.asyncProperty(fc.tuple(size, size, size), axes, fc.boolean(), (shape, axis, keepDims) =>
        expectAgreement({
          kernel,
          inputs: { x: { shape: shape.map((n, i) => (i === 2 ? Math.min(n, 20) : n)) } },
          attrs: { axis, keepDims },
        }),
      ),
      { numRuns: 80, seed: 7 },
    );
  });

  it.each([tf.sum, tf.mean])('keeps the digits of long columns: %o', async (reduce) => {
    await tf.setBackend('wasm');
    const rows = 1 << 20;
    const total = tf.tidy(() => reduce(tf.fill([2, rows, 2], 0.1), 1).dataSync());
    const expected = Math.fround(0.1) * (reduce === tf.sum ? rows : 1);
    for (const value of total) expect(Math.abs(value / expected - 1)).toBeLessThan(1e-5);
  });
});
