import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { adam } from '../../src/optimizers/adam.ts';
import type { Optimizer } from '../../src/optimizers/optimizer.ts';
import type { TensorTree } from '../../src/tensor-tree.ts';
import { useBackend } from '../support/backend.ts';
import { expectClose } from '../support/fixture.ts';
import { run, twins } from './plain-rules.ts';

beforeAll(() => useBackend('wasm'));

describe('update rules against float64', () => {
  const value = fc.double({ min: -2, max: 2, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-3);

  const history = fc.array(fc.array(value, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 6 });

  const start = fc.array(value, { minLength: 4, maxLength: 4 });

  const as = <S extends TensorTree>(rule: Optimizer<S>): Optimizer<TensorTree> => rule;

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
});

describe('misuse', () => {
  it('of Adam is refused by its factor', () => {
    expect(() => adam({ beta1: 1 })).toThrow('beta1: expected a number in [0, 1), received 1');
    expect(() => adam({ epsilon: 0 })).toThrow('epsilon');
  });
});
