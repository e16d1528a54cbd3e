import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adversarialLosses, type AdversarialKind } from '../../src/gan/adversarial-losses.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';
import { expectClose, readFixture, toTensor, type FixtureTensor } from '../support/fixture.ts';

interface LossCase {
  readonly what: string;
  readonly kind: AdversarialKind;
  readonly real: FixtureTensor;
  readonly fake: FixtureTensor;
  readonly discriminatorLoss: number;
  readonly generatorLoss: number;
  readonly gradDiscriminatorReal: FixtureTensor;
  readonly gradDiscriminatorFake: FixtureTensor;
  readonly gradGeneratorFake: FixtureTensor;
}

const fixtures = readFixture<LossCase>('gan-losses').cases;

const KINDS = ['bce', 'lsgan', 'wgan', 'hinge'] as const;

const BACKENDS = ['wasm', 'cpu'] as const;

const draws = (name: string, shape: number[], spread = 1): tf.Tensor =>
  tf.tensor(normal(foldKey(randomKey(11), name), tf.util.sizeFromShape(shape), 0, spread), shape);

describe.each(BACKENDS)('published losses on %s', (backend) => {
  fixtures.forEach((fixture, index) => {
    if (fixture.what === 'adversarial')
      it(`case ${index}: ${fixture.kind}`, async () => {
        await useBackend(backend);
        const before = tf.memory().numTensors;
        const { generator, discriminator } = adversarialLosses(fixture.kind);
        const real = toTensor(fixture.real);
        const fake = toTensor(fixture.fake);
        const game = tf.valueAndGrads(discriminator)([real, fake]);
        const made = tf.valueAndGrad(generator)(fake);
        expectClose(game.value, fixture.discriminatorLoss, 1e-5, 'discriminator');
        expectClose(made.value, fixture.generatorLoss, 1e-5, 'generator');
        expectClose(game.grads[0]!, fixture.gradDiscriminatorReal, 1e-5, 'real');
        expectClose(game.grads[1]!, fixture.gradDiscriminatorFake, 1e-5, 'fake');
        expectClose(made.grad, fixture.gradGeneratorFake, 1e-5, 'generator gradient');
        tf.dispose([real, fake, game.value, game.grads, made.value, made.grad]);
        expect(tf.memory().numTensors).toBe(before);
      });
  });
});

/** The losses on plain float64 arrays. */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const TWINS: Readonly<
  Record<AdversarialKind, { g: (f: number) => number; r: (r: number) => number; f: (f: number) => number }>
> = {
  bce: { g: (f) => softplus(-f), r: (r) => softplus(-r), f: softplus },
  lsgan: { g: (f) => (f - 1) ** 2, r: (r) => (r - 1) ** 2, f: (f) => f ** 2 },
  wgan: { g: (f) => -f, r: (r) => -r, f: (f) => f },
  hinge: { g: (f) => -f, r: (r) => Math.max(0, 1 - r), f: (f) => Math.max(0, 1 + f) },
};

const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;

describe('losses against float64', () => {
  const logits = fc.array(fc.double({ min: -60, max: 60, noNaN: true }), { minLength: 1, maxLength: 9 });

  it('the adversarial losses, also where logits are large', async () => {
    await useBackend('wasm');
    fc.assert(
      fc.property(logits, logits, fc.constantFrom(...KINDS), (real, fake, kind) => {
        tf.tidy(() => {
          const { generator, discriminator } = adversarialLosses(kind);
          const twin = TWINS[kind];
          const expected = (mean(real.map(twin.r)) + mean(fake.map(twin.f))) / 2;
          expectClose(discriminator(tf.tensor1d(real), tf.tensor1d(fake)), expected, 1e-5, 'discriminator');
          expectClose(generator(tf.tensor1d(fake)), mean(fake.map(twin.g)), 1e-5, 'generator');
        });
      }),
      { seed: 51, numRuns: 100 },
    );
  });
});

describe.each(BACKENDS)('gradients on %s', (backend) => {
  it.each(KINDS)('of %s agree with differences, and a wrong sign or factor does not', async (kind) => {
    await useBackend(backend);
    const { generator, discriminator } = adversarialLosses(kind);
    const real = draws('real', [3, 2, 2, 1]);
    const fake = draws('fake', [3, 2, 2, 1]);
    const game = (...xs: tf.Tensor[]): tf.Scalar => discriminator(xs[0]!, xs[1]!);
    const made = (...xs: tf.Tensor[]): tf.Scalar => generator(xs[0]!);
    expect(directionalError(game, [real, fake], { epsilon: 1e-3 })).toBeLessThan(5e-3);
    expect(directionalError(made, [fake], { epsilon: 1e-2 })).toBeLessThan(5e-3);
    const wrong = (factors: number[]) => ({
      epsilon: 1e-3,
      gradient: (xs: readonly tf.Tensor[]) =>
        tf
          .grads(discriminator as never)([...xs] as never)
          .map((g: tf.Tensor, i: number) => g.mul(factors[i]!)),
    });
    expect(directionalError(game, [real, fake], wrong([1, -1]))).toBeGreaterThan(0.05);
    expect(directionalError(game, [real, fake], wrong([2, 2]))).toBeGreaterThan(0.4);
    tf.dispose([real, fake]);
  });
});

describe('misuse', () => {
  it('of another kind is refused', () => {
    expect(() => adversarialLosses('gan' as never)).toThrow('kind: expected one of bce, lsgan, wgan, hinge');
  });
});
