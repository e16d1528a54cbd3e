import * as tf from '@tensorflow/tfjs';
import type { Optimizer } from '../../src/optimizers/optimizer.ts';
import { disposeTensors, type TensorTree } from '../../src/tensor-tree.ts';

/** The update rules on plain float64 arrays. */
export const twins = {
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

export function run(rule: Optimizer<TensorTree>, gradients: number[][], x: number[], rate: number): number[] {
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
