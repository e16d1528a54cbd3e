import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineFilter, mirrored, prefilterLines } from '../../src/augmentation/cubic-spline.ts';

describe('cubic spline', () => {
  it('passes through the samples: c₋₁ + 4c₀ + c₁ with mirrored ends', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true })),
        (length, count, sideBySide, stream) => {
          const samples = Array.from({ length: length * count }, () => stream.next().value);
          const lines = {
            count,
            ...(sideBySide ? { apart: 1, stride: count } : { apart: length, stride: 1 }),
          };
          const data = Float64Array.from(samples);
          prefilterLines(data, lines, lineFilter(length));
          samples.forEach((sample, place) => {
            const line = sideBySide ? place % count : Math.floor(place / length);
            const i = (place - line * lines.apart) / lines.stride;
            const at = (index: number): number =>
              data[line * lines.apart + mirrored(index, length) * lines.stride]!;
            expect(at(i - 1) + 4 * at(i) + at(i + 1)).toBeCloseTo(sample, 10);
          });
        },
      ),
    );
  });
});
