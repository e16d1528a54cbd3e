import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Optimizer } from '../../src/optimizers/optimizer.ts';
import { sgd } from '../../src/optimizers/sgd.ts';
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
});

describe('misuse', () => {
  it('of gradient descent is refused by its factor', () => {
    expect(() => sgd({ momentum: -0.1 })).toThrow('momentum');
  });
});
