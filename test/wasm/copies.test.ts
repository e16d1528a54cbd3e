import { beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { useBackend } from '../support/backend.ts';

const wasm = (): tf.KernelBackend & { numDataIds(): number } => tf.backend() as ReturnType<typeof wasm>;
type Type = 'float32' | 'int32' | 'bool';

/** Numbers that are all different where the type has so many. */
function counted(shape: readonly number[], dtype: Type, start: number): tf.Tensor {
  const numbers = Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, i) => start + i + 1);
  return tf.tensor(dtype === 'bool' ? numbers.map((n) => n % 3 === 0) : numbers, [...shape], dtype);
}

/** The results are those of the pure-JavaScript backend, and nothing is left behind. */
async function expectSame(f: () => tf.Tensor[]): Promise<void> {
  const results: unknown[] = [];
  for (const backend of ['wasm', 'cpu']) {
    await tf.setBackend(backend);
    const before = [tf.memory().numTensors, wasm().numDataIds()];
    results.push(tf.tidy(() => f().map((y) => [y.dtype, y.shape, [...y.dataSync()]])));
    expect([tf.memory().numTensors, wasm().numDataIds()], `leak on ${backend}`).toEqual(before);
  }
  expect(results[0]).toEqual(results[1]);
}

const shape = fc.array(fc.constantFrom(1, 2, 3, 5, 17), { minLength: 1, maxLength: 4 });
const dtype = fc.constantFrom<Type>('float32', 'int32', 'bool');
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('joining, cutting and repeating', () => {
  beforeAll(() => useBackend('wasm'));

  it('joins along any axis', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(shape, dtype, share, sizes, (dimensions, type, where, parts) => {
        const axis = Math.min(dimensions.length - 1, Math.floor(where * dimensions.length));
        return expectSame(() => [
          tf.concat(
            parts.map((size, i) =>
              counted(
                dimensions.map((n, a) => (a === axis ? size : n)),
                type,
                1000 * i,
              ),
            ),
            axis,
          ),
        ]);
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  it('cuts any box out', async () => {
    const shares = fc.array(fc.tuple(share, share), { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(shape, dtype, shares, (dimensions, type, where) => {
        const begin = dimensions.map((n, axis) => Math.floor(where[axis]![0] * n * 0.999));
        const size = dimensions.map((n, axis) => Math.round(where[axis]![1] * (n - begin[axis]!)));
        const toTheEnd = size.map((n, axis) => (n === dimensions[axis]! - begin[axis]! ? -1 : n));
        return expectSame(() => [tf.slice(counted(dimensions, type, 0), begin, toTheEnd)]);
      }),
      { numRuns: 200, seed: 2 },
    );
  });

  it('splits along any axis', async () => {
    await fc.assert(
      fc.asyncProperty(shape, dtype, share, share, (dimensions, type, where, cut) => {
        const axis = Math.min(dimensions.length - 1, Math.floor(where * dimensions.length));
        const first = Math.floor(cut * dimensions[axis]!);
        return expectSame(() =>
          tf.split(counted(dimensions, type, 0), [first, dimensions[axis]! - first], axis),
        );
      }),
      { numRuns: 100, seed: 3 },
    );
  });

  it('repeats along all axes', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(shape, dtype, times, (dimensions, type, reps) =>
        expectSame(() => [tf.tile(counted(dimensions, type, 0), reps.slice(0, dimensions.length))]),
      ),
      { numRuns: 100, seed: 4 },
    );
  });

  it('keeps every bit of what is not a number', async () => {
    await tf.setBackend('wasm');
    const bits = Uint32Array.of(0x7fc00001, 0xffc0beef, 0x80000000, 0x7f800000);
    tf.tidy(() => {
      const x = tf.tensor(new Float32Array(bits.buffer), [2, 2]);
      const turned = tf.concat([x.slice([0, 1], [2, 1]), x.slice([0, 0], [2, 1])], 1).dataSync();
      const expected = [1, 0, 3, 2].map((i) => bits[i]);
      expect([...new Uint32Array(turned.buffer, turned.byteOffset, 4)]).toEqual(expected);
    });
  });

  it('refuses a box that does not lie inside', async () => {
    await tf.setBackend('wasm');
    expect(() => tf.tidy(() => tf.slice(tf.zeros([3, 4]), [0, 2], [3, 3]))).toThrow(/begin\[1\]|size\[1\]/);
  });
});
