import { beforeAll, describe, expect, it } from 'vitest';
import { publishedGenerator } from '../../src/models/published.ts';
import { useBackend } from '../support/backend.ts';
import { expectGolden, fixture, onNearestSides, type ModelCase } from './golden.ts';
import { doubleOf, doubles, full, weightsOf, withWeights } from './large-cases.ts';

if (!full)
  console.log(
    'Only the evaluation of the 96-pixel U-Net is compared: the other U-Nets above 28 pixels and ResNet-50 have 24 to 54 million weights and take minutes on wasm; set MODEL_PATCHING_FULL=1.',
  );

const large = fixture.cases.filter(({ model }) => /^(unet|pix2pix)/.test(model));

const generator = ({ model, input: { shape } }: ModelCase): ReturnType<typeof publishedGenerator> =>
  publishedGenerator(shape.slice(1) as [number, number, number], {
    normalization: model.includes('instancenorm') ? 'instance' : 'batch',
    residual: model.includes('residual'),
  });

beforeAll(() => useBackend('wasm'));

describe('the U-Net between its kinks in double precision', () => {
  const double = doubles.find(({ kinks }) => kinks)!;
  const reference = fixture.cases.find(({ model }) => model === double.model)!.gradients!;

  /** Of the reference's gradients, one of which is off by this share of its norm. */
  function largestDeviation(share: number): number {
    const actual = (k: number | undefined): Record<number, number> => {
      const { indices, values, l2 } = reference.weights.find((one) => one.k === k) ?? reference.input;
      return Object.fromEntries(indices.map((index, i) => [index, values[i]! + (k === 33 ? share * l2 : 0)]));
    };
    const deviations = onNearestSides(actual, double, double.kinks!).flatMap(({ k, l2, indices, values }) =>
      indices.map((index, i) => (l2 > 0 ? Math.abs(actual(k)[index]! - values[i]!) / l2 : 0)),
    );
    return Math.max(...deviations);
  }

  it('is what the reference computes, on one side of each', () =>
    expect(largestDeviation(0)).toBeLessThan(2e-5));
  it('is nowhere near a gradient that is off', () => expect(largestDeviation(1.5e-3)).toBeGreaterThan(1e-3));
});

describe('large networks agree with the reference', () => {
  it('U-Net at 96 pixels, residual, in evaluation', () => {
    const golden = withWeights('unet_generator 96 batchnorm residual');
    expectGolden(generator(golden), golden, { parts: ['eval'] });
  });

  it.runIf(full).each(large.map((golden) => [golden.model, golden] as const))(
    '%s',
    (_, golden) =>
      expectGolden(generator(golden), golden, {
        weightsOf: weightsOf(golden),
        double: doubleOf(golden),
      }),
    600_000,
  );
});
