import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { valueAndGradients } from '../../src/gradients.ts';
import { adam } from '../../src/optimizers/adam.ts';
import { clipByGlobalNorm } from '../../src/optimizers/clipping.ts';
import type { Optimizer } from '../../src/optimizers/optimizer.ts';
import { sgd } from '../../src/optimizers/sgd.ts';
import { weightDecayPenalty } from '../../src/optimizers/weight-decay.ts';
import { disposeTensors, type TensorTree } from '../../src/tensor-tree.ts';
import { useBackend } from '../support/backend.ts';
import { expectClose, readFixture, toTensor, type FixtureTensor } from '../support/fixture.ts';

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
