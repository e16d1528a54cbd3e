import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { compileWindowLoop, plainWindowLoop, type Windows } from '../../src/wasm/window-loop.ts';
import { normal, randomKey } from '../../src/random/random.ts';

const FLOATS = 1 << 13;
const [X, DY, DX] = [1, 3000, 5000];

const windows: fc.Arbitrary<Windows> = fc
  .record({
    channels: fc.integer({ min: 0, max: 9 }),
    rows: fc.integer({ min: 0, max: 3 }),
    columns: fc.integer({ min: 0, max: 3 }),
    outputs: fc.integer({ min: 0, max: 5 }),
    stride: fc.integer({ min: 1, max: 4 }),
    width: fc.integer({ min: 20, max: 25 }),
  })
  .map(({ channels, rows, columns, outputs, stride, width }) => ({
    ...{ x: 4 * X, toGradient: 4 * (DX - X), dy: 4 * DY, channels, rows, columns, outputs },
    ...{ rowStride: 4 * width * channels, pixelStride: 4 * channels },
    ...{ xStep: 4 * stride * channels, dyStep: 4 * channels },
  }));

/** Few different numbers, so that many are equal, with zeros of both signs and what is no number. */
const numbers = (special: readonly number[]): Float32Array =>
  Float32Array.from(normal(randomKey(1), FLOATS), (value, i) =>
    i >= DY ? value : (special[Math.floor(Math.abs(value) * 1000) % special.length] ?? 0),
  );

describe.each([false, true])('the loop over windows (shared memory: %s)', (shared) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared });
  const floats = new Float32Array(memory.buffer, 0, FLOATS);
  const fast = compileWindowLoop(memory)!;
  const start = numbers([0, -0, 1, 2, 2, -1, NaN, -Infinity, Infinity]);
  const bits = (values: Float32Array): number[] => [...new Int32Array(values.slice().buffer)];

  it('leaves the bits of the plain loop, for every window, stride and number of channels', () => {
    const other = start.slice();
    const plain = plainWindowLoop(() => other);
    fc.assert(
      fc.property(windows, (given) => {
        floats.set(start);
        other.set(start);
        fast(given);
        plain(given);
        expect(bits(floats)).toEqual(bits(other));
      }),
      { numRuns: 200, seed: 12 },
    );
  });

  it.each([
    ['the largest', [1, 3, 2, 0], [0, 1, 0, 0]],
    ['the first of equals', [-2, -1, -1, -1], [0, 1, 0, 0]],
    ['the first zero of whatever sign', [-0, 0, 0, -0], [1, 0, 0, 0]],
    ['a number beside what is none', [NaN, -5, NaN, -6], [0, 1, 0, 0]],
    ['nobody where there is no number', [NaN, -Infinity, NaN, NaN], [0, 0, 0, 0]],
  ])('gives the gradient to %s', (_, pixels, shares) => {
    for (const channels of [1, 4, 6]) {
      floats.fill(0);
      const each = (f: (pixel: number, channel: number) => void): void =>
        pixels.forEach((_value, pixel) => {
          for (let channel = 0; channel < channels; channel++) f(pixel, channel);
        });
      each((pixel, channel) => (floats[X + pixel * channels + channel] = pixels[pixel]!));
      for (let channel = 0; channel < channels; channel++) floats[DY + channel] = 10 + channel;
      fast({
        ...{ x: 4 * X, toGradient: 4 * (DX - X), dy: 4 * DY, channels, rows: 2, columns: 2, outputs: 1 },
        ...{ rowStride: 8 * channels, pixelStride: 4 * channels, xStep: 0, dyStep: 0 },
      });
      each((pixel, channel) =>
        expect(floats[DX + pixel * channels + channel]).toBe(shares[pixel]! * (10 + channel)),
      );
    }
  });
});
