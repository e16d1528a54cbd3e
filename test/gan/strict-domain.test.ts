import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { degrade } from '../../src/gan/strict-domain.ts';
import { randomKey, uniform } from '../../src/random/random.ts';

describe('degrade', () => {
  const shape = [6, 12, 10, 3] as const;
  const size = 12 * 10 * 3;
  const images = (seed: number, low: number, high: number): Float32Array =>
    uniform(randomKey(seed), 6 * size, low, high);
  const image = (batch: Float32Array, i: number) => Array.from(batch.subarray(i * size, (i + 1) * size));

  it('keeps the range, is a function of its key, changes every image and leaves its input alone', () => {
    const ranges = fc.constantFrom([0, 1] as const, [-1, 1] as const);
    fc.assert(
      fc.property(fc.nat({ max: 1e6 }), ranges, (seed, range) => {
        const clean = images(seed, range[0], range[1]);
        const copy = clean.slice();
        const result = degrade(clean, shape, randomKey(seed), { range });
        expect(result.every((pixel) => pixel >= range[0] && pixel <= range[1])).toBe(true);
        expect(degrade(clean, shape, randomKey(seed), { range })).toEqual(result);
        expect(degrade(clean, shape, randomKey(seed + 1), { range })).not.toEqual(result);
        for (let i = 0; i < 6; i++) expect(image(result, i)).not.toEqual(image(clean, i));
        expect(clean).toEqual(copy);
      }),
      { seed: 27, numRuns: 15 },
    );
  });

  it('treats each image by itself', () => {
    const clean = images(5, 0, 1);
    const whole = degrade(clean, shape, randomKey(9));
    const other = clean.slice().fill(0, size);
    expect(image(degrade(other, shape, randomKey(9)), 0)).toEqual(image(whole, 0));
    expect(degrade(clean.slice(0, size), [1, 12, 10, 3], randomKey(9))).toEqual(whole.slice(0, size));
  });

  // On a uniform grey image the blur does nothing, so that the marks are all that changes.
  it('draws marks in 80 % of the images, few as often as many, bright twice as often as dark', () => {
    const [count, side] = [2000, 28];
    const grey = new Float32Array(count * side * side).fill(0.5);
    const result = degrade(grey, [count, side, side, 1], randomKey(10), { blur: [0.001, 0.001] });
    const touched = Array.from({ length: count }, (_, i) => {
      const pixels = result.subarray(i * side * side, (i + 1) * side * side);
      return pixels.reduce((sum, pixel) => sum + (pixel === 0.5 ? 0 : 1), 0);
    });
    const share = (holds: (n: number) => boolean) => touched.filter(holds).length / count;
    expect(Math.abs(share((n) => n > 0) - 0.8)).toBeLessThan(0.03);
    expect(Math.max(...touched)).toBeGreaterThan(40);
    expect(Math.max(...touched)).toBeLessThanOrEqual(31 * 4);
    // Log-uniform between 1 and 31 marks of 1 to 4 pixels: the median is some 5.6 marks of 2.5 pixels.
    const marked = touched.filter((n) => n > 0).sort((a, b) => a - b);
    expect(marked[Math.floor(marked.length / 2)]!).toBeGreaterThan(8);
    expect(marked[Math.floor(marked.length / 2)]!).toBeLessThan(20);
    const bright = result.reduce((sum, pixel) => sum + (pixel > 0.5 ? 1 : 0), 0);
    const dark = result.reduce((sum, pixel) => sum + (pixel < 0.5 ? 1 : 0), 0);
    expect(bright / dark).toBeGreaterThan(1.8);
    expect(bright / dark).toBeLessThan(2.2);
  });

  it('blurs with a Gaussian that keeps the sum of a point', () => {
    const side = 15;
    const point = new Float32Array(side * side);
    point[7 * side + 7] = 1;
    // A kind in [0.4, 0.6) is blur alone.
    const seed = Array.from({ length: 50 }, (_, s) => s).find((s) => {
      const flat = degrade(new Float32Array(side * side).fill(0.5), [1, side, side, 1], randomKey(s));
      return flat.every((pixel) => Math.abs(pixel - 0.5) < 1e-6);
    })!;
    const blurred = degrade(point, [1, side, side, 1], randomKey(seed), { blur: [0.8, 0.8] });
    expect(blurred.reduce((sum, pixel) => sum + pixel, 0)).toBeCloseTo(1, 5);
    const at = (row: number, column: number) => blurred[row * side + column]!;
    for (const [row, column] of [
      [7, 8],
      [8, 7],
      [8, 8],
      [7, 9],
      [9, 8],
    ] as const) {
      const squared = (row - 7) ** 2 + (column - 7) ** 2;
      expect(at(row, column) / at(7, 7)).toBeCloseTo(Math.exp(-squared / (2 * 0.8 ** 2)), 5);
    }
  });

  it.each([
    ['length', () => degrade(new Float32Array(3), [1, 2, 2, 1], randomKey(0)), /pixels: expected 4 numbers/],
    [
      'pixels',
      () => degrade(Float32Array.of(-1), [1, 1, 1, 1], randomKey(0)),
      /images: expected pixels in \[0, 1\]/,
    ],
    ['NaN', () => degrade(Float32Array.of(NaN), [1, 1, 1, 1], randomKey(0)), /received NaN/],
    [
      'range',
      () => degrade(Float32Array.of(0), [1, 1, 1, 1], randomKey(0), { range: [1, 0] }),
      /range: expected/,
    ],
    [
      'density',
      () => degrade(Float32Array.of(0), [1, 1, 1, 1], randomKey(0), { density: 2 }),
      /density: expected/,
    ],
    [
      'blur',
      () => degrade(Float32Array.of(0), [1, 1, 1, 1], randomKey(0), { blur: [0, 1] }),
      /blur: expected/,
    ],
  ])('refuses bad %s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
