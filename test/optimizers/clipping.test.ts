import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { clipByGlobalNorm } from '../../src/optimizers/clipping.ts';
import { useBackend } from '../support/backend.ts';
import { expectClose } from '../support/fixture.ts';

beforeAll(() => useBackend('wasm'));

describe('update rules against float64', () => {
  const value = fc.double({ min: -2, max: 2, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-3);

  const start = fc.array(value, { minLength: 4, maxLength: 4 });

  it('a clipped gradient keeps its direction and has the norm min(‖g‖, maximum)', () => {
    fc.assert(
      fc.property(start, fc.double({ min: 0.1, max: 5, noNaN: true }), (g, maximum) => {
        const length = Math.hypot(...g);
        const clipped = tf.tidy(() => {
          const { gradients, norm } = clipByGlobalNorm(
            { a: tf.tensor1d(g.slice(0, 3)), b: tf.scalar(g[3]!) },
            maximum,
          );
          expectClose(norm, length, 1e-5);
          return [...gradients.a!.dataSync(), ...gradients.b!.dataSync()];
        });
        expectClose(
          clipped,
          g.map((x) => x * (length > maximum ? maximum / length : 1)),
          1e-5,
        );
        if (length < maximum * 0.999) expect(clipped).toEqual(g.map(Math.fround));
      }),
      { seed: 33, numRuns: 60 },
    );
  });
});

describe('misuse', () => {
  it('of clipping is refused by its maximum', () => {
    const gradients = { w: tf.zeros([2, 3]) };
    expect(() => clipByGlobalNorm(gradients, -1)).toThrow('maximum: expected a positive number, received -1');
    tf.dispose(gradients);
  });
});
