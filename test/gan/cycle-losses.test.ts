import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cycleLoss, identityLoss } from '../../src/gan/cycle-losses.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';
import { expectClose, readFixture, toTensor, type FixtureTensor } from '../support/fixture.ts';

interface LossCase {
  readonly what: string;
  readonly scale: number;
  readonly real: FixtureTensor;
  readonly other: FixtureTensor;
  readonly cycleLoss: number;
  readonly identityLoss: number;
  readonly gradCycleOther: FixtureTensor;
  readonly gradIdentityOther: FixtureTensor;
}

const fixtures = readFixture<LossCase>('gan-losses').cases;

const BACKENDS = ['wasm', 'cpu'] as const;

const draws = (name: string, shape: number[], spread = 1): tf.Tensor =>
  tf.tensor(normal(foldKey(randomKey(11), name), tf.util.sizeFromShape(shape), 0, spread), shape);

describe.each(BACKENDS)('published losses on %s', (backend) => {
  fixtures.forEach((fixture, index) => {
    if (fixture.what === 'cycle-identity')
      it(`case ${index}: cycle and identity × ${fixture.scale}`, async () => {
        await useBackend(backend);
        const before = tf.memory().numTensors;
        const real = toTensor(fixture.real);
        const other = toTensor(fixture.other);
        const { scale } = fixture;
        const cycle = tf.valueAndGrad((x) => cycleLoss(real, x).mul(scale))(other);
        const identity = tf.valueAndGrad((x) => identityLoss(real, x).mul(scale / 2))(other);
        expectClose(cycle.value, fixture.cycleLoss, 1e-5, 'cycle');
        expectClose(identity.value, fixture.identityLoss, 1e-5, 'identity');
        expectClose(cycle.grad, fixture.gradCycleOther, 1e-5, 'cycle gradient');
        expectClose(identity.grad, fixture.gradIdentityOther, 1e-5, 'identity gradient');
        tf.dispose([real, other, cycle.value, cycle.grad, identity.value, identity.grad]);
        expect(tf.memory().numTensors).toBe(before);
      });
  });
});

const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;

describe('losses against float64', () => {
  it('cycle and identity loss; symmetric, and 0 only between equals', async () => {
    await useBackend('wasm');
    const pixels = fc.array(fc.tuple(...[0, 1].map(() => fc.double({ min: -1, max: 1, noNaN: true }))), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(pixels, (pairs) => {
        tf.tidy(() => {
          const a = tf.tensor1d(pairs.map(([x]) => x!));
          const b = tf.tensor1d(pairs.map(([, y]) => y!));
          const expected = mean(pairs.map(([x, y]) => Math.abs(x! - y!)));
          for (const loss of [cycleLoss(a, b), cycleLoss(b, a), identityLoss(a, b)])
            expectClose(loss, expected, 1e-6);
          expectClose(cycleLoss(a, a), 0, 0);
        });
      }),
      { seed: 52, numRuns: 60 },
    );
  });
});

describe.each(BACKENDS)('gradients on %s', (backend) => {
  it('of the cycle loss agree with differences, and are 0 where nothing differs', async () => {
    await useBackend(backend);
    const real = draws('real', [2, 3, 3, 1]);
    const other = draws('other', [2, 3, 3, 1]);
    const loss = (...xs: tf.Tensor[]): tf.Scalar => cycleLoss(xs[0]!, xs[1]!);
    expect(directionalError(loss, [real, other], { epsilon: 1e-3 })).toBeLessThan(5e-3);
    const halved = (xs: readonly tf.Tensor[]): tf.Tensor[] =>
      tf
        .grads((a, b) => cycleLoss(a, b))([...xs])
        .map((g) => g.mul(0.5));
    expect(directionalError(loss, [real, other], { epsilon: 1e-3, gradient: halved })).toBeGreaterThan(0.4);
    tf.tidy(() => expectClose(tf.grad((x) => cycleLoss(real, x))(real.clone()), new Float32Array(18), 0));
    tf.dispose([real, other]);
  });
});

describe('misuse', () => {
  it('of other shapes is refused', async () => {
    await useBackend('cpu');
    tf.tidy(() => {
      expect(() => cycleLoss(tf.zeros([2]), tf.zeros([2, 1]))).toThrow(
        'cycled: expected shape [2] as of real, received [2, 1]',
      );
      expect(() => identityLoss(tf.zeros([2]), tf.zeros([1]))).toThrow('same: expected shape [2]');
    });
  });
});
