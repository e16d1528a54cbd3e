import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { valueAndGradients } from '../../src/gradients.ts';
import { adam } from '../../src/optimizers/adam.ts';
import { clipByGlobalNorm } from '../../src/optimizers/clipping.ts';
import type { Optimizer } from '../../src/optimizers/optimizer.ts';
import { sgd } from '../../src/optimizers/sgd.ts';
import { weightDecayPenalty } from '../../src/optimizers/weight-decay.ts';
import { foldKey, randomKey, uniform } from '../../src/random/random.ts';
import { disposeTensors, type TensorTree } from '../../src/tensor-tree.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';
import { expectClose, flatten, readFixture, toTensor, type FixtureTensor } from '../support/fixture.ts';

interface OptimizerCase {
  readonly optimizer: 'SGD' | 'Adam';
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly lr: number | string;
  readonly weightDecayRate: number;
  readonly maxGlobalGradNorm: number | null;
  readonly initial: readonly FixtureTensor[];
  readonly a?: readonly FixtureTensor[];
  readonly t?: readonly FixtureTensor[];
  readonly linear?: readonly (readonly FixtureTensor[])[];
  readonly steps: readonly {
    readonly loss: number;
    readonly decayTerm: number;
    readonly learningRate: number;
    readonly gradients: readonly FixtureTensor[];
    readonly globalNormBeforeClip?: number;
    readonly after: readonly FixtureTensor[];
  }[];
}

const named = (tensors: readonly FixtureTensor[]): tf.NamedTensorMap =>
  Object.fromEntries(tensors.map((tensor, i) => [`w${i}`, toTensor(tensor)]));

beforeAll(() => useBackend('wasm'));

describe('published optimizers', () => {
  const { cases } = readFixture<OptimizerCase>('optimizers');
  cases.forEach((fixture, index) => {
    const { optimizer, lr, weightDecayRate, maxGlobalGradNorm } = fixture;
    it(`case ${index}: ${optimizer} ${lr}, decay ${weightDecayRate}, clipping ${maxGlobalGradNorm}`, () => {
      const rule: Optimizer<TensorTree> = optimizer === 'SGD' ? sgd(fixture) : adam(fixture);
      const before = tf.memory().numTensors;
      let weights = named(fixture.initial);
      let state = rule.init(weights);
      fixture.steps.forEach((expected, step) => {
        const what = `step ${step}`;
        const inputs = [fixture.a, fixture.t, fixture.linear?.[step]].map((list) => list && named(list));
        const pass = valueAndGradients(() => {
          const [a, t, linear] = inputs;
          const parts = Object.entries(weights).map(([name, w]) =>
            linear ? w.mul(linear[name]!).sum() : w.sub(t![name]!).square().mul(a![name]!).mul(0.5).sum(),
          );
          const decay = weightDecayPenalty(weights, weightDecayRate);
          return { loss: tf.addN([...parts, decay]).asScalar(), aux: { decay } };
        }, weights);
        expectClose(pass.loss, expected.loss, 1e-5, `${what} loss`);
        expectClose(pass.aux.decay, expected.decayTerm, 1e-5, `${what} decay`);
        let gradients = pass.gradients;
        if (maxGlobalGradNorm !== null && maxGlobalGradNorm > 0) {
          const clipped = clipByGlobalNorm(gradients, maxGlobalGradNorm);
          tf.dispose(gradients);
          gradients = clipped.gradients;
          expectClose(clipped.norm, expected.globalNormBeforeClip!, 1e-5, `${what} norm`);
          clipped.norm.dispose();
        }
        const rate = tf.scalar(expected.learningRate);
        const after = rule.update(gradients, state, weights, rate);
        expected.after.forEach((tensor, i) => {
          expectClose(gradients[`w${i}`]!, expected.gradients[i]!, 1e-5, `${what} gradient ${i}`);
          expectClose(after.weights[`w${i}`]!, tensor, 1e-5, `${what} weight ${i}`);
        });
        tf.dispose([inputs, pass.loss, pass.aux, gradients, rate, weights]);
        disposeTensors(state);
        ({ weights, state } = after);
      });
      tf.dispose(weights);
      disposeTensors(state);
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});

/** The update rules on plain float64 arrays. */
const twins = {
  sgd:
    (momentum: number, nesterov: boolean) =>
    (gradients: number[][], x: number[], rate: number): number[] => {
      let v = x.map(() => 0);
      return gradients.reduce((weights, g) => {
        v = v.map((past, i) => momentum * past - rate * g[i]!);
        return weights.map((w, i) => w + (nesterov ? momentum * v[i]! - rate * g[i]! : v[i]!));
      }, x);
    },
  adam:
    (beta1: number, beta2: number, epsilon: number) =>
    (gradients: number[][], x: number[], rate: number): number[] => {
      const m = x.map(() => 0);
      const v = x.map(() => 0);
      return gradients.reduce((weights, g, step) => {
        const t = step + 1;
        return weights.map((w, i) => {
          m[i] = beta1 * m[i]! + (1 - beta1) * g[i]!;
          v[i] = beta2 * v[i]! + (1 - beta2) * g[i]! ** 2;
          return (
            w -
            (((rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t)) * m[i]!) / (Math.sqrt(v[i]!) + epsilon)
          );
        });
      }, x);
    },
};

function run(rule: Optimizer<TensorTree>, gradients: number[][], x: number[], rate: number): number[] {
  const learningRate = tf.scalar(rate);
  let weights: tf.NamedTensorMap = { second: tf.tensor1d(x.slice(1)), first: tf.tensor1d(x.slice(0, 1)) };
  let state = rule.init(weights);
  for (const g of gradients) {
    // the other order of keys: nothing may depend on it
    const gradients = { first: tf.tensor1d(g.slice(0, 1)), second: tf.tensor1d(g.slice(1)) };
    const after = rule.update(gradients, state, weights, learningRate);
    tf.dispose(gradients);
    tf.dispose(weights);
    disposeTensors(state);
    ({ weights, state } = after);
  }
  const result = [...weights.first!.dataSync(), ...weights.second!.dataSync()];
  tf.dispose([weights, learningRate]);
  disposeTensors(state);
  return result;
}

describe('update rules against float64', () => {
  const value = fc.double({ min: -2, max: 2, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-3);
  const history = fc.array(fc.array(value, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 6 });
  const start = fc.array(value, { minLength: 4, maxLength: 4 });
  const as = <S extends TensorTree>(rule: Optimizer<S>): Optimizer<TensorTree> => rule;

  it('gradient descent, with and without Nesterov', () => {
    fc.assert(
      fc.property(
        history,
        start,
        fc.boolean(),
        fc.constantFrom(0, 0.5, 0.9),
        (gradients, x, nesterov, momentum) => {
          expectClose(
            run(as(sgd({ momentum, nesterov })), gradients, x, 0.1),
            twins.sgd(momentum, nesterov)(gradients, x, 0.1),
            1e-5,
          );
        },
      ),
      { seed: 31, numRuns: 40 },
    );
  });

  it('Adam', () => {
    fc.assert(
      fc.property(
        history,
        start,
        fc.constantFrom(0, 0.5, 0.9),
        fc.constantFrom(0.9, 0.999),
        (gradients, x, b1, b2) => {
          expectClose(
            run(as(adam({ beta1: b1, beta2: b2 })), gradients, x, 0.01),
            twins.adam(b1, b2, 1e-7)(gradients, x, 0.01),
            1e-5,
          );
        },
      ),
      { seed: 32, numRuns: 40 },
    );
  });

  it('a clipped gradient keeps its direction and has the norm min(‖g‖, maximum)', () => {
    fc.assert(
      fc.property(start, fc.double({ min: 0.1, max: 5, noNaN: true }), (g, maximum) => {
        const length = Math.hypot(...g);
        const clipped = tf.tidy(() => {
          const { gradients, norm } = clipByGlobalNorm(
            { a: tf.tensor1d(g.slice(0, 3)), b: tf.scalar(g[3]!) },
            maximum,
          );
          expectClose(norm, length, 1e-5);
          return [...gradients.a!.dataSync(), ...gradients.b!.dataSync()];
        });
        expectClose(
          clipped,
          g.map((x) => x * (length > maximum ? maximum / length : 1)),
          1e-5,
        );
        if (length < maximum * 0.999) expect(clipped).toEqual(g.map(Math.fround));
      }),
      { seed: 33, numRuns: 60 },
    );
  });
});

describe('names of weights', () => {
  // Names that are also shapes, keys of every object, or nothing.
  const awkward = fc.constantFrom(
    '',
    '0',
    '2',
    '2,2',
    '3',
    '2,3',
    'undefined',
    'toString',
    '__proto__',
    'a/b',
  );
  const shape = fc.constantFrom<number[]>(
    [],
    [2],
    [3],
    [2, 2],
    [1, 2],
    [2, 3],
    [2, 2, 2],
    [1, 2, 3],
    [16_385],
  );
  const named = fc.uniqueArray(fc.tuple(fc.oneof(awkward, fc.string({ maxLength: 4 })), shape), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 8,
  });
  const rules: Record<string, Optimizer<TensorTree>> = {
    adam: adam() as Optimizer<TensorTree>,
    sgd: sgd() as Optimizer<TensorTree>,
  };

  it.each(Object.entries(rules))(
    'do not matter to %s: each moves by the bits that it moves by alone',
    (_, rule) => {
      fc.assert(
        fc.property(named, fc.nat(1000), (entries, seed) =>
          tf.tidy(() => {
            const drawn = (what: string) =>
              entries.map(([, size], i) => {
                const values = uniform(foldKey(randomKey(seed), what, i), tf.util.sizeFromShape(size));
                return tf.tensor(values, size);
              });
            const [weights, gradients] = [drawn('weights'), drawn('gradients')];
            const rate = tf.scalar(0.1);
            const moved = (places: readonly number[]) => {
              const of = (tensors: tf.Tensor[]): tf.NamedTensorMap =>
                Object.fromEntries(places.map((i) => [entries[i]![0], tensors[i]!]));
              const first = of(weights);
              const once = rule.update(of(gradients), rule.init(first), first, rate);
              const { weights: after } = rule.update(of(gradients), once.state, once.weights, rate);
              expect(Object.keys(after)).toEqual(Object.keys(first));
              return places.map((i) => {
                const tensor = after[entries[i]![0]]!;
                return { shape: tensor.shape, values: tensor.dataSync() };
              });
            };
            const places = entries.map((_, i) => i);
            expect(moved(places)).toEqual(places.map((i) => moved([i])[0]));
          }),
        ),
        { seed: 34, numRuns: 60 },
      );
    },
  );

  it('that every object has are missed where they are missing', () => {
    tf.tidy(() => {
      const weights = { constructor: tf.zeros([2]) } as unknown as tf.NamedTensorMap;
      const rule = sgd();
      expect(() => rule.update({}, rule.init(weights), weights, tf.scalar(1))).toThrow(
        "gradients: expected 'constructor' of shape [2], received none",
      );
    });
  });
});

describe('weight decay', () => {
  it.each(['wasm', 'cpu'] as const)(
    'has the gradient of its value on %s, which a wrong factor has not',
    async (name) => {
      await useBackend(name);
      const w = tf.tensor2d([0.3, -0.7, 0.2, 1.1, 0.5, -0.4], [2, 3]);
      const b = tf.tensor1d([0.9, -0.2]);
      const penalty = (...xs: tf.Tensor[]): tf.Scalar => weightDecayPenalty({ w: xs[0]!, b: xs[1]! }, 0.3);
      expect(directionalError(penalty, [w, b])).toBeLessThan(5e-3);
      expect(
        directionalError(penalty, [w, b], { gradient: (xs) => xs.map((x) => x.mul(0.6)) }),
      ).toBeGreaterThan(0.1);
      tf.dispose([w, b]);
      await useBackend('wasm');
    },
  );

  it('is rate · ½ of the sum of squares', () => {
    tf.tidy(() => {
      const w = { a: tf.tensor1d([1, -2]), b: tf.scalar(3) };
      expectClose(weightDecayPenalty(w, 0.1), 0.7, 1e-6);
      expect(flatten([...weightDecayPenalty(w, 0).dataSync()])).toEqual([0]);
    });
  });
});

describe('misuse', () => {
  it('is refused with the argument, the expected and the received shape', () => {
    tf.tidy(() => {
      const weights = { w: tf.zeros([2, 3]) };
      const rule = sgd();
      const state = rule.init(weights);
      const rate = tf.scalar(1);
      expect(() => rule.update({ w: tf.zeros([3]) }, state, weights, rate)).toThrow(
        "gradients: expected 'w' of shape [2, 3], received [3]",
      );
      expect(() => rule.update({}, state, weights, rate)).toThrow(
        "expected 'w' of shape [2, 3], received none",
      );
      expect(() => adam({ beta1: 1 })).toThrow('beta1: expected a number in [0, 1), received 1');
      expect(() => sgd({ momentum: -0.1 })).toThrow('momentum');
      expect(() => adam({ epsilon: 0 })).toThrow('epsilon');
      expect(() => clipByGlobalNorm(weights, -1)).toThrow('maximum: expected a positive number, received -1');
      expect(() => weightDecayPenalty(weights, -1)).toThrow('rate');
    });
  });
});
