import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { adam } from '../../src/optimizers/adam.ts';
import type { Optimizer } from '../../src/optimizers/optimizer.ts';
import { sgd } from '../../src/optimizers/sgd.ts';
import { foldKey, randomKey, uniform } from '../../src/random/random.ts';
import type { TensorTree } from '../../src/tensor-tree.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('wasm'));

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
});
