import { beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { fused, type FusedKernel } from '../../src/layers/fused-kernels.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { useBackend } from '../support/backend.ts';
import { expectClose } from '../support/fixture.ts';

beforeAll(() => useBackend('wasm'));

interface Values {
  readonly shape: number[];
  readonly values: Float32Array;
}

const drawn = (name: string, shape: number[], mean = 0): Values => ({
  shape,
  values: normal(foldKey(randomKey(7), name), tf.util.sizeFromShape(shape), mean),
});

const dataIds = (): number => (tf.backend() as tf.KernelBackend & { numDataIds(): number }).numDataIds();

/** The outputs, the same bits twice, and nothing left behind. */
function outputs(
  name: FusedKernel,
  inputs: Readonly<Record<string, Values | undefined>>,
  attributes = {},
): Float32Array[] {
  const once = (): Float32Array[] =>
    tf.tidy(() => {
      const tensors = Object.fromEntries(
        Object.entries(inputs).map(([key, given]) => [key, given && tf.tensor(given.values, given.shape)]),
      );
      return fused(name, tensors, attributes)!.map((tensor) => tensor.dataSync().slice() as Float32Array);
    });
  const before = [tf.memory().numTensors, dataIds()];
  const first = once();
  expect([tf.memory().numTensors, dataIds()], `${name} leaks`).toEqual(before);
  expect(once(), `${name} is not bit-equal the second time`).toEqual(first);
  return first;
}

interface Normalization {
  readonly x: Values;
  readonly dy: Values;
  readonly scale?: Values | undefined;
  readonly offset?: Values | undefined;
}

/** Output, moments and gradients in doubles. */
function twin({ x, dy, scale, offset }: Normalization, epsilon: number) {
  const channels = x.shape.at(-1)!;
  const count = x.values.length / channels;
  const channel = <T>(f: (c: number, of: (v: Values) => number[]) => T): T[] =>
    Array.from({ length: channels }, (_, c) =>
      f(c, (v) => Array.from({ length: count }, (_, i) => v.values[i * channels + c]!)),
    );
  const total = (values: number[]): number => values.reduce((sum, value) => sum + value, 0);
  const perChannel = channel((c, of) => {
    const [xs, dys] = [of(x), of(dy)];
    const mean = total(xs) / count;
    const variance = total(xs.map((value) => (value - mean) ** 2)) / count;
    const inverse = 1 / Math.sqrt(variance + epsilon);
    const standardized = xs.map((value) => (value - mean) * inverse);
    const [gamma, beta] = [scale?.values[c] ?? 1, offset?.values[c] ?? 0];
    const dOffset = total(dys);
    const dScale = total(dys.map((value, i) => value * standardized[i]!));
    const dx = dys.map(
      (value, i) => gamma * inverse * (value - (dOffset + standardized[i]! * dScale) / count),
    );
    return { mean, variance, y: standardized.map((value) => gamma * value + beta), dx, dScale, dOffset };
  });
  const interleaved = (key: 'y' | 'dx'): number[] =>
    Array.from(
      { length: count * channels },
      (_, i) => perChannel[i % channels]![key][Math.floor(i / channels)]!,
    );
  return {
    outputs: [interleaved('y'), perChannel.map(({ mean }) => mean), perChannel.map((p) => p.variance)],
    gradients: [interleaved('dx'), perChannel.map((p) => p.dScale), perChannel.map((p) => p.dOffset)],
  };
}

const shapes = fc.oneof(
  fc.tuple(fc.constantFrom(1, 2, 3, 13), fc.constantFrom(1, 2, 7), fc.constantFrom(1, 2, 9)),
  fc.tuple(fc.constantFrom(2, 40)),
);

describe('the fused kernels on wasm', () => {
  it('normalise a batch, and its gradient, as in doubles', () => {
    fc.assert(
      fc.property(
        ...[shapes, fc.constantFrom(1, 2, 3, 4, 5, 8, 13, 32, 100), fc.boolean(), fc.boolean()],
        fc.constantFrom(0, 30),
        (rest, channels, scaled, shifted, mean) => {
          const shape = [...rest, channels];
          const given = {
            x: drawn('x', shape, mean),
            dy: drawn('dy', shape),
            scale: scaled ? drawn('scale', [channels], 1) : undefined,
            offset: shifted ? drawn('offset', [channels]) : undefined,
          };
          const epsilon = 1e-2;
          const { x, dy, scale, offset } = given;
          const expected = twin(given, epsilon);
          const [y, m, v] = outputs('BatchNormalization', { x, scale, offset }, { epsilon });
          const channelOf = (values: Float32Array | undefined): Values => ({
            shape: [channels],
            values: values!,
          });
          const moments = { mean: channelOf(m), variance: channelOf(v) };
          const gradients = outputs('BatchNormalizationGradient', { x, dy, ...moments, scale }, { epsilon });
          // A mean of 30 has a last digit of 2e-6, and a pixel's deviation, of 1/√ε at most, as much.
          const tolerance = 1e-5 * (1 + mean);
          [y!, m!, v!].forEach((actual, i) =>
            expectClose(actual, expected.outputs[i]!, tolerance, `output ${i}`),
          );
          gradients.forEach((actual, i) =>
            expectClose(actual, expected.gradients[i]!, tolerance * 10, `gradient ${i}`),
          );
          if (rest.length === 3 && x.values.length > 2 * channels)
            expect(() =>
              expectClose(
                gradients[0]!.map((value) => -value),
                expected.gradients[0]!,
                tolerance * 10,
                'wrong',
              ),
            ).toThrow();
        },
      ),
      { numRuns: 100, seed: 11 },
    );
  });

  it('take the slopes of ReLU and leaky ReLU, α at 0', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (size, alpha) => {
          const [dy, x] = [drawn('dy', [size]), drawn('x', [size])];
          x.values[size >> 1] = 0;
          const expected = (slope: number): Float32Array =>
            dy.values.map((value, i) => (x.values[i]! > 0 ? value : value * Math.fround(slope)));
          expect(outputs('LeakyReluGradient', { dy, x }, { alpha })).toEqual([expected(alpha)]);
          expectClose(outputs('ReluGradient', { dy, y: x })[0]!, expected(0), 0, 'relu');
        },
      ),
      { numRuns: 50, seed: 12 },
    );
  });
});
