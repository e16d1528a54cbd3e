import { beforeAll, describe, it } from 'vitest';
import fc from 'fast-check';
import { useBackend } from '../support/backend.ts';
import { expectAgreement, values } from './kernel-calls.ts';

describe('kernels against the pure-JavaScript backend', () => {
  beforeAll(() => useBackend('wasm'));

  it('normalises by given moments', async () => {
    const size = fc.constantFrom(1, 2, 3, 13, 40);
    const channels = fc.constantFrom(1, 2, 3, 4, 5, 8, 13, 32, 100);
    await fc.assert(
      fc.asyncProperty(size, size, channels, fc.boolean(), fc.boolean(), (n, pixels, c, scaled, shifted) =>
        expectAgreement({
          kernel: 'FusedBatchNorm',
          inputs: {
            x: { shape: [n, pixels, 1, c] },
            mean: { shape: [c], values: values([c], 2).map((value) => 100 * value) },
            variance: { shape: [c], values: values([c], 3).map((value) => value * value) },
            ...(scaled ? { scale: { shape: [c] } } : {}),
            ...(shifted ? { offset: { shape: [c] } } : {}),
          },
          attrs: { varianceEpsilon: 1e-3 },
        }),
      ),
      { numRuns: 80, seed: 9 },
    );
  });
});
