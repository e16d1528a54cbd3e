import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { gradientPenalty, penaltyDraws } from '../../src/gan/gradient-penalty.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { withoutGradient } from '../../src/stop-gradient.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';
import { expectClose, readFixture, toTensor, type FixtureTensor } from '../support/fixture.ts';
import { leaky, normalized } from './small-networks.ts';

interface PenaltyCase {
  readonly what: string;
  readonly mode: 'wgan-gp' | 'dragan' | 'none';
  readonly scale: number;
  readonly network: keyof typeof NETWORKS;
  readonly weights: readonly FixtureTensor[];
  readonly real: FixtureTensor;
  readonly fake: FixtureTensor;
  readonly alpha: FixtureTensor;
  readonly beta?: FixtureTensor;
  readonly penalty: number;
  readonly gradWeights: readonly FixtureTensor[];
}

type Body = (x: tf.Tensor, w: readonly tf.Tensor[]) => tf.Tensor;

const down = (x: tf.Tensor, kernel: tf.Tensor): tf.Tensor =>
  tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, 2, 'same');
const stopped = (mean: tf.Tensor): tf.Tensor => withoutGradient((m) => m.clone(), mean);
const patches = (x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor): tf.Tensor =>
  tf.conv2d(x as tf.Tensor4D, kernel as tf.Tensor4D, 1, 'valid').add(bias);

/**
 * The discriminators that the fixture describes in words. The reference's instance normalisation lets no gradient
 * through the mean inside its variance. That changes no first-order gradient, but the second-order one of the kernel
 * before it, which is then not the derivative of the penalty (by finite differences 0.591 where it has 0.526); it
 * must be done likewise to agree with its numbers.
 */
const NETWORKS = {
  dense: (x, w) =>
    tf
      .matMul(
        tf
          .matMul(x.reshape([x.shape[0]!, -1]), w[0] as tf.Tensor2D)
          .add(w[1]!)
          .tanh(),
        w[2] as tf.Tensor2D,
      )
      .add(w[3]!),
  'conv-leaky': (x, w) => patches(leaky(down(x, w[0]!)), w[1]!, w[2]!),
  'conv-instancenorm': (x, w) =>
    patches(leaky(normalized(down(x, w[0]!), [1, 2], 1e-5, w[1]!, w[2]!, stopped).y), w[3]!, w[4]!),
  'conv-batchnorm': (x, w) =>
    patches(leaky(normalized(down(x, w[0]!), [0, 1, 2], 1e-3, w[1]!, w[2]!).y), w[3]!, w[4]!),
} satisfies Record<string, Body>;

const cases = readFixture<PenaltyCase>('gan-losses').cases.filter(
  ({ what, mode }) => what === 'gradient-penalty' && mode !== 'none',
);

describe.each(['wasm', 'cpu'] as const)('gradient penalty on %s', (backend) => {
  it.each(cases.map((fixture) => [`${fixture.mode}, ${fixture.network}`, fixture] as const))(
    '%s: published value and second-order gradients',
    async (_, fixture) => {
      await useBackend(backend);
      const before = tf.memory().numTensors;
      const weights = fixture.weights.map((tensor) => toTensor(tensor));
      const real = toTensor<tf.Rank.R4>(fixture.real);
      const fake = toTensor<tf.Rank.R4>(fixture.fake);
      const alpha = toTensor(fixture.alpha);
      const beta = fixture.beta && toTensor(fixture.beta);
      const { mode: kind, scale } = fixture as PenaltyCase & { mode: 'wgan-gp' | 'dragan' };
      const { value, grads } = tf.valueAndGrads((...w: tf.Tensor[]) => {
        const body = (x: tf.Tensor4D): tf.Tensor => NETWORKS[fixture.network](x, w);
        const penalty = gradientPenalty(body, real, fake, {
          kind,
          scale,
          draws: { alpha, ...(beta && { beta }) },
        });
        // the last bias moves nothing; a zero of it lets the framework give its gradient, 0
        return penalty.add(w.at(-1)!.sum().mul(0)) as tf.Scalar;
      })(weights);
      expectClose(value, fixture.penalty, 1e-5, 'penalty');
      grads.forEach((gradient, i) => expectClose(gradient, fixture.gradWeights[i]!, 1e-5, `weight ${i}`));
      tf.dispose([weights, real, fake, alpha, ...(beta ? [beta] : []), value, grads]);
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it('second-order gradients agree with differences, and a wrong sign or factor does not', async () => {
    await useBackend(backend);
    const draw = (name: string, shape: number[], spread: number): tf.Tensor =>
      tf.tensor(normal(foldKey(randomKey(2), name), tf.util.sizeFromShape(shape), 0, spread), shape);
    const real = draw('real', [3, 6, 6, 1], 0.5) as tf.Tensor4D;
    const fake = draw('fake', [3, 6, 6, 1], 0.5) as tf.Tensor4D;
    const weights = [
      draw('w', [4, 4, 1, 3], 0.4),
      draw('g', [3], 1),
      draw('b', [3], 1),
      draw('v', [2, 2, 3, 1], 1),
    ];
    const bias = tf.tensor1d([0.1]);
    for (const kind of ['wgan-gp', 'dragan'] as const) {
      const penalty = (...w: tf.Tensor[]): tf.Scalar =>
        gradientPenalty((x) => NETWORKS['conv-batchnorm'](x, [...w, bias]), real, fake, {
          kind,
          draws: { seed: 3 },
        });
      const scaled = (factors: number[]) => ({
        epsilon: 1e-3,
        gradient: (xs: readonly tf.Tensor[]) =>
          tf
            .grads(penalty)([...xs])
            .map((g, i) => g.mul(factors[i]!)),
      });
      expect(directionalError(penalty, weights, scaled([1, 1, 1, 1]))).toBeLessThan(5e-3);
      expect(directionalError(penalty, weights, scaled([2, 2, 2, 2]))).toBeGreaterThan(0.4);
      expect(directionalError(penalty, weights, scaled([1, -1, 1, 1]))).toBeGreaterThan(0.01);
      expect(directionalError(penalty, weights, scaled([1, 1, 1, 0.5]))).toBeGreaterThan(0.02);
    }
    tf.dispose([real, fake, weights, bias]);
  });
});

describe('gradient penalty', () => {
  it('of a linear critic is λ(‖w‖ − 1)², with gradient 2λ(‖w‖ − 1)w/‖w‖, in float64', async () => {
    await useBackend('cpu');
    tf.tidy(() => {
      const w = [0.6, -1.1, 0.3, 2.2];
      const length = Math.hypot(...w);
      const real = tf.zeros<tf.Rank.R4>([2, 2, 2, 1]);
      const { value, grads } = tf.valueAndGrads((weights: tf.Tensor) =>
        gradientPenalty(
          (x) => tf.matMul(x.reshape([2, 4]), weights.reshape([4, 1])),
          real,
          tf.ones([2, 2, 2, 1]),
          { kind: 'wgan-gp', scale: 3, draws: { seed: 0 } },
        ),
      )([tf.tensor1d(w)]);
      expectClose(value, 3 * (length - 1) ** 2, 1e-5);
      expectClose(
        grads[0]!,
        w.map((x) => (6 * (length - 1) * x) / length),
        1e-5,
      );
    });
  });

  it.each(['wasm', 'cpu'] as const)(
    'of R1 is half the squared slope at the real images, on %s',
    async (backend) => {
      await useBackend(backend);
      tf.tidy(() => {
        // Outputs w·x² at four pixels: their mean has the slope w·x/2, and the real images are 1 and 3 throughout.
        const real = tf.tensor4d([1, 1, 1, 1, 3, 3, 3, 3], [2, 2, 2, 1]);
        const penalty = (w: tf.Tensor, times?: tf.Scalar): tf.Scalar =>
          gradientPenalty((x) => x.square().mul(w), real, tf.zeros([2, 2, 2, 1]), {
            kind: 'r1',
            scale: 0.3,
            draws: { ...(times && { times }) },
          });
        const { value, grad } = tf.valueAndGrad((w: tf.Tensor) => penalty(w))(tf.scalar(2));
        // λ/2 · mean(4 · (w/2)², 4 · (3w/2)²) = λ/2 · 5w² and its derivative 5λw.
        expectClose(value, 0.15 * 5 * 4, 1e-5);
        expectClose(grad, 5 * 0.3 * 2, 1e-5);
        expectClose(penalty(tf.scalar(2), tf.scalar(8)), 8 * 0.15 * 5 * 4, 1e-4);
      });
    },
  );

  it('of R1 has the second-order gradients of its finite differences', async () => {
    await useBackend('wasm');
    const draw = (name: string, shape: number[]): tf.Tensor =>
      tf.tensor(normal(foldKey(randomKey(5), name), tf.util.sizeFromShape(shape)), shape);
    const real = draw('real', [2, 8, 8, 1]) as tf.Tensor4D;
    const weights = [draw('first', [4, 4, 1, 3]), draw('second', [3, 3, 3, 1]), draw('bias', [1])];
    // Squares are smooth, so that differences do not cross the kinks of a rectifier.
    const penalty = (...[first, second, bias]: tf.Tensor[]): tf.Scalar =>
      gradientPenalty((x) => patches(down(x, first!).square(), second!, bias!), real, real, {
        kind: 'r1',
        scale: 0.1,
        draws: {},
      });
    const kernels = weights.slice(0, 2);
    expect(directionalError((...k) => penalty(...k, weights[2]!), kernels, { epsilon: 1e-3 })).toBeLessThan(
      5e-3,
    );
    tf.dispose([real, ...weights]);
  });

  it('stays finite where the critic is flat', async () => {
    await useBackend('wasm');
    tf.tidy(() => {
      const images = tf.ones<tf.Rank.R4>([2, 2, 2, 1]);
      const { value, grads } = tf.valueAndGrads((w: tf.Tensor) =>
        gradientPenalty((x) => x.mul(w), images, images, { kind: 'dragan', draws: { seed: 0 } }),
      )([tf.scalar(0)]);
      expectClose(value, 10, 1e-4);
      expect(Number.isFinite(grads[0]!.dataSync()[0])).toBe(true);
    });
  });

  it('draws points on the lines, or around the real images within ½σ', async () => {
    await useBackend('cpu');
    tf.tidy(() => {
      const seen: number[] = [];
      const real = tf.tensor4d([0, 2, 0, 2], [4, 1, 1, 1]);
      const watch = (x: tf.Tensor4D): tf.Tensor => (seen.push(...x.dataSync()), x.square());
      gradientPenalty(watch, real, tf.fill([4, 1, 1, 1], 1), { kind: 'wgan-gp', draws: { seed: 9 } });
      const alpha = penaltyDraws(
        foldKey(randomKey(9), 'gradient penalty'),
        [4, 1, 1, 1],
        'wgan-gp',
      ).alpha!.dataSync();
      expectClose(
        seen,
        Array.from(alpha, (a, i) => (i % 2 ? 2 - a : a)),
        1e-6,
      );
      seen.length = 0;
      gradientPenalty(watch, real, real, { kind: 'dragan', draws: { seed: 9 } });
      seen.forEach((x, i) => {
        expect(x - (i % 2) * 2).toBeGreaterThanOrEqual(0);
        expect(x - (i % 2) * 2).toBeLessThan(0.5);
      });
    });
  });

  it('refuses draws and images that do not fit', async () => {
    await useBackend('cpu');
    tf.tidy(() => {
      const real = tf.zeros<tf.Rank.R4>([2, 3, 3, 1]);
      const d = (x: tf.Tensor4D): tf.Tensor => x;
      const alpha = tf.zeros([2, 1, 1, 1]);
      expect(() =>
        gradientPenalty(d, real, real, { kind: 'wgan-gp', draws: { alpha: tf.zeros([2]) } }),
      ).toThrow('draws.alpha: expected shape [2, 1, 1, 1], received [2]');
      expect(() =>
        gradientPenalty(d, real, tf.zeros([1, 3, 3, 1]), { kind: 'wgan-gp', draws: { alpha } }),
      ).toThrow('fake: expected shape [2, 3, 3, 1], received [1, 3, 3, 1]');
      expect(() =>
        gradientPenalty(d, real, tf.zeros([1, 3, 3, 1]), { kind: 'dragan', draws: { seed: 1 } }),
      ).toThrow('fake: expected shape [2, 3, 3, 1], received [1, 3, 3, 1]');
      const flat = tf.zeros([2, 9]) as tf.Tensor as tf.Tensor4D;
      expect(() => gradientPenalty(d, flat, flat, { kind: 'wgan-gp', draws: { seed: 1 } })).toThrow(
        'real: expected shape [batch, height, width, channels], received [2, 9]',
      );
      expect(() => gradientPenalty(d, real, real, { kind: 'none' as never, draws: { seed: 1 } })).toThrow(
        'kind: expected wgan-gp, dragan or r1, received none',
      );
      expect(() => gradientPenalty(d, real, real, { kind: 'dragan', draws: { alpha } })).toThrow(
        'draws.beta: expected shape [2, 3, 3, 1], received none',
      );
      expect(() =>
        gradientPenalty((x) => x.sum(), real, real, { kind: 'wgan-gp', draws: { alpha } }),
      ).toThrow('discriminator: expected outputs of shape [2, …], received []');
    });
  });
});
