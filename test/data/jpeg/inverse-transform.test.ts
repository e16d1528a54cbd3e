import fc from 'fast-check';
import { expect, it } from 'vitest';
import { writeBlock } from '../../../src/data/jpeg/inverse-transform.ts';

const scale = (k: number): number => (k === 0 ? Math.SQRT1_2 : 1);

/** The definition, ITU-T T.81, A.3.3, in doubles. */
function sample(block: readonly number[], y: number, x: number): number {
  let sum = 0;
  for (let v = 0; v < 8; v++) {
    for (let u = 0; u < 8; u++) {
      const waves = Math.cos(((2 * x + 1) * u * Math.PI) / 16) * Math.cos(((2 * y + 1) * v * Math.PI) / 16);
      sum += scale(u) * scale(v) * block[8 * v + u]! * waves;
    }
  }
  return Math.min(255, Math.max(0, sum / 4 + 128));
}

it('samples are within a level of the definition, and outside a block nothing is written', () => {
  const coefficient = fc.integer({ min: -40, max: 40 });
  fc.assert(
    fc.property(
      fc.array(coefficient, { minLength: 64, maxLength: 64 }),
      fc.constantFrom(1, 3, 17),
      fc.boolean(),
      (coefficients, step, isFlat) => {
        const block = coefficients.map((value, i) => (isFlat && i > 0 ? 0 : value));
        const plane = new Uint8ClampedArray(8 * 20).fill(77);
        const steps = new Uint16Array(64).fill(step);
        writeBlock(Int16Array.of(9, ...block), 1, steps, plane, 5, 20, new Int32Array(64));
        plane.forEach((value, i) => {
          const [y, x] = [Math.floor(i / 20), (i % 20) - 5];
          const isInside = x >= 0 && x < 8;
          const expected = isInside
            ? sample(
                block.map((c) => c * step),
                y,
                x,
              )
            : 77;
          expect(Math.abs(value - expected)).toBeLessThanOrEqual(isInside ? 1 : 0);
        });
      },
    ),
    { seed: 6, numRuns: 200 },
  );
});
