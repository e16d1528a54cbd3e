import { beforeAll, describe, it } from 'vitest';
import fc from 'fast-check';
import { useBackend } from '../support/backend.ts';
import { type Call, convolutionCalls, expectAgreement, geometry, type Geometry } from './kernel-calls.ts';

describe('kernels against the pure-JavaScript backend', () => {
  beforeAll(() => useBackend('wasm'));

  const holds = async (calls: (g: Geometry) => Call[], seed: number): Promise<void> =>
    fc.assert(
      fc.asyncProperty(geometry, async (g) => {
        for (const call of calls(g)) await expectAgreement(call);
      }),
      { numRuns: 80, seed },
    );

  it('has the gradients of a convolution', () => holds(convolutionCalls, 1));

  it('sums an image of many rows in bands, and many small ones together', async () => {
    for (const [batch, side, channels] of [
      [1, 50, 24],
      [2, 40, 33],
      [70, 3, 9],
    ] as const)
      for (const call of convolutionCalls({
        ...{
          batch,
          size: [side, side + 1],
          kernel: [2, 1],
          strides: [2, 1],
          channels,
          outputs: 3,
          pad: 'same',
        },
      }))
        await expectAgreement(call);
  });
});
